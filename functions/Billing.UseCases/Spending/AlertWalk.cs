using Billing.Domain.Contracts;
using Billing.UseCases.Contracts;
using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.UseCases.Spending;

/// <summary>Goes to every customer once, after an alert of everyone was made or archived. It goes on where it was after a crash.</summary>
public sealed class AlertWalk(IDocumentStore store)
{
    internal const string Kind = "alert-walk";
    private const int PageSize = 100;
    private static readonly Place Place = new(Container.Catalog, Kind);

    private readonly Accounts accounts = new(store);

    /// <summary>Where it stands.</summary>
    /// <param name="After">The page that comes next; null: the first.</param>
    private sealed record Position(string? After);

    /// <summary>The same walk from its first page on: a page means something to one store only.</summary>
    internal static Document FromTheFirst(Document walk) => walk with { Body = StoredJson.Write(new Kept<Position>(1, new Position(null))) };

    /// <summary>Begins, or begins anew: who was passed before must be seen by the newest alert as well.</summary>
    public async Task StartAsync(CancellationToken stop) =>
        await store.TryAsync(Place, new Write.Upsert(Place.Keep(Kind, Kind, new Position(null), Accounts.AtOnce)), stop);

    /// <summary>At once while there is a way to go; else null.</summary>
    public async Task<Instant?> NextDueAsync(CancellationToken stop) => (await store.ReadAsync(Place, Kind, stop))?.Document.Due;

    /// <summary>Makes every customer's account due, page by page.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (await store.ReadAsync(Place, Kind, stop) is { Document.Due: not null } at)
        {
            var page = await store.ListAsync<Customer>(Container.Accounts, Accounts.CustomerId, c => c.ArchivedAt is null, at.Value<Position>().After, PageSize, stop);
            foreach (var customer in page.Items) await accounts.FenceAsync(customer.Id, stop);
            // Begun anew meanwhile: the position is another then, and so is the ETag.
            await store.TryAsync(Place, new Write.Replace(Place.Keep(Kind, Kind, new Position(page.Next), page.Next is null ? null : Accounts.AtOnce), at.ETag), stop);
        }
    }
}
