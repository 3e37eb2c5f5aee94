using Billing.Domain.Contracts;
using Billing.Domain.Values;
using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.UseCases.Contracts;

/// <summary>What holds for the whole installation.</summary>
/// <param name="GracePeriodHours">Between the end of a period and its final invoice: 0 to 744.</param>
/// <param name="LateUsagePolicy">Of contracts that name none.</param>
/// <param name="Seller">The letterhead of invoices; null: none was given.</param>
public sealed record BillingSettings(int GracePeriodHours = 24, LateUsagePolicy LateUsagePolicy = LateUsagePolicy.NextInvoice, Party? Seller = null)
{
    public Duration Grace => Duration.FromHours(GracePeriodHours);
}

/// <summary>Reads and changes the settings. A new grace holds for periods whose end was not scheduled before.</summary>
public sealed class SettingsStore(IDocumentStore store)
{
    private const string Kind = "settings";

    private static readonly Place Place = new(Container.Catalog, Kind, Kind);

    public async Task<BillingSettings> GetAsync(CancellationToken stop) =>
        (await store.FindAsync<BillingSettings>(Place, Kind, stop))?.Value ?? new BillingSettings();

    public async Task<Outcome<BillingSettings>> SetAsync(BillingSettings settings, CancellationToken stop)
    {
        if (settings.GracePeriodHours is < 0 or > 744)
        {
            return new Refusal("bad_grace_period", "The grace period is 0 to 744 hours.", "/grace_period_hours");
        }
        if (settings.Seller?.Check("/letterhead") is { } wrong) return wrong;
        await store.CommitAsync(Place, [new Write.Upsert(Place.Keep(Kind, Kind, settings))], stop);
        return settings;
    }
}
