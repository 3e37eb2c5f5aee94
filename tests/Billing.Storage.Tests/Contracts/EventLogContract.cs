using System.Text;
using Billing.Testing;
using Billing.UseCases.Metering;
using NodaTime;
using Xunit;

namespace Billing.Storage.Tests.Contracts;

/// <summary>What every adapter of <see cref="IEventLog"/> promises; subclasses say how to build one and how it delivers.</summary>
public abstract class EventLogContract : IAsyncLifetime
{
    protected const int PartitionCount = 3;
    private static CancellationToken Never => CancellationToken.None;

    protected ManualClock Clock { get; } = new();

    protected IEventLog Log { get; private set; } = null!;

    /// <summary>A log of three partitions on <see cref="Clock"/>.</summary>
    protected abstract Task<IEventLog> BuildAsync();

    /// <summary>Closes the adapter and opens it on the same data; null for one that keeps nothing.</summary>
    protected virtual Task<IEventLog?> ReopenAsync() => Task.FromResult<IEventLog?>(null);

    /// <summary>What it delivers of a partition after a sequence.</summary>
    protected abstract Task<IReadOnlyList<LogMessage>> DeliverAsync(IEventLog log, int partition, long afterSequence);

    /// <summary>Lets go of the messages up to a sequence; false for an adapter that keeps all.</summary>
    protected abstract Task<bool> ForgetAsync(IEventLog log, int partition, long through);

    protected abstract Task DropAsync();

    public async Task InitializeAsync() => Log = await BuildAsync();

    public Task DisposeAsync() => DropAsync();

    [Fact]
    public async Task Sequences_start_at_1_and_grow_by_one_in_each_partition()
    {
        await Append(Message(0, "a"), Message(1, "b"), Message(0, "c"));
        await Append(Message(0, "d"));
        Assert.Equal(["1 a", "2 c", "3 d"], await Delivered(0, 0));
        Assert.Equal(["1 b"], await Delivered(1, 0));
        Assert.Empty(await Delivered(2, 0));
    }

    [Fact]
    public async Task Delivery_can_start_after_any_sequence_and_be_repeated()
    {
        await Append(Message(0, "a"), Message(0, "b"), Message(0, "c"));
        Assert.Equal(["2 b", "3 c"], await Delivered(0, 1));
        Assert.Equal(["2 b", "3 c"], await Delivered(0, 1));
        Assert.Empty(await Delivered(0, 3));
    }

    [Fact]
    public async Task A_position_counts_messages_and_events_and_a_marker_is_no_event()
    {
        Assert.Equal(At(0, 0), await Position(0));
        await Append(new NewMessage(0, default, 0), new NewMessage(0, new byte[1], 500), new NewMessage(2, new byte[1], 7));
        await Append(new NewMessage(0, new byte[1], 1));
        // Partition 0: three messages; events 0 + 500 + 1.
        Assert.Equal(At(3, 501), await Position(0));
        Assert.Equal(At(0, 0), await Position(1));
        Assert.Equal(At(1, 7), await Position(2));
    }

    [Fact]
    public async Task It_tells_the_first_message_from_a_sequence_on_that_it_still_has()
    {
        Assert.Null(await Log.NextHeldAsync(0, 1, Never));
        await Append(Message(0, "a"), Message(0, "b"), Message(0, "c"), Message(1, "other"));
        foreach (var (from, next) in new (long, long?)[] { (long.MinValue + 1, 1), (0, 1), (1, 1), (2, 2), (3, 3), (4, null), (long.MaxValue, null) })
            Assert.Equal(next, await Log.NextHeldAsync(0, from, Never));
        if (!await ForgetAsync(Log, 0, 2)) return;
        Assert.Equal(3, await Log.NextHeldAsync(0, 1, Never));
        Assert.Equal(1, await Log.NextHeldAsync(1, 1, Never));
        Assert.Equal(At(3, 3), await Position(0));
    }

