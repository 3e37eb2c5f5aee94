using Billing.UseCases.Metering;

namespace Billing.Testing;

/// <summary>The archive in memory.</summary>
public sealed class InMemoryArchive : IArchive
{
    private readonly Lock gate = new();
    private readonly SortedList<string, byte[]> blobs = new(StringComparer.Ordinal);

    public Task<bool> PutIfAbsentAsync(string name, ReadOnlyMemory<byte> content, CancellationToken stop)
    {
        ArchiveName.Check(name);
        stop.ThrowIfCancellationRequested();
        lock (gate) return Task.FromResult(blobs.TryAdd(name, content.ToArray()));
    }

    /// <summary>Takes a blob away, as a lifecycle rule does.</summary>
    public void Remove(string name)
    {
        lock (gate) blobs.Remove(name);
    }

    public Task<ReadOnlyMemory<byte>?> GetAsync(string name, CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        lock (gate)
        {
            var content = blobs.TryGetValue(name, out var found) ? found : default(ReadOnlyMemory<byte>?);
            return Task.FromResult(content);
        }
    }

    public Task<IReadOnlyList<string>> ListAsync(string prefix, string? after, int limit, CancellationToken stop)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        stop.ThrowIfCancellationRequested();
        lock (gate)
        {
            return Task.FromResult<IReadOnlyList<string>>([.. blobs.Keys
                .Where(name => name.StartsWith(prefix, StringComparison.Ordinal) && string.CompareOrdinal(name, after) > 0)
                .Take(limit)]);
        }
    }
}
