using System.Text.Json;
using System.Text.Json.Serialization;
using Billing.Domain.Contracts;
using Billing.Functions.Hosting.Access;
using Billing.UseCases.Access;
using Billing.UseCases.Contracts;
using Billing.UseCases.Payments;
using NodaTime;

namespace Billing.Functions.Api.Payments;

/// <summary>How customers are known to billing providers.</summary>
public static class BillingConfigurationsApi
{
    public static void Map(IEndpointRouteBuilder app)
    {
        var v1 = app.MapGroup("/v1").WithTags("Customers");
        v1.MapPost("/setCustomerBillingProviderConfigurations", SetAsync).Needs(Scope.Write).WithName("setCustomerBillingProviderConfigurations");
        v1.MapPost("/getCustomerBillingProviderConfigurations", GetAsync).Needs(Scope.Read).WithName("getCustomerBillingProviderConfigurations");
        v1.MapPost("/archiveCustomerBillingProviderConfigurations", ArchiveAsync).Needs(Scope.Write).WithName("archiveCustomerBillingProviderConfigurations");
    }

    /// <summary>Adds billing configurations to customers; contracts may name them from then on.</summary>
    internal static async Task<Answer<Data<AddedConfiguration[]>>> SetAsync(SetConfigurations body, BillingConfigurations configurations, Caller caller, CancellationToken stop) => Answers.Of(
        await configurations.AddAsync([.. body.Data.Select(d => (d.CustomerId, new NewBillingConfiguration(d.BillingProvider, d.Configuration, d.DeliveryMethod, d.DeliveryMethodId, d.TaxProvider)))], caller.Ids, stop),
        all => all.Select(a => new AddedConfiguration(a.Added.Id, a.Added.Provider, a.Added.Configuration, a.CustomerId, a.Added.DeliveryMethodId, a.Added.TaxProvider)).ToArray());

    /// <summary>Lists the billing configurations of a customer; archived ones when they are asked for.</summary>
    internal static async Task<Answer<Data<ShownConfiguration[]>>> GetAsync(WhichConfigurations body, Customers customers, CancellationToken stop) => Answers.Of(
        await customers.GetAsync(body.CustomerId, stop),
        customer => customer.BillingConfigurations.Where(c => body.IncludeArchived == true || c.ArchivedAt is null).Select(c => new ShownConfiguration(
            c.Id, c.Provider, c.Configuration, customer.Id, c.DeliveryMethod, new Dictionary<string, JsonElement>(), c.DeliveryMethodId, c.TaxProvider, c.ArchivedAt)).ToArray());

    /// <summary>Archives billing configurations of a customer.</summary>
    internal static async Task<Answer<Data<ArchiveConfigurations>>> ArchiveAsync(ArchiveConfigurations body, BillingConfigurations configurations, CancellationToken stop) =>
        Answers.Of(await configurations.ArchiveAsync(body.CustomerId, body.CustomerBillingProviderConfigurationIds, stop), _ => body);

    /// <summary>Configurations to add.</summary>
    internal sealed record SetConfigurations(IReadOnlyList<CustomerConfiguration> Data);

    /// <summary>How a customer is known to a billing provider.</summary>
    internal sealed record CustomerConfiguration(
        string CustomerId, ProviderName BillingProvider, IReadOnlyDictionary<string, JsonElement>? Configuration = null, DeliveryMethod? DeliveryMethod = null, string? DeliveryMethodId = null,
        TaxProvider? TaxProvider = null);

    /// <summary>Whose.</summary>
    internal sealed record WhichConfigurations(string CustomerId, bool? IncludeArchived = null);

    /// <summary>Which ones, of whom.</summary>
    internal sealed record ArchiveConfigurations(string CustomerId, IReadOnlyList<string> CustomerBillingProviderConfigurationIds);

    /// <summary>A configuration that was added.</summary>
    internal sealed record AddedConfiguration(
        string Id, ProviderName BillingProvider, IReadOnlyDictionary<string, JsonElement> Configuration, string CustomerId, string DeliveryMethodId, TaxProvider? TaxProvider);

    /// <summary>A configuration.</summary>
    internal sealed record ShownConfiguration(
        string Id, ProviderName BillingProvider, IReadOnlyDictionary<string, JsonElement> Configuration, string CustomerId, DeliveryMethod DeliveryMethod,
        IReadOnlyDictionary<string, JsonElement> DeliveryMethodConfiguration, string DeliveryMethodId, TaxProvider? TaxProvider,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] Instant? ArchivedAt);
}
