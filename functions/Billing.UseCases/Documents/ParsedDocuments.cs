using System.Collections.Concurrent;

namespace Billing.UseCases.Documents;

/// <summary>Values of documents that are read for every invoice and seldom change, kept as they were parsed.</summary>
/// <remarks>Each read still asks the store. A value is used again only for the very bytes that it was parsed from, so nothing can be out of date.</remarks>
/// <param name="parse">Gives a value that nobody changes.</param>
internal sealed class ParsedDocuments<T>(Func<Stored, T> parse)
{
    private const int MaxKept = 10_000;

    private readonly ConcurrentDictionary<(Place Place, string Id), (ReadOnlyMemory<byte> Body, T Value)> kept = new();

    /// <summary>The value of a document that was read.</summary>
    public T Of(Stored stored)
    {
        var key = (stored.Document.Place, stored.Document.Id);
        if (kept.TryGetValue(key, out var known) && known.Body.Span.SequenceEqual(stored.Document.Body.Span)) return known.Value;
        var value = parse(stored);
        if (kept.Count >= MaxKept) kept.Clear();
        kept[key] = (stored.Document.Body, value);
        return value;
    }
}
