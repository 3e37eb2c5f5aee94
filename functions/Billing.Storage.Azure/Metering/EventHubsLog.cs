using System.Globalization;
using Billing.UseCases.Metering;
using Billing.UseCases.Telemetry;
using NodaTime;
using NodaTime.Text;

namespace Billing.Storage.Azure.Metering;

/// <summary>The event log in Event Hubs.</summary>
/// <remarks>
/// A sequence is the hub's sequence number plus one. The log's id is the hub's name and when it was created, so that a hub made anew is a new log. How
/// many events its messages carry only their producers know.
/// </remarks>
public sealed class EventHubsLog : IEventLog
{
    private static readonly Duration DescriptionLife = Duration.FromSeconds(30);

    private readonly EventHub hub;
    private readonly string name;
    private readonly Func<Instant?> stamp;
    private readonly TimeProvider realTime;
    private volatile Known known;

    private EventHubsLog(EventHub hub, string name, Func<Instant?> stamp, TimeProvider realTime, Known known) =>
        (this.hub, this.name, this.stamp, this.realTime, this.known) = (hub, name, stamp, realTime, known);

    public string LogId => known.LogId;

    public int Partitions => known.Partitions;

    /// <summary>Asks the service for the hub.</summary>
    /// <param name="endpoint">Of the namespace.</param>
    /// <param name="name">The hub's name.</param>
    /// <param name="stamp">A time that the messages carry as theirs (the test clock's); null where the hub's own counts.</param>
    /// <param name="realTime">Says when the description is old.</param>
    /// <param name="stop">Gives up.</param>
    public static async Task<EventHubsLog> OpenAsync(Uri endpoint, string name, Func<Instant?> stamp, TimeProvider realTime, CancellationToken stop)
    {
        var hub = new EventHub(endpoint, name);
        return new EventHubsLog(hub, name, stamp, realTime, await DescribeAsync(hub, name, realTime, stop));
    }

    /// <summary>Looks again whether the hub is the one it was; true when it is another, and <see cref="LogId"/> with it.</summary>
    /// <param name="always">False: not when it was looked at in the last half minute.</param>
    /// <param name="stop">Gives up.</param>
    public async Task<bool> RefreshAsync(bool always, CancellationToken stop)
    {
        var before = known;
        if (!always && Now(realTime) - before.At < DescriptionLife) return false;
        known = await DescribeAsync(hub, name, realTime, stop);
        return known.LogId != before.LogId;
    }

    public Task AppendAsync(IReadOnlyList<NewMessage> messages, CancellationToken stop)
    {
        MessageLimits.Check(messages, Partitions);
        stop.ThrowIfCancellationRequested();
        var stamped = stamp() is { } at ? InstantPattern.ExtendedIso.Format(at) : null;
        var origin = Spans.TextOf(Spans.Here);
        return Task.WhenAll(messages.GroupBy(m => m.Partition).Select(async ofPartition =>
        {
            foreach (var message in ofPartition) await hub.SendAsync(message.Partition, message.Body, stamped, origin, stop);
        }));
    }

    public async Task<long?> NextHeldAsync(int partition, long from, CancellationToken stop)
    {
        var held = await hub.PartitionAsync(partition, stop);
        var next = Math.Max(from, held.Begin + 1);
        return held.End >= held.Begin && next <= held.End + 1 ? next : null;
    }

    public async Task<LogPosition> PositionAsync(int partition, CancellationToken stop) => new((await hub.PartitionAsync(partition, stop)).End + 1, null);

    private static async Task<Known> DescribeAsync(EventHub hub, string name, TimeProvider realTime, CancellationToken stop)
    {
        var described = await hub.DescribeAsync(stop);
        var id = string.Create(CultureInfo.InvariantCulture, $"{name}-{described.CreatedAt.ToUnixTimeMilliseconds():x}");
        return new Known(id.Length <= RegisterLog.MaxIdLength ? id : id[^RegisterLog.MaxIdLength..], described.Partitions, Now(realTime));
    }

    private static Instant Now(TimeProvider realTime) => Instant.FromDateTimeOffset(realTime.GetUtcNow());

    private sealed record Known(string LogId, int Partitions, Instant At);
}
