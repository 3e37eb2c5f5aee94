using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.UseCases.Metering;

/// <summary>Makes this server's log known before anything of it is folded, with every meter that there is.</summary>
/// <remarks>
/// Register first, then take the meters: a meter made meanwhile either finds the log in the registry and marks it, or is found here and
/// counts from the log's first message on. Safe to repeat; every host does it at its start.
/// </remarks>
public sealed class RegisterLog(IDocumentStore documents, IEventLog log, IArchive archive, MeterCatalog meters, IClock clock)
{
    /// <summary>Longest id of a log.</summary>
    public const int MaxIdLength = 64;

    private readonly LogRegistry registry = new(documents);
    private readonly ProgressStore progressStore = new(documents);
    private readonly ArchivedMessages archived = new(archive);

    /// <summary>Registers the log, or more partitions of it.</summary>
    /// <exception cref="ArgumentException">The id is not one of a log.</exception>
    /// <exception cref="InvalidOperationException">The log was closed: what is sent to it would not be counted.</exception>
    public async Task RunAsync(CancellationToken stop)
    {
        if (log.LogId.Length is 0 or > MaxIdLength || !log.LogId.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_'))
            throw new ArgumentException($"'{log.LogId}' is no id of a log: give 1 to {MaxIdLength} letters, digits, '-', '.' or '_'.");
        while (!await TryRegisterAsync(stop)) stop.ThrowIfCancellationRequested();
        var known = (await meters.AllAsync(stop)).ToDictionary(m => m.Meter.Id, _ => 0L);
        for (var number = 0; number < log.Partitions; number++)
        {
            var (progress, etag) = await progressStore.ReadAsync(new(log.LogId, number), stop);
            // What has begun has its markers in the log; another host that was faster has taken the same meters or more.
            if (etag is null) await progressStore.TryWriteAsync(progress with { Markers = known }, null, stop);
        }
    }

    private async Task<bool> TryRegisterAsync(CancellationToken stop)
    {
        var known = await registry.ReadAsync(log.LogId, stop);
        if (known?.Log.Closed is { } closed)
            throw new InvalidOperationException($"The log '{log.LogId}' was closed at {closed.At} ({closed.Reason}); start with another log.");
        var registered = known?.Log ?? new RegisteredLog(log.LogId, clock.GetCurrentInstant(), null, [], []);
        if (registered.Partitions.Count >= log.Partitions) return true;
        for (var number = registered.Partitions.Count; number < log.Partitions; number++)
            registered = registered with { Partitions = [.. registered.Partitions, new RegisteredPartition(null, await MissingAsync(number, stop))] };
        return await registry.TryWriteAsync(registered, known?.ETag, stop) is not null;
    }

    // A log that was in use before it is registered begins with the first message that it still has.
    private async Task<RecordedGap[]> MissingAsync(int number, CancellationToken stop)
    {
        var partition = new LogPartition(log.LogId, number);
        if ((await progressStore.ReadAsync(partition, stop)).ETag is not null) return [];
        // The position first: what is appended after it is held.
        var position = await log.PositionAsync(number, stop);
        var first = await log.NextHeldAsync(number, 1, stop) ?? position.LastSequence + 1;
        if (first == 1) return [];
        var unknown = new RegisteredLog(log.LogId, default, null, [.. Enumerable.Repeat(RegisteredPartition.Open, number + 1)], []);
        if (await archived.FirstAsync(unknown, number, 1, first - 1, stop) is { } there) first = there;
        return first == 1 ? [] : [new RecordedGap(1, first - 1, "The log no longer had them when it was registered.", null, clock.GetCurrentInstant(), "registration")];
    }
}
