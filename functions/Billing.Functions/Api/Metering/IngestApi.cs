using System.Buffers;
using System.IO.Compression;
using System.Text.Json;
using Billing.Domain.Metering.Events;
using Billing.Domain.Values;
using Billing.Functions.Hosting.Access;
using Billing.Functions.Hosting.OpenApi;
using Billing.Functions.Hosting.Pipeline;
using Billing.Functions.Hosting.Requests;
using Billing.UseCases.Access;
using Billing.UseCases.Metering;
using Billing.UseCases.Telemetry;
using NodaTime;

namespace Billing.Functions.Api.Metering;

/// <summary>Usage events in: Metronome's shape and CloudEvents, as they are or as gzip. Answered only when the events are durable.</summary>
public static class IngestApi
{
    private const string Gzip = "gzip";
    private const string CursorName = "rejected";

    public static void Map(IEndpointRouteBuilder app)
    {
        app.MapPost("/v1/ingest", IngestAsync).TakesEvents().Accepts<IReadOnlyList<IngestedEvent>>("application/json").WithName("ingest").WithTags("Usage");
        app.MapPost("/api/v1/events", CloudEventsAsync).TakesEvents()
            .Accepts<IReadOnlyList<CloudEvent>>("application/cloudevents-batch+json", "application/json", "application/cloudevents+json")
            .Produces(StatusCodes.Status204NoContent).WithName("ingestEvents").WithTags("OpenMeter").AddOpenApiOperationTransformer(OddShapes.OneOrManyAsync);
        app.MapGet("/v1/ingest/stats", StatsAsync).Needs(Scope.Read).WithName("getIngestStats").WithTags("Usage");
        app.MapGet("/v1/ingest/unclaimed", UnclaimedAsync).Needs(Scope.Read).WithName("listUnclaimedUsage").WithTags("Usage");
        app.MapGet("/v1/ingest/rejected", RejectedAsync).Needs(Scope.Read).WithName("listRejectedUsage").WithTags("Usage");
    }

    /// <summary>Takes 1 to 1,000 events in Metronome's shape, all or none. An id that came before is not counted again.</summary>
    internal static async Task<EmptyAnswer> IngestAsync(HttpContext context, AcceptUsage accept, Backlog backlog, CancellationToken stop) =>
        Answers.Empty(await AcceptAsync(context, accept, backlog, EventShape.Metronome, stop));

    /// <summary>Takes one CloudEvent 1.0 or an array of up to 1,000, all or none; subject is whose usage it is.</summary>
    internal static async Task<IResult> CloudEventsAsync(HttpContext context, AcceptUsage accept, Backlog backlog, CancellationToken stop)
    {
        var accepted = await AcceptAsync(context, accept, backlog, EventShape.CloudEvents, stop);
        return accepted.Refusal is null ? Results.NoContent() : Answers.Empty(accepted);
    }

    /// <summary>What became of all events: accepted = counted + duplicate + rejected + pending + lost.</summary>
    internal static async Task<Answer<Data<IngestTotals>>> StatsAsync(IngestStats stats, CancellationToken stop) =>
        Answers.Of<IngestTotals>(await stats.ReadAsync(stop));

    /// <summary>Lists the keys that usage came for and no customer has: what is counted and not billed. A customer with such an ingest alias takes it all.</summary>
    internal static async Task<Answer<Listing<UnclaimedKey>>> UnclaimedAsync([AsParameters] PageQuery page, UnclaimedUsage unclaimed, CancellationToken stop)
    {
        if (!page.Check().Is(out var wanted, out var refusal)) return Answers.List<UnclaimedKey>(refusal);
        var found = await unclaimed.ListAsync(wanted.From, wanted.Limit, stop);
        return Answers.List<UnclaimedKey>(new Listing<UnclaimedKey>(found.Items, PageCursor.Encode(found.Next)));
    }

