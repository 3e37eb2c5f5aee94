using System.Net;
using Billing.Storage.Azure.Connecting;
using Billing.UseCases.Documents;
using Microsoft.Azure.Cosmos;

namespace Billing.Storage.Azure.Documents;

/// <summary>Carries out commits as transactional batches, and finds out what became of one whose answer was lost.</summary>
/// <remarks>
/// Each commit writes a stamp of its own into its documents. The client library repeats a write whose answer it did not get, and so do we: the second
/// one meets what the first has done, as a conflict. Who then finds the stamp on any of the documents knows that it was all done. A commit of nothing
/// but deletes leaves no stamp: done twice it may be answered as a conflict, and its caller looks again.
/// </remarks>
internal sealed class CosmosCommit(Database database)
{
    public Task<CommitResult> RunAsync(Place place, IReadOnlyList<Write> writes, CancellationToken stop)
    {
        var stamp = CosmosETag.NewStamp();
        return Patience.RunAsync(
            async token =>
            {
                try
                {
                    return await TryAsync(place, writes, stamp, token);
                }
                catch (Exception fault) when (Patience.IsTransient(fault, stop))
                {
                    // At once, before many others can have written over it.
                    return await DoneBeforeAsync(place, writes, stamp, token) ?? throw new TransientFaultException(fault);
                }
            }, stop);
    }

    private async Task<CommitResult> TryAsync(Place place, IReadOnlyList<Write> writes, string stamp, CancellationToken stop)
    {
        using var answer = await BatchOf(place, writes, stamp).ExecuteAsync(stop);
        if (answer.IsSuccessStatusCode) return new CommitResult(null, [.. writes.Select((w, i) => w is Write.Delete ? "" : new CosmosETag(answer[i].ETag, StampsOf(w, stamp)).ToString())]);
        for (var at = 0; at < answer.Count; at++)
            if (answer[at].StatusCode is HttpStatusCode.Conflict or HttpStatusCode.PreconditionFailed or HttpStatusCode.NotFound)
                return await DoneBeforeAsync(place, writes, stamp, stop) ?? new CommitResult(at, []);
        throw new CosmosException(answer.ErrorMessage ?? $"The commit was answered with {(int)answer.StatusCode}.", answer.StatusCode, 0, answer.ActivityId, answer.RequestCharge);
    }

    private TransactionalBatch BatchOf(Place place, IReadOnlyList<Write> writes, string stamp)
    {
        var batch = CosmosReads.ContainerOf(database, place.Container).CreateTransactionalBatch(CosmosReads.KeyOf(place));
        foreach (var write in writes)
        {
            var stamps = StampsOf(write, stamp);
            _ = write switch
            {
                Write.Create create => batch.CreateItemStream(CosmosEnvelope.Write(create.Document, stamps), On(null)),
                Write.Replace replace => batch.ReplaceItemStream(replace.Id, CosmosEnvelope.Write(replace.Document, stamps), On(replace.ETag)),
                Write.Upsert upsert => batch.UpsertItemStream(CosmosEnvelope.Write(upsert.Document, stamps), On(null)),
                Write.Delete delete => batch.DeleteItem(delete.Id, On(delete.ETag)),
                _ => throw new ArgumentException($"Unknown write {write.GetType().Name}.", nameof(writes)),
            };
        }
        return batch;
    }

    private static string StampsOf(Write write, string stamp) => write is Write.Replace replace ? CosmosETag.Parse(replace.ETag).StampedWith(stamp) : stamp;

    private static TransactionalBatchItemRequestOptions On(string? etag) =>
        new() { EnableContentResponseOnWrite = false, IfMatchEtag = etag is null ? null : CosmosETag.Parse(etag).Own };

    // Null when it was not. What others wrote over it since has an ETag that is theirs, not ours to give out.
    private async Task<CommitResult?> DoneBeforeAsync(Place place, IReadOnlyList<Write> writes, string stamp, CancellationToken stop)
    {
        var etags = new string[writes.Count];
        var done = false;
        for (var at = 0; at < writes.Count; at++)
        {
            etags[at] = writes[at] is Write.Delete ? "" : CosmosETag.None.ToString();
            if (writes[at] is Write.Delete) continue;
            using var item = await CosmosReads.ItemAsync(database, place, writes[at].Id, stop);
            // What is as it was before tells that nothing was done.
            if (item is null) return null;
            var etag = CosmosEnvelope.ETagOf(item.RootElement);
            if (writes[at] is Write.Replace replace && CosmosETag.Parse(replace.ETag).Own == etag.Own) return null;
            if (!etag.Has(stamp)) continue;
            done = true;
            if (etag.Stamps.StartsWith(stamp, StringComparison.Ordinal)) etags[at] = etag.ToString();
        }
        return done ? new CommitResult(null, etags) : null;
    }
}
