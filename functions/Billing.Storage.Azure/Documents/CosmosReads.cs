using System.Net;
using System.Text.Json;
using Billing.Storage.Azure.Connecting;
using Billing.UseCases.Documents;
using Microsoft.Azure.Cosmos;
using Container = Billing.UseCases.Documents.Container;

namespace Billing.Storage.Azure.Documents;

/// <summary>Where documents are in Cosmos, and point reads of them.</summary>
internal static class CosmosReads
{
    public static Microsoft.Azure.Cosmos.Container ContainerOf(Database database, Container container) => database.GetContainer(NameOf(container));

    /// <summary>A container's name in the account.</summary>
    public static string NameOf(Container container) => container switch
    {
        Container.Usage => "usage",
        Container.Accounts => "accounts",
        Container.Catalog => "catalog",
        _ => throw new ArgumentOutOfRangeException(nameof(container), container, "Unknown container."),
    };

    /// <summary>Errors: throws when the place has a part that its container has no property for.</summary>
    public static PartitionKey KeyOf(Place place)
    {
        if (CosmosEnvelope.PartitionOf(place.Container).Length > 1) return new PartitionKeyBuilder().Add(place.First).Add(place.Second).Build();
        if (place.Second.Length > 0) throw new ArgumentException($"A place in {place.Container} has one part, not '{place.First}' and '{place.Second}'.", nameof(place));
        return new PartitionKey(place.First);
    }

    /// <summary>One page of a query or of the change feed, and where to go on; no page when there is nothing new.</summary>
    public static Task<(JsonDocument? Page, string? Next)> PageAsync(Func<FeedIterator> open, CancellationToken stop) => Patience.RunAsync(
        async token =>
        {
            using var pages = open();
            using var answer = await pages.ReadNextAsync(token);
            if (answer.StatusCode == HttpStatusCode.NotModified) return (null, answer.ContinuationToken);
            answer.EnsureSuccessStatusCode();
            return ((JsonDocument?)await JsonDocument.ParseAsync(answer.Content, default, token), (string?)answer.ContinuationToken);
        }, stop);

    /// <summary>The items of a page.</summary>
    public static IEnumerable<JsonElement> ItemsOf(JsonDocument page) => page.RootElement.GetProperty("Documents").EnumerateArray();

    /// <summary>The item; null when it is not there.</summary>
    public static Task<JsonDocument?> ItemAsync(Database database, Place place, string id, CancellationToken stop) => Patience.RunAsync(
        async token =>
        {
            using var answer = await ContainerOf(database, place.Container).ReadItemStreamAsync(id, KeyOf(place), cancellationToken: token);
            if (answer.StatusCode == HttpStatusCode.NotFound) return null;
            answer.EnsureSuccessStatusCode();
            return (JsonDocument?)await JsonDocument.ParseAsync(answer.Content, default, token);
        }, stop);
}
