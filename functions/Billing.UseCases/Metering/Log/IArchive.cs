namespace Billing.UseCases.Metering;

/// <summary>The archive port: immutable blobs by name.</summary>
public interface IArchive
{
    /// <summary>Stores the blob unless the name is taken; durable when it completes. False when it was taken.</summary>
    Task<bool> PutIfAbsentAsync(string name, ReadOnlyMemory<byte> content, CancellationToken stop);

    /// <summary>The content, or null.</summary>
    Task<ReadOnlyMemory<byte>?> GetAsync(string name, CancellationToken stop);

    /// <summary>Names with the prefix, after a name (exclusive; null: from the first), in ordinal order.</summary>
    Task<IReadOnlyList<string>> ListAsync(string prefix, string? after, int limit, CancellationToken stop);
}
