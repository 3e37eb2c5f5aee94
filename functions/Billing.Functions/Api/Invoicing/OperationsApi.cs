using System.Text.Json.Serialization;
using Billing.Domain.Contracts;
using Billing.Domain.Values;
using Billing.Functions.Hosting.Access;
using Billing.UseCases.Access;
using Billing.UseCases.Contracts;
using Billing.UseCases.Invoicing;
using Billing.UseCases.Pricing;
using NodaTime;

namespace Billing.Functions.Api.Invoicing;

/// <summary>What an operator sets and looks after: the grace period, and accounts whose invoices were stopped.</summary>
public static class OperationsApi
{
    public static void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/v1/settings", GetAsync).Needs(Scope.Read).WithName("getSettings").WithTags("Operations");
        app.MapPost("/v1/settings", SetAsync).Needs(Scope.Admin).WithName("setSettings").WithTags("Operations");
        app.MapPost("/v1/operations/invoices/dry-run", DryRunAsync).Needs(Scope.Read).WithName("dryRunInvoices").WithTags("Operations");
        app.MapGet("/v1/operations/late-usage", LateUsageAsync).Needs(Scope.Read).WithName("listLateUsage").WithTags("Operations");
        app.MapGet("/v1/operations/parked-accounts", ParkedAsync).Needs(Scope.Read).WithName("listParkedAccounts").WithTags("Operations");
        app.MapPost("/v1/operations/parked-accounts/release", ReleaseAsync).Needs(Scope.Admin).WithName("releaseParkedAccount").WithTags("Operations");
    }

    /// <summary>What holds for the whole installation.</summary>
    internal static async Task<Answer<Data<ShownSettings>>> GetAsync(SettingsStore settings, CancellationToken stop) =>
        Answers.Of<ShownSettings>(ShownSettings.Of(await settings.GetAsync(stop)));

    /// <summary>Sets the time between the end of a period and its final invoice, which holds for periods that come due from here on, and what becomes of late usage where a contract does not say.</summary>
    internal static async Task<Answer<Data<ShownSettings>>> SetAsync(ShownSettings body, SettingsStore settings, CancellationToken stop)
    {
        var now = await settings.GetAsync(stop);
        return Answers.Of(await settings.SetAsync(new BillingSettings(body.GracePeriodHours, body.LateUsagePolicy ?? now.LateUsagePolicy, body.Letterhead?.Party() ?? now.Seller), stop), ShownSettings.Of);
    }

    /// <summary>What a run of invoices would issue by an instant, of one customer or of the first hundred accounts that are due. Nothing is stored.</summary>
    internal static async Task<Answer<Data<IReadOnlyList<ShownDryRun>>>> DryRunAsync(DryRun body, DryRunInvoices dryRun, PricingUnits units, CancellationToken stop)
    {
        if (!(await dryRun.RunAsync(body.CustomerId, body.At, stop)).Is(out var accounts, out var refusal)) return Answers.Of<IReadOnlyList<ShownDryRun>>(refusal);
        var unitNames = await units.NamesAsync(ShownInvoice.Units(accounts.SelectMany(a => a.Invoices)), stop);
        return Answers.Of(new Outcome<IReadOnlyList<ShownDryRun>>([.. accounts.Select(a =>
            new ShownDryRun(a.CustomerId, a.Reason, [.. a.Invoices.Select(i => ShownInvoice.Of(i, skipZero: false, unitNames))]))]));
    }

    /// <summary>Late usage of contracts whose policy is to report it.</summary>
    internal static async Task<Answer<Listing<ShownLateUsage>>> LateUsageAsync([AsParameters] PageQuery page, LateUsage late, PricingUnits units, CancellationToken stop)
    {
        if (!page.Check().Is(out var wanted, out var refusal)) return Answers.List<ShownLateUsage>(refusal);
        var found = await late.ReportedAsync(wanted.From, wanted.Limit, stop);
        var unitNames = await units.NamesAsync(found.Items.SelectMany(r => r.Lines).Select(l => l.CreditTypeId), stop);
        return Answers.List<ShownLateUsage>(new Listing<ShownLateUsage>(
            [.. found.Items.Select(r => new ShownLateUsage(r.CustomerId, r.ContractId, r.InvoiceId, r.Start, r.End, [.. r.Lines.Select(l => ShownLine.Of(l, unitNames, null))], r.At))], PageCursor.Encode(found.Next)));
    }

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
    /// <param name="LateUsagePolicy">Of contracts that name none; none: as it is.</param>
    /// <param name="Letterhead">Who the invoices are from; none: as it is.</param>
    [JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
    internal sealed record ShownSettings(int GracePeriodHours, LateUsagePolicy? LateUsagePolicy = null, ShownParty? Letterhead = null)
    {
        public static ShownSettings Of(BillingSettings settings) => new(settings.GracePeriodHours, settings.LateUsagePolicy, ShownParty.Of(settings.Seller));
    }

    /// <summary>Which run to try.</summary>
    /// <param name="CustomerId">None: the accounts that are due.</param>
    /// <param name="At">None: now.</param>
    [JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
    internal sealed record DryRun(string? CustomerId = null, Instant? At = null);

    /// <summary>What a run would do for an account.</summary>
    /// <param name="Reason">Why its account would be parked, or wait; none when all is well.</param>
    internal sealed record ShownDryRun(string CustomerId, string? Reason, IReadOnlyList<ShownInvoice> Invoices);

    /// <summary>Late usage that is not billed.</summary>
    /// <param name="LineItems">What it would cost.</param>
    internal sealed record ShownLateUsage(
        string CustomerId, string ContractId, string InvoiceId, Instant StartTimestamp, Instant EndTimestamp, IReadOnlyList<ShownLine> LineItems, Instant ReportedAt);

    /// <summary>Which account to release.</summary>
    [JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
    internal sealed record Release(string CustomerId);

    /// <param name="WasParked">False when there was nothing to release.</param>
    internal sealed record Released(string CustomerId, bool WasParked);

    /// <summary>A parked account.</summary>
    internal sealed record ShownParked(string CustomerId, string Reason, Instant ParkedAt);
}