    [Fact]
    public async Task The_enqueued_time_is_the_clock_and_never_goes_back_in_a_partition()
    {
        var noon = Instant.FromUtc(2026, 3, 1, 12, 0);
        Clock.Now = noon;
        await Append(Message(0, "a"));
        Clock.Now = noon - Duration.FromMinutes(5);
        await Append(Message(0, "b"), Message(1, "other"));
        Clock.Now = noon + Duration.FromMinutes(5);
        await Append(Message(0, "c"));
        Assert.Equal(
            [noon, noon, noon + Duration.FromMinutes(5)], (await DeliverAsync(Log, 0, 0)).Select(message => message.EnqueuedAt));
        Assert.Equal(noon - Duration.FromMinutes(5), (await DeliverAsync(Log, 1, 0))[0].EnqueuedAt);
    }

    [Fact]
    public async Task The_log_keeps_its_own_copy_of_a_body()
    {
        var body = "before"u8.ToArray();
        await Append(new NewMessage(0, body, 1));
        body[0] = (byte)'X';
        Assert.Equal(["1 before"], await Delivered(0, 0));
    }

    [Fact]
    public async Task One_bad_message_refuses_the_whole_append()
    {
        await Assert.ThrowsAsync<ArgumentException>(() => Append(Message(0, "a"), Message(PartitionCount, "b")));
        await Assert.ThrowsAsync<ArgumentException>(() => Append(Message(0, "a"), Message(-1, "b")));
        await Assert.ThrowsAsync<ArgumentException>(() => Append(Message(0, "a"), new NewMessage(0, new byte[900_001], 1)));
        await Assert.ThrowsAsync<ArgumentException>(() => Append(Message(0, "a"), new NewMessage(0, default, -1)));
        Assert.Equal(At(0, 0), await Position(0));
        await Append(new NewMessage(0, new byte[900_000], 1));
        Assert.Equal(900_000, (await DeliverAsync(Log, 0, 0))[0].Body.Length);
    }

    [Fact]
    public async Task An_append_of_nothing_changes_nothing()
    {
        await Append();
        Assert.Equal(At(0, 0), await Position(0));
    }

    [Fact]
    public async Task Appends_at_once_leave_no_gap_and_keep_each_callers_order()
    {
        await Task.WhenAll(Enumerable.Range(0, 20).Select(caller => Task.Run(async () =>
        {
            for (var n = 0; n < 10; n++) await Append(Message(0, $"{caller:00}-{n}a"), Message(0, $"{caller:00}-{n}b"));
        })));
        var messages = await DeliverAsync(Log, 0, 0);
        Assert.Equal(Enumerable.Range(1, 400).Select(n => (long)n), messages.Select(message => message.Sequence));
        foreach (var caller in messages.Select(message => Encoding.UTF8.GetString(message.Body.Span)).GroupBy(text => text[..2]))
            Assert.Equal(caller.Order(StringComparer.Ordinal), caller);
    }

    [Fact]
    public async Task Messages_and_positions_survive_reopening()
    {
        Clock.Now = Instant.FromUtc(2026, 3, 1, 12, 0);
        await Append(Message(1, "a"), Message(1, "b"));
        var id = Log.LogId;
        if (await ReopenAsync() is not { } reopened) return;
        Log = reopened;
        Clock.Now = Instant.FromUtc(2026, 3, 1, 11, 0);
        await Append(Message(1, "c"));
        Assert.Equal(id, Log.LogId);
        Assert.Equal(At(3, 3), await Position(1));
        Assert.Equal(["1 a", "2 b", "3 c"], await Delivered(1, 0));
        Assert.Equal(Instant.FromUtc(2026, 3, 1, 12, 0), (await DeliverAsync(Log, 1, 2))[0].EnqueuedAt);
    }

    /// <summary>False for a log that does not look into its messages.</summary>
    protected virtual bool CountsEvents => true;


    private async Task<LogPosition> Position(int partition)
    {
        var position = await Log.PositionAsync(partition, Never);
        if (!CountsEvents) Assert.Null(position.AcceptedEvents);
        return position;
    }

    private LogPosition At(long sequence, long events) => new(sequence, CountsEvents ? events : null);

    protected static NewMessage Message(int partition, string body) => new(partition, Encoding.UTF8.GetBytes(body), 1);

    protected Task Append(params NewMessage[] messages) => Log.AppendAsync(messages, Never);

    protected async Task<List<string>> Delivered(int partition, long after) =>
        [.. (await DeliverAsync(Log, partition, after)).Select(message => $"{message.Sequence} {Encoding.UTF8.GetString(message.Body.Span)}")];
}
