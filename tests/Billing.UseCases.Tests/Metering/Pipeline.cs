using System.Globalization;
using System.Text;
using Billing.Domain.Metering;
using Billing.Domain.Metering.Events;
using Billing.Domain.Values;
using Billing.Storage.Sqlite.Claims;
using Billing.Storage.Sqlite.Database;
using Billing.Storage.Sqlite.Documents;
using Billing.Storage.Sqlite.Metering;
using Billing.Testing;
using Billing.UseCases.Documents;
using Billing.UseCases.Metering;
using NodaTime;
using NodaTime.Text;
using Xunit;

namespace Billing.UseCases.Tests.Metering;

/// <summary>The metering pipeline of one installation, on memory or on a SQLite file of its own.</summary>
public sealed class Pipeline : IAsyncDisposable
{
    private readonly string? folder;
    private readonly SqliteDatabase? database;
    private readonly Func<int, long, IReadOnlyList<LogMessage>> read;

    private Pipeline(string? folder, SqliteDatabase? database, IDocumentStore documents, IDedupLedger ledger, IArchive archive, IEventLog log, Func<int, long, IReadOnlyList<LogMessage>> read, ManualClock clock)
    {
        (this.folder, this.database, this.read, Documents, Ledger, Archive, Log, Clock) = (folder, database, read, documents, ledger, archive, log, clock);
        Catalog = new MeterCatalog(documents);
        Unclaimed = NewUnclaimed();
        Gaps = new RecordGap(documents, log, archive, NewRecord(), clock);
        Closing = new CloseLog(documents, log, archive, NewRecord(), clock);
        Stats = new IngestStats(documents, log, new Cut(documents, log), Unclaimed);
        Events = new FindEvents(documents, ledger, archive, Catalog, Secret);
        Accept = new AcceptUsage(log, clock, UsageLimits.Default, Secret);
        Record = new RecordUsage(documents, ledger, archive, Catalog, Unclaimed, UsageLimits.Default, Secret);
        Fill = new FillMeters(documents, log, archive, Catalog, clock, Secret);
        Days = new BuildDays(documents, Secret);
        Cut = new Cut(documents, log);
        Reader = new UsageReader(documents, clock);
        Rejected = new RejectedUsage(archive);
    }

    /// <summary>The stores that every rule is tried on.</summary>
    public static TheoryData<string> Stores => ["memory", "sqlite"];

    public static HashKey Secret { get; } = new(21, 42);
    public ManualClock Clock { get; }
    public IDocumentStore Documents { get; }
    public IDedupLedger Ledger { get; }
    public IArchive Archive { get; }
    public IEventLog Log { get; }
    public MeterCatalog Catalog { get; }
    public AcceptUsage Accept { get; }
    public RecordUsage Record { get; }
    public FillMeters Fill { get; }
    public BuildDays Days { get; }
    public Cut Cut { get; }
    public UsageReader Reader { get; }
    public RejectedUsage Rejected { get; }
    public RecordGap Gaps { get; }
    public CloseLog Closing { get; }
    public IngestStats Stats { get; }
    public UnclaimedUsage Unclaimed { get; }

    /// <summary>Keys that customers have.</summary>
    public HashSet<string> Owned { get; } = [];
    public FindEvents Events { get; }

    public static async Task<Pipeline> StartAsync(string store, int partitions = 1)
    {
        var clock = new ManualClock(Instant.FromUtc(2026, 3, 1, 0, 0));
        if (store == "memory")
        {
            var log = new InMemoryEventLog(clock, partitions: partitions);
            return await RegisteredAsync(new(null, null, new InMemoryDocumentStore(), new InMemoryDedupLedger(), new InMemoryArchive(), log, (p, after) => log.Read(p, after), clock));
        }
        var folder = Directory.CreateTempSubdirectory("billing-test-").FullName;
        var database = SqliteDatabase.Open(folder);
        var sqliteLog = new SqliteEventLog(database, clock, await LogIdentity.ReadOrCreateAsync(database), partitions);
        return await RegisteredAsync(new(folder, database, new SqliteDocumentStore(database), new SqliteDedupLedger(database), new SqliteArchive(database), sqliteLog, (p, after) => sqliteLog.Read(p, after, new byte[16 << 20]), clock));
    }

