using Billing.Storage.Sqlite.Metering;
using Billing.Storage.Tests.Contracts;
using Billing.UseCases.Metering;

namespace Billing.Storage.Tests.Sqlite;

public sealed class SqliteArchiveTests : ArchiveContract
{
    private readonly TestFolder folder = new();

    protected override Task<IArchive> BuildAsync() => Task.FromResult<IArchive>(new SqliteArchive(folder.Database));

    protected override async Task<IArchive?> ReopenAsync() => new SqliteArchive(await folder.ReopenAsync());

    protected override Task DropAsync() => folder.DropAsync();
}
