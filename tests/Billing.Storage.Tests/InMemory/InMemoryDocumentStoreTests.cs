using Billing.Storage.Tests.Contracts;
using Billing.Testing;
using Billing.UseCases.Documents;

namespace Billing.Storage.Tests.InMemory;

public sealed class InMemoryDocumentStoreTests : DocumentStoreContract
{
    protected override Task<IDocumentStore> BuildAsync() => Task.FromResult<IDocumentStore>(new InMemoryDocumentStore());

    protected override Task DropAsync() => Task.CompletedTask;
}