    /// <summary>A server on the same stores that takes events into another log.</summary>
    public Task<Pipeline> WithLogAsync(string id, int partitions = 1)
    {
        var log = new InMemoryEventLog(Clock, id, partitions);
        return RegisteredAsync(new(null, null, Documents, Ledger, Archive, log, (p, after) => log.Read(p, after), Clock));
    }

    public Task RegisterAsync() => new RegisterLog(Documents, Log, Archive, Catalog, Clock).RunAsync(default);

    /// <summary>Another owner, which knows nothing of what the first has in its caches.</summary>
    public RecordUsage NewRecord(IDocumentStore? documents = null, IArchive? archive = null, UsageLimits? limits = null, long cacheBytes = 1 << 20) =>
        new(documents ?? Documents, Ledger, archive ?? Archive, new MeterCatalog(documents ?? Documents), NewUnclaimed(documents), limits ?? UsageLimits.Default, Secret, cacheBytes);

    public UnclaimedUsage NewUnclaimed(IDocumentStore? documents = null, IsKeyOwned? isOwned = null) =>
        new(documents ?? Documents, isOwned ?? ((key, _) => Task.FromResult(Owned.Contains(key))), Secret);

    public LogPartition Partition(int number = 0) => new(Log.LogId, number);

    public IReadOnlyList<LogMessage> Messages(int partition = 0, long after = 0) => read(partition, after);

    /// <summary>Messages vanish from the log, as by a fault of the disk.</summary>
    public async Task LoseAsync(long first, long last, int partition = 0)
    {
        if (Log is InMemoryEventLog memory) memory.Lose(partition, first, last);
        else
        {
            await database!.WriteAsync(connection =>
            {
                using var command = connection.CreateCommand();
                command.CommandText = $"DELETE FROM log WHERE position BETWEEN {((long)partition << 48) + first} AND {((long)partition << 48) + last}";
                return command.ExecuteNonQuery();
            });
        }
    }

    /// <summary>Folds messages so far that they are archived, and no further: the owner dies.</summary>
    public async Task ArchiveOnlyAsync(IReadOnlyList<LogMessage> messages, int partition = 0)
    {
        var dying = NewRecord(archive: new InterruptedArchive(Archive, afterPut: () => throw new IOException("dead")));
        await Assert.ThrowsAsync<IOException>(() => dying.FoldAsync(Partition(partition), messages, default));
    }

    /// <summary>What an operator says is lost of partition 0.</summary>
    public LostMessages Lost(long first, long last, long? events = null, string? log = null, int partition = 0) =>
        new(log ?? Log.LogId, partition, first, last, "The disk broke.", events);

    /// <summary>Creates a meter; it counts from here on, and what came before when <see cref="FillAsync"/> has run.</summary>
    public Task<Meter> MeterAsync(Aggregation aggregation, string? value = null, params string[][] groupings) => MeterAsync(m => m, aggregation, value, groupings);

    /// <summary>The same, with a change to its definition.</summary>
    public async Task<Meter> MeterAsync(Func<Meter, Meter> with, Aggregation aggregation, string? value, params string[][] groupings)
    {
        var meter = with(new Meter(
            $"00000000-0000-7000-8000-{(await Catalog.AllAsync(default)).Count + 1:d12}", aggregation, null, null, [], value is null ? null : PropertyPath.Read(value).Value,
            [.. groupings.Select(g => g.Select(d => new Dimension(d, PropertyPath.OfName(d))).ToArray())]));
        var document = new MeterDocument { Meter = meter, Name = meter.Id, Slug = meter.Id, CreatedAt = Clock.Now, Fill = new MeterFill(new Dictionary<string, long>(), 0) };
        Assert.True(await Catalog.TryWriteAsync(document, null, default));
        await Fill.MarkAsync(meter.Id, default);
        return meter;
    }