    /// <summary>Lists what was not counted, newest first: dead letters, conflicting copies, and values that a meter could not read.</summary>
    internal static async Task<Answer<Listing<RejectedEvent>>> RejectedAsync([AsParameters] PageQuery page, RejectedUsage rejected, CancellationToken stop)
    {
        if (!page.Check(list: CursorName).Is(out var wanted, out var refusal)) return Answers.List<RejectedEvent>(refusal);
        var (entries, next) = await rejected.ListAsync(wanted.From, wanted.Limit, stop);
        return Answers.List<RejectedEvent>(new Listing<RejectedEvent>(entries, PageCursor.Encode(next, CursorName)));
    }

    private static async Task<Outcome<int>> AcceptAsync(HttpContext context, AcceptUsage accept, Backlog backlog, EventShape shape, CancellationToken stop)
    {
        using var span = Spans.Ingest(context.Request.Headers.TraceParent);
        try
        {
            var accepted = await ReadAsync(context, accept, backlog, shape, stop);
            span?.Answered(accepted.Refusal?.Code);
            return accepted;
        }
        catch (Exception fault)
        {
            span?.Failed(fault);
            throw;
        }
    }

    private static async Task<Outcome<int>> ReadAsync(HttpContext context, AcceptUsage accept, Backlog backlog, EventShape shape, CancellationToken stop)
    {
        if (RequestBodies.BadEncoding(context, Gzip) is { } encoding) return encoding;
        var packed = context.Request.Headers.ContentEncoding.ToString().Equals(Gzip, StringComparison.OrdinalIgnoreCase);
        await using var unpacked = packed ? new GZipStream(context.Request.Body, CompressionMode.Decompress, leaveOpen: true) : null;
        var body = unpacked ?? context.Request.Body;
        var buffer = ArrayPool<byte>.Shared.Rent((int)Math.Clamp(context.Request.ContentLength ?? 64 * 1024, 1_024, UsageLimits.MaxBodyBytes + 1));
        try
        {
            var length = 0;
            while (true)
            {
                if (length == buffer.Length) buffer = Grown(buffer, length);
                var read = await body.ReadAsync(buffer.AsMemory(length), stop);
                if (read == 0) break;
                length += read;
                if (length <= UsageLimits.MaxBodyBytes) continue;
                // An answer before the end of the body would reach many clients as a broken connection, which they retry. What is left is not unpacked.
                while (await context.Request.Body.ReadAsync(buffer, stop) > 0)
                {
                }
                return new Refusal("too_large", $"The body is larger than {UsageLimits.MaxBodyBytes} bytes{(packed ? " unpacked" : "")}. Send fewer events a request.", null, RefusalKind.TooLarge);
            }
            return await backlog.RoomAsync(stop) is { } complaint ? complaint : await accept.AcceptAsync(RequestBodies.WithoutMark(buffer.AsMemory(0, length)), shape, stop);
        }
        catch (InvalidDataException) when (packed)
        {
            return new Refusal("body_malformed", "The body is said to be gzip, and is not, or not whole.", "");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static byte[] Grown(byte[] buffer, int length)
    {
        var larger = ArrayPool<byte>.Shared.Rent(length * 2);
        buffer.AsSpan(0, length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(buffer);
        return larger;
    }

    /// <summary>A usage event in Metronome's shape. Read by <see cref="EventParser"/>; the record describes it.</summary>
    /// <param name="TransactionId">1 to 128 characters; the same id is the same fact, counted once.</param>
    /// <param name="CustomerId">The customer's id or an ingest alias; it may come before the customer.</param>
    /// <param name="EventType">1 to 128 characters.</param>
    /// <param name="Timestamp">With zone; none: the time it is received. At most 24 hours ahead.</param>
    /// <param name="Properties">What meters read; send numbers as strings to keep all digits.</param>
    internal sealed record IngestedEvent(
        string TransactionId, string CustomerId, string EventType, Instant? Timestamp = null, IReadOnlyDictionary<string, JsonElement>? Properties = null);

    /// <summary>A CloudEvent 1.0. Read by <see cref="EventParser"/>; the record describes it.</summary>
    /// <param name="Subject">Whose usage it is.</param>
    /// <param name="Data">A JSON object that meters read.</param>
    internal sealed record CloudEvent(
        string Specversion, string Id, string Source, string Type, string Subject, Instant? Time = null, IReadOnlyDictionary<string, JsonElement>? Data = null);
}
