using Billing.UseCases.Documents;
using Microsoft.Azure.Cosmos;
using NodaTime;
using Container = Billing.UseCases.Documents.Container;

namespace Billing.Storage.Azure.Documents;

/// <summary>The document store in Cosmos DB: a container for each <see cref="Container"/>, point reads, transactional batches, the change feed.</summary>
/// <remarks>
/// The account is Strong, so whatever is read is the newest. Kinds come in the order of Cosmos' own partitions and resource ids, which later writes don't
/// move. Changes of one partition come in their order.
/// </remarks>
public sealed class CosmosDocumentStore(Database database) : IDocumentStore
{
    private readonly CosmosCommit commit = new(database);

    public async Task<Stored?> ReadAsync(Place place, string id, CancellationToken stop)
    {
        using var read = await CosmosReads.ItemAsync(database, place, id, stop);
        return read is null ? null : CosmosEnvelope.Read(read.RootElement, place.Container);
    }

    public async Task<Page> RangeAsync(Place place, string from, string until, int limit, CancellationToken stop)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        var query = new QueryDefinition("SELECT * FROM c WHERE c.id >= @from AND c.id < @until ORDER BY c.id").WithParameter("@from", from).WithParameter("@until", until);
        var (items, _) = await QueryAsync(place.Container, query, null, limit + 1, stop, CosmosReads.KeyOf(place));
        // '!' sorts below every character of an id: nothing lies between the last id and the next start.
        return items.Count > limit ? new Page([.. items.Take(limit)], items[limit - 1].Document.Id + "!") : new Page(items, null);
    }

    public async Task<Page> OfKindAsync(Container container, string? kind, string? after, int limit, CancellationToken stop)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        var query = kind is null ? new QueryDefinition("SELECT * FROM c") : new QueryDefinition("SELECT * FROM c WHERE c.type = @kind").WithParameter("@kind", kind);
        var (items, next) = await QueryAsync(container, query, after, limit, stop);
        return new Page(items, next);
    }

    public async Task<IReadOnlyList<Stored>> DueAsync(Container container, string kind, Instant at, int limit, CancellationToken stop)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        var query = new QueryDefinition("SELECT * FROM c WHERE c.type = @kind AND c.due <= @at ORDER BY c.due, c.id")
            .WithParameter("@kind", kind).WithParameter("@at", CosmosEnvelope.DueText(Instant.FromUnixTimeTicks(at.ToUnixTimeTicks())));
        return (await QueryAsync(container, query, null, limit, stop)).Items;
    }

    public async Task<Changes<Stored>> ChangesAsync(Container container, string kind, string? cursor, int limit, CancellationToken stop)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        for (var empty = false; ;)
        {
            var before = cursor;
            var from = cursor is null ? ChangeFeedStartFrom.Beginning() : ChangeFeedStartFrom.ContinuationToken(cursor);
            var (page, next) = await CosmosReads.PageAsync(
                () => CosmosReads.ContainerOf(database, container)
                    .GetChangeFeedStreamIterator(from, ChangeFeedMode.LatestVersion, new ChangeFeedRequestOptions { PageSizeHint = limit }), stop);
            cursor = next!;
            if (page is null)
            {
                // Where a partition has split since the cursor was taken, the client library may say "nothing new" before it has asked both halves.
                if (empty || cursor == before) return new Changes<Stored>([], cursor);
                empty = true;
                continue;
            }
            empty = false;
            using (page)
            {
                var items = CosmosReads.ItemsOf(page)
                    .Where(i => i.GetProperty("type").GetString() == kind).Select(i => CosmosEnvelope.Read(i, container)).ToList();
                // A page of other kinds only says nothing of what comes after it.
                if (items.Count > 0) return new Changes<Stored>(items, cursor);
            }
        }
    }

    public Task<CommitResult> CommitAsync(Place place, IReadOnlyList<Write> writes, CancellationToken stop)
    {
        CommitLimits.Check(place, writes);
        stop.ThrowIfCancellationRequested();
        return writes.Count == 0 ? Task.FromResult(new CommitResult(null, [])) : commit.RunAsync(place, writes, stop);
    }

    private async Task<(List<Stored> Items, string? Next)> QueryAsync(
        Container container, QueryDefinition query, string? after, int limit, CancellationToken stop, PartitionKey? partition = null)
    {
        var items = new List<Stored>();
        do
        {
            var wanted = new QueryRequestOptions { MaxItemCount = limit - items.Count, PartitionKey = partition, MaxConcurrency = 1 };
            var from = after;
            var (page, next) = await CosmosReads.PageAsync(() => CosmosReads.ContainerOf(database, container).GetItemQueryStreamIterator(query, from, wanted), stop);
            using (page) items.AddRange(CosmosReads.ItemsOf(page!).Select(i => CosmosEnvelope.Read(i, container)));
            after = next;
        }
        while (after is not null && items.Count < limit);
        return (items, after);
    }
}
