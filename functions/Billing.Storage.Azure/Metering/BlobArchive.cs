using Billing.UseCases.Cost;
using Billing.UseCases.Metering;

namespace Billing.Storage.Azure.Metering;

/// <summary>The archive in a container of Blob storage.</summary>
/// <param name="endpoint">Of the account.</param>
/// <param name="units">Takes what is billed.</param>
/// <param name="container">Its name; provisioning makes it.</param>
public sealed class BlobArchive(Uri endpoint, BilledUnits units, string container = BlobArchive.ContainerName) : IArchive
{
    /// <summary>The container's name.</summary>
    public const string ContainerName = "archive";

    private readonly BlobContainer blobs = new(endpoint, container, units);

    public Task<bool> PutIfAbsentAsync(string name, ReadOnlyMemory<byte> content, CancellationToken stop)
    {
        ArchiveName.Check(name);
        return blobs.CreateAsync(name, content, stop);
    }

    public Task<ReadOnlyMemory<byte>?> GetAsync(string name, CancellationToken stop) => blobs.ReadAsync(name, stop);

    /// <remarks>
    /// The service lists from a prefix on, not from a name on. So what shares most with the name comes first: a name that shares a longer start with it
    /// is before all that share a shorter one. For names of numbers few are read that are not asked for.
    /// </remarks>
    public async Task<IReadOnlyList<string>> ListAsync(string prefix, string? after, int limit, CancellationToken stop)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        var found = new List<string>();
        var last = after ?? "";
        var shared = SharedLength(prefix, last);
        // Before all names with the prefix nothing is passed; behind them there is nothing.
        if (shared < prefix.Length && shared < last.Length && string.CompareOrdinal(last, prefix) > 0) return found;
        for (var length = shared < prefix.Length ? prefix.Length : last.Length; length >= prefix.Length; length--)
        {
            var start = shared < prefix.Length ? prefix : last[..length];
            string? marker = null;
            do
            {
                var (names, next) = await blobs.ListAsync(start, marker, stop);
                foreach (var name in names.Where(n => after is null || string.CompareOrdinal(n, found.Count > 0 ? found[^1] : after) > 0))
                {
                    found.Add(name);
                    if (found.Count == limit) return found;
                }
                marker = next;
            }
            while (marker is not null);
        }
        return found;
    }

    /// <summary>Deletes every blob, for the test clock's reset.</summary>
    public async Task ClearAsync(CancellationToken stop)
    {
        while (await ListAsync("", null, 1_000, stop) is { Count: > 0 } names)
            await Parallel.ForEachAsync(names, stop, async (name, token) => await blobs.DeleteAsync(name, token));
    }

    private static int SharedLength(string a, string b)
    {
        var length = 0;
        while (length < a.Length && length < b.Length && a[length] == b[length]) length++;
        return length;
    }
}