    /// <summary>Sends events through the front door; it must take them.</summary>
    public async Task SendAsync(params string[] events)
    {
        foreach (var request in events.Chunk(UsageLimits.MaxEvents))
        {
            var accepted = await Accept.AcceptAsync(Encoding.UTF8.GetBytes($"[{string.Join(',', request)}]"), EventShape.Metronome, default);
            Assert.Null(accepted.Refusal);
            Assert.Equal(request.Length, accepted.Value);
        }
    }

    /// <summary>Puts a message into the log as it is.</summary>
    public Task AppendAsync(string body, int events) => Log.AppendAsync([new NewMessage(0, Encoding.UTF8.GetBytes(body), events)], default);

    /// <summary>Folds all that the log has.</summary>
    public async Task<Progress> FoldAsync()
    {
        var last = new Progress { LogId = Log.LogId, Partition = 0 };
        for (var partition = Log.Partitions - 1; partition >= 0; partition--) last = await Record.FoldAsync(Partition(partition), Messages(partition), default);
        return last;
    }

    public async Task FillAsync()
    {
        while (await Fill.RunAsync(default)) await FoldAsync();
    }

    /// <summary>Lets time come to an instant and builds every day that is due then; answers how many were built.</summary>
    public async Task<int> BuildDaysAsync(Instant at)
    {
        Clock.Now = Instant.Max(Clock.Now, at);
        await Cut.TickAsync(Clock.Now, default);
        await FoldAsync();
        var built = 0;
        while (await Days.RunAsync(await Cut.ReadAsync(default), 50, default) is var some && some > 0) built += some;
        return built;
    }

    /// <summary>Rows as text: <c>start group: count result</c>, groups without values left out.</summary>
    public async Task<string[]> UsageAsync(Meter meter, string key, params Instant[] bounds) => [.. (await RowsAsync(meter, 0, key, bounds)).Select(r => string.Create(
        CultureInfo.InvariantCulture, $"{InstantPattern.General.Format(r.Start)}{string.Concat(r.Group.Select(g => " " + (g ?? "-")))}: {r.State.Count} {r.State.Result(meter.Aggregation):0.############}"))];

    public Task<IReadOnlyList<UsageRow>> RowsAsync(Meter meter, int grouping, string key, params Instant[] bounds) =>
        Reader.ReadAsync(new UsageScope([new KeySpan(key, bounds[0], bounds[^1])], bounds), new UsageQuery(meter, grouping, g => g), default);

    public async Task<IReadOnlyList<Stored>> DocumentsAsync(string kind) => (await Documents.OfKindAsync(Container.Usage, kind, null, 100_000, default)).Items;

    private static async Task<Pipeline> RegisteredAsync(Pipeline pipeline)
    {
        _ = await Installation.OpenAsync(pipeline.Documents, UsageLimits.Default, pipeline.Clock.Now, default);
        await pipeline.RegisterAsync();
        return pipeline;
    }

    public static Instant At(string text) => InstantPattern.ExtendedIso.Parse(text).Value;

    /// <summary>A Metronome event of customer c.</summary>
    public static string Event(string id, string? time, string properties = "{}", string customer = "c", string type = "call") =>
        $$"""{"transaction_id":"{{id}}","customer_id":"{{customer}}","event_type":"{{type}}"{{(time is null ? "" : $",\"timestamp\":\"{time}\"")}},"properties":{{properties}}}""";

    public async ValueTask DisposeAsync()
    {
        if (database is null) return;
        if (Ledger is IAsyncDisposable ledger) await ledger.DisposeAsync();
        await database.DisposeAsync();
        Directory.Delete(folder!, recursive: true);
    }
}
