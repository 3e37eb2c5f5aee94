using Billing.Domain.Contracts;
using Billing.Functions.Hosting.Access;
using Billing.UseCases.Access;
using Billing.UseCases.Contracts;
using Billing.UseCases.Payments;
using Billing.UseCases.Pricing;
using Microsoft.AspNetCore.Mvc;
using NodaTime;

namespace Billing.Functions.Api.Invoicing;

/// <summary>Customers and the keys that their usage comes under.</summary>
public static class CustomersApi
{
    public static void Map(IEndpointRouteBuilder app)
    {
        var customers = app.MapGroup("/v1/customers").WithTags("Customers");
        customers.MapPost("", CreateAsync).Needs(Scope.Write).WithName("createCustomer");
        customers.MapGet("", ListAsync).Needs(Scope.Read).WithName("listCustomers");
        customers.MapGet("/{customer_id}", GetAsync).Needs(Scope.Read).WithName("getCustomer");
        customers.MapPost("/archive", ArchiveAsync).Needs(Scope.Write).WithName("archiveCustomer");
        customers.MapPost("/{customer_id}/setBillingAddress", SetBillingAddressAsync).Needs(Scope.Write).WithName("setBillingAddress");
        customers.MapPost("/{customer_id}/setName", SetNameAsync).Needs(Scope.Write).WithName("setCustomerName");
        customers.MapPost("/{customer_id}/updateConfig", UpdateConfigAsync).Needs(Scope.Write).WithName("updateCustomerConfig");
        customers.MapPost("/{customer_id}/setIngestAliases", SetIngestAliasesAsync).Needs(Scope.Write).WithName("setIngestAliases");
    }

    /// <summary>Creates a customer. An alias that another customer has is a conflict.</summary>
    internal static async Task<Answer<Data<ShownCustomer>>> CreateAsync(CreateCustomer body, Customers customers, Caller caller, CancellationToken stop)
    {
        var aliases = body.IngestAliases ?? (body.ExternalId is { } external ? [external] : []);
        return Answers.Of(await customers.CreateAsync(new NewCustomer(body.Name, aliases, body.CustomFields ?? None) { BillingConfigurations = body.CustomerBillingProviderConfigurations ?? [] }, caller.Ids, stop), Show);
    }

    /// <summary>Lists customers that are not archived; only_archived turns that round.</summary>
    internal static async Task<Answer<Listing<ShownCustomer>>> ListAsync(
        [AsParameters] PageQuery page,
        [FromQuery(Name = "customer_ids")] string[]? customerIds,
        [FromQuery(Name = "ingest_alias")] string? ingestAlias,
        [FromQuery(Name = "only_archived")] bool? onlyArchived,
        Customers customers,
        CancellationToken stop)
    {
        if (!page.Check().Is(out var wanted, out var refusal)) return Answers.List<ShownCustomer>(refusal);
        if (ingestAlias is not null)
        {
            var owner = await customers.ByKeyAsync(ingestAlias, stop);
            return Answers.List<ShownCustomer>(new Listing<ShownCustomer>(owner is null ? [] : [Show(owner)], null));
        }
        if (customerIds is { Length: > 0 })
        {
            var found = new List<ShownCustomer>();
            foreach (var id in customerIds.SelectMany(i => i.Split(',')).Distinct().Take(PageLimit.Max))
            {
                if ((await customers.GetAsync(id, stop)).Is(out var customer, out _)) found.Add(Show(customer));
            }
            return Answers.List<ShownCustomer>(new Listing<ShownCustomer>(found, null));
        }
        var list = await customers.ListAsync(onlyArchived == true ? ArchiveFilter.Archived : ArchiveFilter.NotArchived, wanted.From, wanted.Limit, stop);
        return Answers.List<ShownCustomer>(new Listing<ShownCustomer>([.. list.Items.Select(Show)], PageCursor.Encode(list.Next)));
    }

