namespace Billing.UseCases.Documents;

/// <summary>The bounds of one atomic commit, the same for every adapter: what passes on one store passes on all.</summary>
public static class CommitLimits
{
    /// <summary>Checks a commit before anything of it is done.</summary>
    /// <exception cref="ArgumentException">
    /// Over <see cref="IDocumentStore.MaxWrites"/> writes, over <see cref="IDocumentStore.MaxCommitBytes"/> of bodies, an id that
    /// is not valid or comes twice, or a document of another place.
    /// </exception>
    public static void Check(Place place, IReadOnlyList<Write> writes)
    {
        if (writes.Count > IDocumentStore.MaxWrites)
            throw new ArgumentException($"A commit has at most {IDocumentStore.MaxWrites} writes, not {writes.Count}.", nameof(writes));
        var ids = writes.Count < 2 ? null : new HashSet<string>(writes.Count, StringComparer.Ordinal);
        long bytes = 0;
        foreach (var write in writes)
        {
            if (!DocumentId.IsValid(write.Id)) throw new ArgumentException($"'{write.Id}' is not a document id.", nameof(writes));
            if (ids?.Add(write.Id) == false) throw new ArgumentException($"The id '{write.Id}' comes twice in a commit.", nameof(writes));
            if (DocumentOf(write) is not { } document) continue;
            if (document.Place != place)
                throw new ArgumentException($"The document '{write.Id}' belongs to another partition.", nameof(writes));
            bytes += document.Body.Length;
        }
        if (bytes > IDocumentStore.MaxCommitBytes)
            throw new ArgumentException($"A commit has at most {IDocumentStore.MaxCommitBytes} bytes, not {bytes}.", nameof(writes));
    }

    /// <summary>The document that a write stores; null for a delete.</summary>
    public static Document? DocumentOf(Write write) => write switch
    {
        Write.Create create => create.Document,
        Write.Replace replace => replace.Document,
        Write.Upsert upsert => upsert.Document,
        Write.Delete => null,
        _ => throw new ArgumentException($"Unknown write {write.GetType().Name}.", nameof(write)),
    };
}
