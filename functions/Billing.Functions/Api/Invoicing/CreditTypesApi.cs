using System.Globalization;
using System.Text.Json.Serialization;
using Billing.Domain.Values;
using Billing.Functions.Hosting.Access;
using Billing.UseCases.Access;
using Billing.UseCases.Pricing;

namespace Billing.Functions.Api.Invoicing;

/// <summary>Units of amounts: currencies, and pricing units of one's own.</summary>
public static class CreditTypesApi
{
    private const string CursorName = "credit-types";
    private const string Units = "units ";

    public static void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/v1/credit-types/list", ListAsync).Needs(Scope.Read).WithTags("Rate cards").WithName("listCreditTypes");
        app.MapPost("/v1/credit-types/create", CreateAsync).Needs(Scope.Write).WithTags("Rate cards").WithName("createCreditType");
    }

    /// <summary>Makes a pricing unit, such as "AI credits". What one costs stands on each rate card.</summary>
    internal static async Task<Answer<Data<ShownId>>> CreateAsync(NewCreditType body, PricingUnits units, Caller caller, CancellationToken stop) =>
        Answers.Of(await units.CreateAsync(body.Name, caller.Ids, stop), u => new ShownId(u.Id));

    /// <summary>Lists the currencies, then the pricing units.</summary>
    internal static async Task<Answer<Listing<CreditTypeRow>>> ListAsync([AsParameters] PageQuery page, PricingUnits units, CancellationToken stop)
    {
        if (!page.Check(list: CursorName).Is(out var wanted, out var refusal)) return Answers.List<CreditTypeRow>(refusal);
        var rows = new List<CreditTypeRow>();
        var ofUnits = wanted.From?.StartsWith(Units, StringComparison.Ordinal) == true;
        if (!ofUnits)
        {
            var skip = wanted.From is { } passed ? int.Parse(passed, CultureInfo.InvariantCulture) : 0;
            rows.AddRange(Currencies.All.Skip(skip).Take(wanted.Limit).Select(c => new CreditTypeRow(c.Id, c.Name, true)));
            if (skip + wanted.Limit < Currencies.All.Count)
                return Answers.List<CreditTypeRow>(new Listing<CreditTypeRow>(rows, PageCursor.Encode(FormattableString.Invariant($"{skip + wanted.Limit}"), CursorName)));
        }
        var after = ofUnits && wanted.From!.Length > Units.Length ? wanted.From[Units.Length..] : null;
        // A page that is full of currencies is followed by one that begins with the units.
        if (rows.Count == wanted.Limit) return Answers.List<CreditTypeRow>(new Listing<CreditTypeRow>(rows, PageCursor.Encode(Units, CursorName)));
        var found = await units.ListAsync(after, wanted.Limit - rows.Count, stop);
        rows.AddRange(found.Items.Select(u => new CreditTypeRow(u.Id, u.Name, false)));
        return Answers.List<CreditTypeRow>(new Listing<CreditTypeRow>(rows, found.Next is null ? null : PageCursor.Encode(Units + found.Next, CursorName)));
    }

    /// <summary>A pricing unit to make.</summary>
    /// <param name="Name">1 to 128 characters; not that of a currency.</param>
    [JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
    internal sealed record NewCreditType(string Name);

    /// <summary>A unit in the list.</summary>
    internal sealed record CreditTypeRow(string Id, string Name, bool IsCurrency);
}
