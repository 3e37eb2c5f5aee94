using System.Text.Json.Serialization;
using Billing.Functions.Hosting.Access;
using Billing.UseCases.Access;
using Billing.UseCases.Contracts;
using Billing.UseCases.Invoicing;
using NodaTime;

namespace Billing.Functions.Api.Invoicing;

/// <summary>What an operator sets and looks after: the grace period, and accounts whose invoices were stopped.</summary>
public static class OperationsApi
{
    public static void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/v1/settings", GetAsync).Needs(Scope.Read).WithName("getSettings").WithTags("Operations");
        app.MapPost("/v1/settings", SetAsync).Needs(Scope.Admin).WithName("setSettings").WithTags("Operations");
        app.MapGet("/v1/operations/parked-accounts", ParkedAsync).Needs(Scope.Read).WithName("listParkedAccounts").WithTags("Operations");
        app.MapPost("/v1/operations/parked-accounts/release", ReleaseAsync).Needs(Scope.Admin).WithName("releaseParkedAccount").WithTags("Operations");
    }

    /// <summary>What holds for the whole installation.</summary>
    internal static async Task<Answer<Data<ShownSettings>>> GetAsync(SettingsStore settings, CancellationToken stop) =>
        Answers.Of<ShownSettings>(new ShownSettings((await settings.GetAsync(stop)).GracePeriodHours));

    /// <summary>Sets the time between the end of a period and its final invoice. It holds for periods that come due from here on.</summary>
    internal static async Task<Answer<Data<ShownSettings>>> SetAsync(ShownSettings body, SettingsStore settings, CancellationToken stop) =>
        Answers.Of(await settings.SetAsync(new BillingSettings(body.GracePeriodHours), stop), s => new ShownSettings(s.GracePeriodHours));

    /// <summary>Accounts that could not be billed, each with the reason; the others go on.</summary>
    internal static async Task<Answer<Listing<ShownParked>>> ParkedAsync([AsParameters] PageQuery page, ParkedAccounts parked, CancellationToken stop)
    {
        if (!page.Check().Is(out var wanted, out var refusal)) return Answers.List<ShownParked>(refusal);
        var found = await parked.ListAsync(wanted.From, wanted.Limit, stop);
        return Answers.List<ShownParked>(new Listing<ShownParked>(
            [.. found.Items.Select(p => new ShownParked(p.CustomerId, p.Reason, p.At))], PageCursor.Encode(found.Next)));
    }

    /// <summary>Lets an account's invoices go on; they are tried again at once. Safe to repeat.</summary>
    internal static async Task<Answer<Data<Released>>> ReleaseAsync(Release body, ParkedAccounts parked, CancellationToken stop) =>
        Answers.Of(await parked.ReleaseAsync(body.CustomerId, stop), was => new Released(body.CustomerId, was));

    /// <summary>The settings.</summary>
    /// <param name="GracePeriodHours">0 to 744.</param>
    [JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
    internal sealed record ShownSettings(int GracePeriodHours);

    /// <summary>Which account to release.</summary>
    [JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
    internal sealed record Release(string CustomerId);

    /// <param name="WasParked">False when there was nothing to release.</param>
    internal sealed record Released(string CustomerId, bool WasParked);

    /// <summary>A parked account.</summary>
    internal sealed record ShownParked(string CustomerId, string Reason, Instant ParkedAt);
}
