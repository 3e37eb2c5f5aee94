using Billing.Storage.Tests.Contracts;
using Billing.UseCases.Documents;

namespace Billing.Storage.Tests.Azure;

public sealed class CosmosDocumentStoreTests : DocumentStoreContract
{
    private CosmosServer server = null!;

    protected override async Task<IDocumentStore> BuildAsync()
    {
        server = await CosmosServer.StartAsync();
        return server.Open().Store;
    }

    protected override Task<IDocumentStore?> ReopenAsync() => Task.FromResult<IDocumentStore?>(server.Open().Store);

    protected override async Task DropAsync() => await server.DisposeAsync();
}
