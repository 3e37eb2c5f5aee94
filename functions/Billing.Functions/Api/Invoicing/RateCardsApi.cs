using System.Globalization;
using System.Text.Json;
using Billing.Domain.Pricing;
using Billing.Domain.Values;
using Billing.Functions.Hosting.Access;
using Billing.UseCases.Access;
using Billing.UseCases.Pricing;
using NodaTime;

namespace Billing.Functions.Api.Invoicing;

/// <summary>Rate cards and the units of money.</summary>
public static class RateCardsApi
{
    private const string CreditTypes = "credit-types";

    public static void Map(IEndpointRouteBuilder app)
    {
        var cards = app.MapGroup("/v1/contract-pricing/rate-cards").WithTags("Rate cards");
        cards.MapPost("/create", CreateAsync).Needs(Scope.Write).WithName("createRateCard");
        cards.MapPost("/get", GetAsync).Needs(Scope.Read).WithName("getRateCard");
        cards.MapPost("/update", UpdateAsync).Needs(Scope.Write).WithName("updateRateCard");
        cards.MapPost("/list", ListAsync).Needs(Scope.Read).WithName("listRateCards");
        cards.MapPost("/archive", ArchiveAsync).Needs(Scope.Write).WithName("archiveRateCard");
        app.MapGet("/v1/credit-types/list", ListCreditTypes).Needs(Scope.Read).WithTags("Rate cards").WithName("listCreditTypes");
    }

    /// <summary>Creates a rate card. Its aliases move to it from the cards that had them.</summary>
    internal static async Task<Answer<Data<ShownId>>> CreateAsync(CreateRateCard body, RateCards cards, Caller caller, CancellationToken stop)
    {
        if (Asks(body.CreditTypeConversions)) return Answers.Of<ShownId>(NoConversions);
        var wanted = new NewRateCard(body.Name, body.Description, body.Aliases ?? [], body.FiatCreditTypeId, body.CustomFields ?? new Dictionary<string, string>());
        return Answers.Of(await cards.CreateAsync(wanted, caller.Ids, stop), c => new ShownId(c.Id));
    }

    /// <summary>Reads a rate card, without its rates.</summary>
    internal static async Task<Answer<Data<ShownRateCard>>> GetAsync(ShownId body, RateCards cards, CancellationToken stop) =>
        Answers.Of(await cards.GetAsync(body.Id, stop), Show);

    /// <summary>Changes name, description or aliases.</summary>
    internal static async Task<Answer<Data<ShownId>>> UpdateAsync(UpdateRateCard body, RateCards cards, CancellationToken stop) =>
        Asks(body.AddCreditTypeConversions)
            ? Answers.Of<ShownId>(NoConversions)
            : Answers.Of(await cards.UpdateAsync(body.RateCardId, new RateCardChange(body.Name, body.Description, body.Aliases), stop), c => new ShownId(c.Id));

    /// <summary>Lists rate cards that are not archived.</summary>
    internal static async Task<Answer<Listing<ShownRateCard>>> ListAsync([AsParameters] PageQuery page, RateCards cards, CancellationToken stop)
    {
        if (!page.Check().Is(out var wanted, out var refusal)) return Answers.List<ShownRateCard>(refusal);
        var list = await cards.ListAsync(ArchiveFilter.NotArchived, wanted.From, wanted.Limit, stop);
        return Answers.List<ShownRateCard>(new Listing<ShownRateCard>([.. list.Items.Select(Show)], PageCursor.Encode(list.Next)));
    }

    /// <summary>Archives a rate card: contracts that have it keep it.</summary>
    internal static async Task<Answer<Data<ShownId>>> ArchiveAsync(ShownId body, RateCards cards, CancellationToken stop) =>
        Answers.Of(await cards.ArchiveAsync(body.Id, stop), c => new ShownId(c.Id));

    /// <summary>Lists the units of money.</summary>
    internal static Answer<Listing<CreditTypeRow>> ListCreditTypes([AsParameters] PageQuery page)
    {
        if (!page.Check(list: CreditTypes).Is(out var wanted, out var refusal)) return Answers.List<CreditTypeRow>(refusal);
        var skip = wanted.From is { } passed ? int.Parse(passed, CultureInfo.InvariantCulture) : 0;
        var rows = Currencies.All.Skip(skip).Take(wanted.Limit).Select(c => new CreditTypeRow(c.Id, c.Name, true)).ToList();
        var next = skip + wanted.Limit < Currencies.All.Count ? FormattableString.Invariant($"{skip + wanted.Limit}") : null;
        return Answers.List<CreditTypeRow>(new Listing<CreditTypeRow>(rows, PageCursor.Encode(next, CreditTypes)));
    }

    private static readonly Refusal NoConversions = new(
        "custom_units_not_offered", "Rates in custom pricing units, and so their conversions, are not offered.", "/credit_type_conversions", RefusalKind.NotOffered);

    private static bool Asks(JsonElement? list) => list is { ValueKind: JsonValueKind.Array } asked && asked.GetArrayLength() > 0;

    private static ShownRateCard Show(RateCard c) => new(
        c.Id, c.Name, c.Description, c.Aliases, ShownCreditType.Of(c.FiatCreditTypeId), c.CreatedAt, c.ArchivedAt, c.CustomFields);

    /// <summary>What a new rate card shall be.</summary>
    internal sealed record CreateRateCard(
        string Name,
        string? Description = null,
        IReadOnlyList<RateCardAlias>? Aliases = null,
        string? FiatCreditTypeId = null,
        JsonElement? CreditTypeConversions = null,
        IReadOnlyDictionary<string, string>? CustomFields = null);

    /// <summary>What changes; an absent member stays.</summary>
    internal sealed record UpdateRateCard(
        string RateCardId, string? Name = null, string? Description = null, IReadOnlyList<RateCardAlias>? Aliases = null, JsonElement? AddCreditTypeConversions = null);

    /// <summary>A rate card.</summary>
    internal sealed record ShownRateCard(
        string Id,
        string Name,
        string? Description,
        IReadOnlyList<RateCardAlias> Aliases,
        ShownCreditType FiatCreditType,
        Instant CreatedAt,
        Instant? ArchivedAt,
        IReadOnlyDictionary<string, string> CustomFields);

    /// <summary>A unit of money in the list.</summary>
    internal sealed record CreditTypeRow(string Id, string Name, bool IsCurrency);
}
