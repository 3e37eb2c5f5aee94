using Billing.AzureStandIns;
using Billing.Storage.Azure.Metering;
using Billing.Storage.Tests.Contracts;
using Billing.UseCases.Metering;
using NodaTime;
using Xunit;

namespace Billing.Storage.Tests.Azure;

public sealed class EventHubsLogTests : EventLogContract
{
    private readonly EventHubsStandIn hub = new("usage", PartitionCount);

    protected override bool CountsEvents => false;

    protected override async Task<IEventLog> BuildAsync()
    {
        hub.Now = () => Clock.Now.ToDateTimeUtc();
        await hub.StartAsync();
        return await OpenAsync();
    }

    protected override async Task<IEventLog?> ReopenAsync() => await OpenAsync();

    protected override Task<IReadOnlyList<LogMessage>> DeliverAsync(IEventLog log, int partition, long afterSequence) => Task.FromResult<IReadOnlyList<LogMessage>>(
        [.. hub.Read(partition, afterSequence, int.MaxValue).Select(e => new LogMessage(e.SequenceNumber + 1, Instant.FromDateTimeUtc(e.EnqueuedTimeUtc), e.Body))]);

    protected override Task<bool> ForgetAsync(IEventLog log, int partition, long through)
    {
        hub.Forget(partition, through);
        return Task.FromResult(true);
    }

    protected override async Task DropAsync() => await hub.DisposeAsync();

    [Fact]
    public async Task A_hub_made_anew_is_another_log()
    {
        var log = await OpenAsync();
        var before = log.LogId;
        Assert.False(await log.RefreshAsync(always: true, CancellationToken.None));
        hub.Recreate();
        Assert.False(await log.RefreshAsync(always: false, CancellationToken.None));
        Assert.True(await log.RefreshAsync(always: true, CancellationToken.None));
        Assert.NotEqual(before, log.LogId);
    }

    [Fact]
    public async Task A_send_that_fails_is_tried_again_and_may_be_there_twice()
    {
        var faults = new Queue<ServiceFault>([new(503), new(429), new(0), new(500, Done: true)]);
        hub.Fault = () => faults.TryDequeue(out var fault) ? fault : null;
        await Append(Message(1, "a"));
        Assert.Equal(["1 a", "2 a"], await Delivered(1, 0));
    }

    private async Task<EventHubsLog> OpenAsync() => await EventHubsLog.OpenAsync(hub.Endpoint, hub.Hub, () => null, TimeProvider.System, CancellationToken.None);
}
