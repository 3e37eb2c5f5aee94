using Billing.Storage.Azure.Metering;
using Billing.Storage.Tests.Contracts;
using Billing.UseCases.Cost;
using Billing.UseCases.Metering;

namespace Billing.Storage.Tests.Azure;

public sealed class BlobArchiveTests : ArchiveContract
{
    private readonly string container = StorageAccount.NewName();
    private Uri endpoint = null!;

    protected override async Task<IArchive> BuildAsync() => new BlobArchive(endpoint = await StorageAccount.WithContainerAsync(container), new BilledUnits(), container);

    protected override Task<IArchive?> ReopenAsync() => Task.FromResult<IArchive?>(new BlobArchive(endpoint, new BilledUnits(), container));

    protected override Task DropAsync() => Task.CompletedTask;
}
