using System.Text.Json.Serialization;
using Billing.Functions.Hosting.Access;
using Billing.UseCases.Access;
using Billing.UseCases.Metering;
using NodaTime;

namespace Billing.Functions.Api.Metering;

/// <summary>The event logs, for who looks after them: what is folded, what is lost, what has ended. Admin only.</summary>
public static class LogsApi
{
    public static void Map(IEndpointRouteBuilder app)
    {
        var logs = app.MapGroup("/v1/operations/logs").Needs(Scope.Admin).WithTags("Operations");
        logs.MapGet("", ListAsync).WithName("listLogs");
        logs.MapPost("/record-gap", RecordGapAsync).WithName("recordLogGap");
        logs.MapPost("/close", CloseAsync).WithName("closeLog");
    }

    /// <summary>Lists the logs that events are counted from, closed ones too: by partition how far it is folded, its gaps and its end.</summary>
    internal static async Task<Answer<Listing<ShownLog>>> ListAsync(ListLogs logs, CancellationToken stop) =>
        Answers.List<ShownLog>(new Listing<ShownLog>([.. (await logs.RunAsync(stop)).Select(Show)], null));

    /// <summary>
    /// Declares messages of a log lost, so that counting goes on after them. Refused when they are counted already, or can still be: in the
    /// archive or in the log. A copy of a lost event that comes later is counted. Safe to repeat.
    /// </summary>
    internal static async Task<Answer<Data<ShownGap>>> RecordGapAsync(Gap body, RecordGap record, Caller caller, CancellationToken stop) => Answers.Of(
        await record.RunAsync(new LostMessages(body.LogId, body.Partition, body.FirstSequence, body.LastSequence, body.Reason, body.Events), caller.ToString(), stop), Show);

    /// <summary>
    /// Closes a log that nothing is sent to any more. It ends where it is counted to; what it still held is lost, and no longer holds back
    /// invoices. Refused for the log that this server takes events into, and while something archived waits behind a gap. Safe to repeat.
    /// </summary>
    internal static async Task<Answer<Data<ShownLog>>> CloseAsync(Close body, CloseLog close, ListLogs logs, Caller caller, CancellationToken stop)
    {
        var closed = await close.RunAsync(body.LogId, body.Reason, caller.ToString(), stop);
        return closed.Refusal is { } refusal
            ? Answers.Of<ShownLog>(refusal)
            : Answers.Of<ShownLog>(Show((await logs.RunAsync(stop)).Single(l => l.Log.Id == body.LogId)));
    }

    private static ShownLog Show(LogState of) => new(
        of.Log.Id, of.IsWritten, of.Log.OpenedAt, of.Log.Closed?.At, of.Log.Closed?.Reason, of.Log.Closed?.By,
        [.. of.Progress.Select((p, i) => new ShownPartition(
            i, p.Sequence, of.Positions[i]?.LastSequence, of.Log[i].End, p.MaxEnqueued, p.Counted, p.Duplicate, p.Rejected, [.. of.Log[i].Gaps.Select(Show)]))]);

    private static ShownGap Show(RecordedGap of) => new(of.First, of.Last, of.Reason, of.Events, of.At, of.By);

    /// <summary>Messages that are lost.</summary>
    /// <param name="LogId">The log's id.</param>
    /// <param name="Partition">Number of the partition; the first is 0.</param>
    /// <param name="FirstSequence">First message that is lost.</param>
    /// <param name="LastSequence">Last message that is lost, inclusive.</param>
    /// <param name="Reason">What happened, in 1 to 500 characters; it is kept with the gap.</param>
    /// <param name="Events">How many events they carried, when that is known.</param>
    [JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
    internal sealed record Gap(string LogId, int Partition, long FirstSequence, long LastSequence, string Reason, long? Events = null);

    /// <summary>Which log to close.</summary>
    /// <param name="LogId">The log's id.</param>
    /// <param name="Reason">Why, in 1 to 500 characters; it is kept with the log.</param>
    [JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
    internal sealed record Close(string LogId, string Reason);

    /// <summary>A log.</summary>
    /// <param name="TakesEvents">True for the log that this server writes to.</param>
    /// <param name="ClosedAt">None while it is open.</param>
    internal sealed record ShownLog(
        string Id, bool TakesEvents, Instant OpenedAt, Instant? ClosedAt, string? ClosedReason, string? ClosedBy, IReadOnlyList<ShownPartition> Partitions);

    /// <summary>A partition of a log.</summary>
    /// <param name="FoldedThrough">Highest sequence that is counted, or passed as lost.</param>
    /// <param name="LastSequence">The newest message, where this server can know it.</param>
    /// <param name="EndSequence">Of a closed log: the last message that counts.</param>
    /// <param name="EnqueuedThrough">Up to when its messages are counted, by the log's time.</param>
    internal sealed record ShownPartition(
        int Partition, long FoldedThrough, long? LastSequence, long? EndSequence, Instant EnqueuedThrough, long Counted, long Duplicate, long Rejected, IReadOnlyList<ShownGap> Gaps);

    /// <summary>Messages that were declared lost.</summary>
    internal sealed record ShownGap(long FirstSequence, long LastSequence, string Reason, long? Events, Instant RecordedAt, string RecordedBy);
}
