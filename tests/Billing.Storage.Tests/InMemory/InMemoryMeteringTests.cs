using Billing.Storage.Tests.Contracts;
using Billing.Testing;
using Billing.UseCases.Metering;

namespace Billing.Storage.Tests.InMemory;

public sealed class InMemoryArchiveTests : ArchiveContract
{
    protected override Task<IArchive> BuildAsync() => Task.FromResult<IArchive>(new InMemoryArchive());

    protected override Task DropAsync() => Task.CompletedTask;
}

public sealed class InMemoryDedupLedgerTests : DedupLedgerContract
{
    protected override Task<IDedupLedger> BuildAsync() => Task.FromResult<IDedupLedger>(new InMemoryDedupLedger());

    protected override Task DropAsync() => Task.CompletedTask;
}

public sealed class InMemoryEventLogTests : EventLogContract
{
    protected override Task<IEventLog> BuildAsync() =>
        Task.FromResult<IEventLog>(new InMemoryEventLog(Clock, partitions: PartitionCount));

    protected override Task<IReadOnlyList<LogMessage>> DeliverAsync(IEventLog log, int partition, long afterSequence) =>
        Task.FromResult(((InMemoryEventLog)log).Read(partition, afterSequence));

    protected override Task<bool> ForgetAsync(IEventLog log, int partition, long through)
    {
        ((InMemoryEventLog)log).Lose(partition, 1, through);
        return Task.FromResult(true);
    }

    protected override Task DropAsync() => Task.CompletedTask;
}
