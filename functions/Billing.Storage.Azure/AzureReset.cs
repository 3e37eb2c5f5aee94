using Billing.Storage.Azure.Connecting;
using Billing.Storage.Azure.Documents;
using Billing.UseCases.Documents;
using Microsoft.Azure.Cosmos;
using Container = Billing.UseCases.Documents.Container;

namespace Billing.Storage.Azure;

/// <summary>Empties the document store, for the test clock's reset; made for the few documents of a test.</summary>
public static class AzureReset
{
    public static async Task EmptyAsync(Database database, IReadOnlyList<string> keptKinds, CancellationToken stop)
    {
        foreach (var container in Enum.GetValues<Container>())
        {
            var items = new List<Document>();
            string? after = null;
            do
            {
                var from = after;
                var (page, next) = await CosmosReads.PageAsync(() => CosmosReads.ContainerOf(database, container).GetItemQueryStreamIterator("SELECT * FROM c", from), stop);
                using (page) items.AddRange(CosmosReads.ItemsOf(page!).Select(i => CosmosEnvelope.Read(i, container).Document));
                after = next;
            }
            while (after is not null);
            await Parallel.ForEachAsync(items.Where(i => !keptKinds.Contains(i.Kind)), stop, async (item, token) => await Patience.RunAsync(
                async again =>
                {
                    using var gone = await CosmosReads.ContainerOf(database, container).DeleteItemStreamAsync(item.Id, CosmosReads.KeyOf(item.Place), cancellationToken: again);
                    return gone.StatusCode;
                }, token));
        }
    }
}
