using Billing.Storage.Sqlite.Database;
using Billing.Storage.Sqlite.Metering;
using Billing.Storage.Tests.Contracts;
using Billing.UseCases.Metering;
using Xunit;

namespace Billing.Storage.Tests.Sqlite;

public sealed class SqliteEventLogTests : EventLogContract
{
    private readonly TestFolder folder = new();

    private SqliteEventLog Sqlite => (SqliteEventLog)Log;

    protected override async Task<IEventLog> BuildAsync() =>
        new SqliteEventLog(folder.Database, Clock, await LogIdentity.ReadOrCreateAsync(folder.Database), PartitionCount);

    protected override async Task<IEventLog?> ReopenAsync()
    {
        await folder.ReopenAsync();
        return await BuildAsync();
    }

    protected override Task<IReadOnlyList<LogMessage>> DeliverAsync(IEventLog log, int partition, long afterSequence) =>
        Task.FromResult(((SqliteEventLog)log).Read(partition, afterSequence, new byte[4_000_000]));

    protected override async Task<bool> ForgetAsync(IEventLog log, int partition, long through)
    {
        await ((SqliteEventLog)log).ForgetAsync(partition, through);
        return true;
    }

    protected override Task DropAsync() => folder.DropAsync();

    [Fact]
    public async Task The_log_id_is_made_once()
    {
        Assert.Matches("^log-[0-9a-f]{8}$", Log.LogId);
        Assert.Equal(Log.LogId, await LogIdentity.ReadOrCreateAsync(folder.Database));
        Assert.Throws<InvalidOperationException>(() => new SqliteEventLog(folder.Database, Clock, "log-other", PartitionCount));
    }

    [Fact]
    public async Task A_log_is_not_opened_with_fewer_partitions_than_it_has_messages_in()
    {
        await Append(Message(1, "a"));
        Assert.Throws<InvalidOperationException>(() => new SqliteEventLog(folder.Database, Clock, Log.LogId, 1));
        Assert.Equal(2, new SqliteEventLog(folder.Database, Clock, Log.LogId, 2).Partitions);
    }

    [Fact]
    public async Task A_read_stops_at_its_bytes_and_gives_at_least_one_message()
    {
        await Append(new NewMessage(0, new byte[100], 1), new NewMessage(0, new byte[100], 1), new NewMessage(0, new byte[100], 1));
        Assert.Equal(2, Sqlite.Read(0, 0, new byte[200]).Count);
        Assert.Single(Sqlite.Read(0, 0, new byte[199]));
        Assert.Throws<ArgumentException>(() => Sqlite.Read(0, 0, new byte[1]));
        Assert.Empty(Sqlite.Read(0, 3, new byte[1]));
    }

    [Fact]
    public async Task Forgotten_sequences_are_not_given_out_again_even_after_reopening()
    {
        await Append(Message(0, "a"), Message(0, "b"), Message(1, "other"));
        await Sqlite.ForgetAsync(0, 1);
        Assert.Equal(["2 b"], await Delivered(0, 0));
        await Sqlite.ForgetAsync(0, 1_000);
        Assert.Empty(await Delivered(0, 0));
        Assert.Equal(["1 other"], await Delivered(1, 0));
        var reopened = (SqliteEventLog)(await ReopenAsync())!;
        await reopened.AppendAsync([Message(0, "c")], CancellationToken.None);
        Assert.Equal(3, Assert.Single(reopened.Read(0, 0, new byte[100])).Sequence);
        Assert.Equal(new LogPosition(3, 3), await reopened.PositionAsync(0, CancellationToken.None));
    }

    [Fact]
    public async Task What_waits_is_known_to_the_byte()
    {
        Assert.Equal(0, Sqlite.WaitingBytes);
        await Append(new NewMessage(0, new byte[100], 1), new NewMessage(0, new byte[20], 1), new NewMessage(1, new byte[3], 1));
        Assert.Equal(123, Sqlite.WaitingBytes);
        await Sqlite.ForgetAsync(0, 1);
        Assert.Equal(23, Sqlite.WaitingBytes);
        var reopened = (SqliteEventLog)(await ReopenAsync())!;
        Assert.Equal(23, reopened.WaitingBytes);
        await reopened.ForgetAsync(0, 2);
        Assert.Equal(3, reopened.WaitingBytes);
        await SqliteReset.EmptyAsync(folder.Database, []);
        await reopened.RecountAsync();
        Assert.Equal(0, reopened.WaitingBytes);
    }

    [Fact]
    public async Task Space_of_forgotten_messages_is_used_again()
    {
        var sizes = new List<long>();
        for (var round = 0; round < 6; round++)
        {
            await Append([.. Enumerable.Range(0, 20).Select(_ => new NewMessage(0, new byte[300_000], 1))]);
            await Sqlite.ForgetAsync(0, long.MaxValue);
            // The write-ahead log is moved into the file, whose size is then what counts.
            await folder.Database.DisposeAsync();
            sizes.Add(new FileInfo(folder.Database.File).Length);
            await ReopenIntoLog();
        }
        Assert.True(sizes[^1] <= sizes[0] * 1.1, $"The file grew: {string.Join(", ", sizes)}.");
    }

    [Fact]
    public async Task A_reader_that_waits_wakes_when_its_partition_has_something_new()
    {
        await Append(Message(0, "a"));
        await Sqlite.WaitAsync(0, 0, CancellationToken.None);
        var waiting = Sqlite.WaitAsync(0, 1, CancellationToken.None);
        var later = Sqlite.WaitAsync(0, 2, CancellationToken.None);
        await Append(Message(1, "elsewhere"));
        Assert.False(waiting.IsCompleted);
        await Append(Message(0, "b"));
        await waiting.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.False(later.IsCompleted);
        await Append(Message(0, "c"));
        await later.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task A_reader_that_is_stopped_stops_waiting()
    {
        using var stop = new CancellationTokenSource();
        var waiting = Sqlite.WaitAsync(0, 0, stop.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    private async Task ReopenIntoLog()
    {
        await folder.ReopenAsync();
        await InitializeAsync();
    }
}
