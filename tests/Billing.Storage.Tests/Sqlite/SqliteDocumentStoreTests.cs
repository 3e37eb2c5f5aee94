using Billing.Storage.Sqlite.Database;
using Billing.Storage.Sqlite.Documents;
using Billing.Storage.Tests.Contracts;
using Billing.UseCases.Documents;

namespace Billing.Storage.Tests.Sqlite;

public sealed class SqliteDocumentStoreTests : DocumentStoreContract
{
    private readonly SqliteDatabase database = SqliteDatabase.OpenTemporary();

    protected override Task<IDocumentStore> BuildAsync() => Task.FromResult<IDocumentStore>(new SqliteDocumentStore(database));

    protected override async Task DropAsync() => await database.DisposeAsync();
}