    /// <summary>Reads a customer.</summary>
    internal static async Task<Answer<Data<ShownCustomer>>> GetAsync([FromRoute(Name = "customer_id")] string customerId, Customers customers, CancellationToken stop) =>
        Answers.Of(await customers.GetAsync(customerId, stop), Show);

    /// <summary>Archives a customer and all its contracts; its aliases are free again.</summary>
    internal static async Task<Answer<Data<ShownId>>> ArchiveAsync(ShownId body, Customers customers, CancellationToken stop) =>
        Answers.Of(await customers.ArchiveAsync(body.Id, stop), c => new ShownId(c.Id));

    /// <summary>Renames a customer; names are cut at 160 characters.</summary>
    internal static async Task<Answer<Data<ShownCustomer>>> SetNameAsync(
        [FromRoute(Name = "customer_id")] string customerId, SetName body, Customers customers, CancellationToken stop) =>
        Answers.Of(await customers.SetNameAsync(customerId, body.Name, stop), Show);

    /// <summary>Says how invoices address the customer: those that are issued from now on.</summary>
    internal static async Task<EmptyAnswer> SetBillingAddressAsync(
        [FromRoute(Name = "customer_id")] string customerId, ShownParty body, Customers customers, CancellationToken stop) =>
        Answers.Empty(await customers.SetBilledAsAsync(customerId, body.Party(), stop));

    /// <summary>Says where else the customer is known. What is left out stays as it is.</summary>
    internal static async Task<EmptyAnswer> UpdateConfigAsync(
        [FromRoute(Name = "customer_id")] string customerId, UpdateConfig body, Customers customers, CancellationToken stop) =>
        Answers.Empty(await customers.SetConfigAsync(customerId, body.SalesforceAccountId, body.LeaveStripeInvoicesInDraft, stop));

    /// <summary>Replaces all ingest aliases of a customer.</summary>
    internal static async Task<EmptyAnswer> SetIngestAliasesAsync(
        [FromRoute(Name = "customer_id")] string customerId, SetAliases body, Customers customers, CancellationToken stop) =>
        Answers.Empty(await customers.SetIngestAliasesAsync(customerId, body.IngestAliases, stop));

    private static readonly IReadOnlyDictionary<string, string> None = new Dictionary<string, string>();

    private static ShownCustomer Show(Customer c) => new(
        c.Id, c.Name, c.IngestAliases, c.IngestAliases.Count > 0 ? c.IngestAliases[0] : c.Id, c.CustomFields, new CustomerConfig(c.SalesforceAccountId, c.LeaveStripeInvoicesInDraft), c.CreatedAt, c.UpdatedAt, c.ArchivedAt,
        ShownParty.Of(c.BilledAs));

    /// <summary>What a new customer shall be.</summary>
    internal sealed record CreateCustomer(
        string Name, IReadOnlyList<string>? IngestAliases = null, string? ExternalId = null, IReadOnlyDictionary<string, string>? CustomFields = null,
        IReadOnlyList<NewBillingConfiguration>? CustomerBillingProviderConfigurations = null);

    /// <summary>A new name.</summary>
    internal sealed record SetName(string Name);

    /// <summary>Where else the customer is known.</summary>
    internal sealed record UpdateConfig(string? SalesforceAccountId = null, bool? LeaveStripeInvoicesInDraft = null);

    /// <summary>All aliases from now on.</summary>
    internal sealed record SetAliases(IReadOnlyList<string> IngestAliases);

    /// <summary>A customer.</summary>
    internal sealed record ShownCustomer(
        string Id,
        string Name,
        IReadOnlyList<string> IngestAliases,
        string ExternalId,
        IReadOnlyDictionary<string, string> CustomFields,
        CustomerConfig CustomerConfig,
        Instant CreatedAt,
        Instant UpdatedAt,
        Instant? ArchivedAt,
        ShownParty? BillingAddress);

    /// <summary>Where else the customer is known.</summary>
    internal sealed record CustomerConfig(string? SalesforceAccountId, bool? LeaveStripeInvoicesInDraft);
}
