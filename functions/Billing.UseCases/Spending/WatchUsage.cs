using Billing.Domain.Invoicing;
using Billing.UseCases.Contracts;
using Billing.UseCases.Documents;
using Billing.UseCases.Invoicing;
using Billing.UseCases.Metering;
using NodaTime;

namespace Billing.UseCases.Spending;

/// <summary>True when someone is to be told of a customer's spend, so that their account must be looked at when usage comes.</summary>
public delegate Task<bool> IsWatched(string customerId, CancellationToken stop);

/// <summary>Follows changed windows to the customers whose usage they are: late usage of final periods is queued, and watched accounts are looked at.</summary>
/// <remarks>
/// Work goes with what changed, not with how many customers there are. The cursor is saved after the work, so a crash repeats work and loses none.
/// </remarks>
public sealed class WatchUsage(IDocumentStore store, UsageKeys keys, IsWatched isWatched)
{
    internal const string Kind = "usage-cursor";
    private const int PageSize = 1_000;
    private static readonly Place Place = new(Container.Catalog, Kind);

    private readonly Accounts accounts = new(store);
    private readonly ReadFamilies families = new(store);

    /// <summary>At once when windows have changed since the last run; null when none have.</summary>
    public async Task<Instant?> NextDueAsync(CancellationToken stop)
    {
        var cursor = (await store.FindAsync<string>(Place, Kind, stop))?.Value;
        return (await store.ChangedAsync(Container.Usage, WindowNames.WindowKind, cursor, 1, stop)).Items.Count > 0 ? Accounts.AtOnce : null;
    }

    /// <summary>Follows all changes up to now.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (true)
        {
            var found = await store.FindAsync<string>(Place, Kind, stop);
            var (changed, cursor) = await store.ChangedAsync(Container.Usage, WindowNames.WindowKind, found?.Value, PageSize, stop);
            if (changed.Count == 0) return;
            var pools = new HashSet<string>();
            foreach (var ofKey in changed.Where(c => c.Place.First != WindowNames.Total).GroupBy(c => c.Place.First))
                await FollowAsync(ofKey.Key[2..], [.. ofKey.Select(c => WindowNames.Start(WindowNames.HourOfId(c.Id))).Distinct()], pools, stop);
            foreach (var parent in pools)
                if (await isWatched(parent, stop)) await accounts.FenceAsync(parent, stop);
            var next = Place.Keep(Kind, Kind, cursor);
            if (!await store.TryAsync(Place, found is null ? new Write.Create(next) : new Write.Replace(next, found.ETag), stop)) return;
        }
    }

    private async Task FollowAsync(string key, List<Instant> hours, HashSet<string> pools, CancellationToken stop)
    {
        foreach (var owned in (await Task.WhenAll(hours.Select(async h => (Hour: h, Owner: await keys.OwnerAtAsync(key, h, stop))))).Where(o => o.Owner is not null).GroupBy(o => o.Owner!.Id))
        {
            await LookAsync(owned.Key, [.. owned.Select(o => o.Hour)], stop);
            // What a child uses is drawn from commits of its parent's: those are watched there.
            pools.UnionWith(await families.PoolsAsync(owned.Key, stop));
        }
    }

    private async Task LookAsync(string customerId, List<Instant> hours, CancellationToken stop)
    {
        var head = await accounts.HeadAsync(customerId, stop);
        var late = head.UsageFinalThrough() is { } final && hours.Exists(h => h < final) ? await LateAsync(customerId, head, hours, stop) : [];
        if (late.Count == 0 && !await isWatched(customerId, stop)) return;
        await accounts.ChangeAsync<bool>(
            customerId, now => Task.FromResult<Domain.Values.Outcome<AccountChange<bool>>>(new AccountChange<bool>(true, now.WithLate(late), [])), stop);
    }

    private async Task<List<LatePeriod>> LateAsync(string customerId, AccountHead head, List<Instant> hours, CancellationToken stop) =>
    [
        .. (await InvoiceDocuments.HeadersAsync(store, customerId, stop)).Select(h => h.Invoice)
            // Levels, and the values that LATEST bills the change of, go on: what comes late may change every later period.
            .Where(i => i is { Type: InvoiceType.Usage, Status: InvoiceStatus.Finalized } && hours.Exists(h => h < i.End))
            .Select(i => new LatePeriod(i.ContractId, i.Start)).Except(head.Late),
    ];
}
