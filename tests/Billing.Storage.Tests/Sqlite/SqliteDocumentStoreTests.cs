using Billing.Storage.Sqlite.Documents;
using Billing.Storage.Tests.Contracts;
using Billing.UseCases.Documents;

namespace Billing.Storage.Tests.Sqlite;

public sealed class SqliteDocumentStoreTests : DocumentStoreContract
{
    private readonly TestFolder folder = new();

    protected override Task<IDocumentStore> BuildAsync() => Task.FromResult<IDocumentStore>(new SqliteDocumentStore(folder.Database));

    protected override async Task<IDocumentStore?> ReopenAsync() => new SqliteDocumentStore(await folder.ReopenAsync());

    protected override Task DropAsync() => folder.DropAsync();
}
