using Billing.Storage.Azure.Claims;
using Billing.Storage.Tests.Contracts;
using Billing.UseCases.Cost;
using Billing.UseCases.Metering;

namespace Billing.Storage.Tests.Azure;

public sealed class TableDedupLedgerTests : DedupLedgerContract
{
    private readonly string table = StorageAccount.NewName();
    private Uri endpoint = null!;

    protected override async Task<IDedupLedger> BuildAsync() => new TableDedupLedger([endpoint = await StorageAccount.WithTableAsync(table)], new BilledUnits(), table);

    protected override Task<IDedupLedger?> ReopenAsync() => Task.FromResult<IDedupLedger?>(new TableDedupLedger([endpoint], new BilledUnits(), table));

    protected override Task DropAsync() => Task.CompletedTask;
}
