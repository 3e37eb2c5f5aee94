using System.Globalization;
using System.Xml.Linq;
using Azure;
using Azure.Core;
using Azure.Core.Pipeline;
using Billing.Storage.Azure.Connecting;
using NodaTime;
using NodaTime.Text;

namespace Billing.Storage.Azure.Metering;

/// <summary>A hub as its service describes it.</summary>
/// <param name="CreatedAt">Tells a hub from one of the same name that was there before.</param>
/// <param name="Partitions">How many it has, numbered from 0.</param>
internal sealed record HubDescription(Instant CreatedAt, int Partitions);

/// <summary>What a partition of the hub holds. Sequence numbers begin at 0; an empty one ends before it begins.</summary>
internal sealed record HubPartition(long Begin, long End);

/// <summary>One event hub, over REST: what an official client of Event Hubs would replace. It sends; receiving is the host's.</summary>
/// <param name="endpoint">Of the namespace, as <c>https://{namespace}.servicebus.windows.net</c>.</param>
/// <param name="hub">Its name; provisioning makes it.</param>
internal sealed class EventHub(Uri endpoint, string hub)
{
    private const string Version = "2014-01";
    private const string OneEvent = "application/atom+xml;type=entry;charset=utf-8";
    private readonly HttpPipeline pipeline = RestPipeline.Build(endpoint, RestPipeline.EventHubsScope, emulator: null);

    /// <summary>Sends one event, its body as it is, to a partition; durable when it completes. A lost answer makes it be sent again: it may then be there twice.</summary>
    /// <param name="partition">Its number.</param>
    /// <param name="body">The event's bytes.</param>
    /// <param name="stamp">Kept as the event's property <see cref="StampProperty"/>; null for none.</param>
    /// <param name="origin">Kept as the event's property <see cref="OriginProperty"/>; null for none.</param>
    /// <param name="stop">Gives up.</param>
    public async Task SendAsync(int partition, ReadOnlyMemory<byte> body, string? stamp, string? origin, CancellationToken stop)
    {
        using var message = Message(RequestMethod.Post, string.Create(CultureInfo.InvariantCulture, $"partitions/{partition}/messages"), stop);
        message.Request.Headers.Add("Content-Type", OneEvent);
        if (stamp is not null) message.Request.Headers.Add(StampProperty, stamp);
        if (origin is not null) message.Request.Headers.Add(OriginProperty, origin);
        message.Request.Content = RequestContent.Create(body);
        await pipeline.SendAsync(message, stop);
        if (message.Response.Status != 201) throw new RequestFailedException(message.Response);
    }

    /// <summary>The property that carries the test clock's time.</summary>
    public const string StampProperty = "billing-enqueued-at";

    /// <summary>The property in which clients of Event Hubs say to what trace an event belongs, as W3C's <c>traceparent</c>.</summary>
    public const string OriginProperty = "Diagnostic-Id";

    public async Task<HubDescription> DescribeAsync(CancellationToken stop)
    {
        var answer = await GetAsync("", stop);
        var created = OffsetDateTimePattern.ExtendedIso.Parse(Value(answer, "CreatedAt")).GetValueOrThrow().ToInstant();
        return new HubDescription(created, int.Parse(Value(answer, "PartitionCount"), CultureInfo.InvariantCulture));
    }

    public async Task<HubPartition> PartitionAsync(int partition, CancellationToken stop)
    {
        var answer = await GetAsync(string.Create(CultureInfo.InvariantCulture, $"consumergroups/$Default/partitions/{partition}"), stop);
        return new HubPartition(Number(answer, "BeginSequenceNumber"), Number(answer, "EndSequenceNumber"));
    }

    private async Task<XElement> GetAsync(string path, CancellationToken stop)
    {
        using var message = Message(RequestMethod.Get, path, stop);
        await pipeline.SendAsync(message, stop);
        return message.Response.Status == 200 ? XElement.Load(message.Response.Content.ToStream()) : throw new RequestFailedException(message.Response);
    }

    // By their names alone: what namespace they are in is nowhere promised.
    private static string Value(XElement answer, string name) =>
        answer.DescendantsAndSelf().FirstOrDefault(e => e.Name.LocalName == name)?.Value ?? throw new InvalidOperationException($"The event hub's description has no {name}: {answer}");

    private static long Number(XElement answer, string name) => long.Parse(Value(answer, name), CultureInfo.InvariantCulture);

    private HttpMessage Message(RequestMethod method, string path, CancellationToken stop)
    {
        var message = pipeline.MessageTo(method, endpoint, $"{hub}{(path.Length == 0 ? "" : "/" + path)}", stop);
        message.Request.Uri.AppendQuery("api-version", Version);
        return message;
    }
}
