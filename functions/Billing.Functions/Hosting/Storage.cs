using Billing.UseCases.Access;
using Billing.UseCases.Clock;
using Billing.UseCases.Documents;

namespace Billing.Functions.Hosting;

/// <summary>Chooses the adapters behind the ports; no other file names one.</summary>
public static class Storage
{
    public static void AddStorage(this IServiceCollection services, Settings settings)
    {
        Directory.CreateDirectory(settings.DataFolder);
        services.AddSingleton<MemoryDocuments>();
        services.AddSingleton<IDocumentStore>(all => all.GetRequiredService<MemoryDocuments>());
        services.AddSingleton(all => new BackgroundWork(
            DueWork.None,
            EmptyStores: _ =>
            {
                all.GetRequiredService<MemoryDocuments>().EmptyBut(ApiKeys.Kind);
                return Task.CompletedTask;
            },
            StoreIsOpen: async stop => await all.GetRequiredService<IDocumentStore>().ReadAsync(new Place(Container.Catalog, "health"), "none", stop) is null,
            PipelineRuns: () => true));
    }
}
