using System.Text.Json;
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
            using var pages = CosmosReads.ContainerOf(database, container).GetItemQueryStreamIterator("SELECT * FROM c");
            while (pages.HasMoreResults)
            {
                using var answer = await pages.ReadNextAsync(stop);
                answer.EnsureSuccessStatusCode();
                using var page = await JsonDocument.ParseAsync(answer.Content, default, stop);
                items.AddRange(page.RootElement.GetProperty("Documents").EnumerateArray().Select(i => CosmosEnvelope.Read(i, container).Document));
            }
            await Parallel.ForEachAsync(items.Where(i => !keptKinds.Contains(i.Kind)), stop, async (item, token) => await Patience.RunAsync(
                async again =>
                {
                    using var gone = await CosmosReads.ContainerOf(database, container).DeleteItemStreamAsync(item.Id, CosmosReads.KeyOf(item.Place), cancellationToken: again);
                    return gone.StatusCode;
                }, token));
        }
    }
}
