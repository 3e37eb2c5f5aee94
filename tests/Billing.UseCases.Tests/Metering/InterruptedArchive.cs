using Billing.UseCases.Metering;

namespace Billing.UseCases.Tests.Metering;

/// <summary>An archive in which something happens just before or after each put.</summary>
internal sealed class InterruptedArchive(IArchive inner, Func<Task>? beforePut = null, Func<Task>? afterPut = null) : IArchive
{
    public async Task<bool> PutIfAbsentAsync(string name, ReadOnlyMemory<byte> content, CancellationToken stop)
    {
        if (beforePut is not null) await beforePut();
        var put = await inner.PutIfAbsentAsync(name, content, stop);
        if (afterPut is not null) await afterPut();
        return put;
    }

    public Task<ReadOnlyMemory<byte>?> GetAsync(string name, CancellationToken stop) => inner.GetAsync(name, stop);

    public Task<IReadOnlyList<string>> ListAsync(string prefix, string? after, int limit, CancellationToken stop) => inner.ListAsync(prefix, after, limit, stop);
}
