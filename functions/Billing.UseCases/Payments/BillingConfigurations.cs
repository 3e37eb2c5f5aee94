using System.Text.Json;
using Billing.Domain.Contracts;
using Billing.Domain.Values;
using Billing.UseCases.Contracts;
using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.UseCases.Payments;

/// <summary>A billing configuration that is asked for.</summary>
/// <param name="DeliveryMethod">Null: by <paramref name="DeliveryMethodId"/>.</param>
public sealed record NewBillingConfiguration(
    ProviderName BillingProvider, IReadOnlyDictionary<string, JsonElement>? Configuration = null, DeliveryMethod? DeliveryMethod = null, string? DeliveryMethodId = null, TaxProvider? TaxProvider = null)
{
    /// <summary>What is kept of it; fields are relative to it.</summary>
    internal Outcome<BillingConfiguration> Read(string id, Instant now)
    {
        DeliveryMethod? named = DeliveryMethodId is null ? null : Enum.GetValues<DeliveryMethod>().Cast<DeliveryMethod?>().FirstOrDefault(m => BillingConfiguration.DeliveryOf(BillingProvider, m!.Value) == DeliveryMethodId);
        if (DeliveryMethodId is not null && (named is null || (DeliveryMethod is { } said && said != named)))
            return new Refusal("delivery_method_not_found", $"The provider has no such delivery with the id '{DeliveryMethodId}'.", "/delivery_method_id", RefusalKind.NotFound);
        if ((DeliveryMethod ?? named) is not { } method) return new Refusal("delivery_method_missing", "Give a delivery_method or a delivery_method_id.", "/delivery_method");
        var made = new BillingConfiguration(id, BillingProvider, method, Configuration ?? new Dictionary<string, JsonElement>(), TaxProvider, now);
        return made.Check() is { } wrong ? wrong : made;
    }
}

/// <summary>How customers are known to billing providers.</summary>
public sealed class BillingConfigurations(Customers customers, IClock clock)
{
    /// <summary>Adds configurations, all or none unless a customer is changed meanwhile. May be repeated with the same ids.</summary>
    public async Task<Outcome<IReadOnlyList<(string CustomerId, BillingConfiguration Added)>>> AddAsync(
        IReadOnlyList<(string CustomerId, NewBillingConfiguration Wanted)> wanted, IdSource ids, CancellationToken stop)
    {
        var now = clock.GetCurrentInstant();
        var added = new List<(string CustomerId, BillingConfiguration Added)>();
        foreach (var ((customerId, of), i) in wanted.Select((w, i) => (w, i)))
        {
            if (!(await customers.GetAsync(customerId, stop)).Is(out var customer, out var refusal)) return refusal.Under($"/data/{i}");
            if (customer.ArchivedAt is not null) return Customers.Archived(customerId).Under($"/data/{i}");
            if (!of.Read(ids.New(), now).Is(out var made, out refusal)) return refusal.Under($"/data/{i}");
            if (customer.BillingConfigurations.Count + wanted.Count(w => w.CustomerId == customerId) > BillingConfiguration.MaxOfCustomer)
                return new Refusal("too_many_configurations", $"A customer has at most {BillingConfiguration.MaxOfCustomer} billing configurations.", $"/data/{i}", RefusalKind.Conflict);
            added.Add((customerId, made));
        }
        foreach (var of in added.GroupBy(a => a.CustomerId, a => a.Added))
        {
            var changed = await customers.ChangeAsync(
                of.Key,
                (customer, head) => Task.FromResult<Outcome<(Customer, AccountHead)>>((customer with
                {
                    BillingConfigurations = [.. customer.BillingConfigurations, .. of.Where(a => customer.BillingConfigurations.All(c => c.Id != a.Id))],
                }, head)),
                stop);
            if (changed.Refusal is { } refusal) return refusal;
        }
        return added;
    }

    /// <summary>Archives configurations: contracts that name them keep them, no other may. May be repeated. Errors: refused for an id that the customer has not.</summary>
    public Task<Outcome<Customer>> ArchiveAsync(string customerId, IReadOnlyList<string> configurationIds, CancellationToken stop) => customers.ChangeAsync(
        customerId,
        (customer, head) =>
        {
            for (var i = 0; i < configurationIds.Count; i++)
                if (customer.BillingConfigurations.All(c => c.Id != configurationIds[i]))
                    return Task.FromResult<Outcome<(Customer, AccountHead)>>(new Refusal("configuration_not_found", $"The customer has no billing configuration with the id '{configurationIds[i]}'.", $"/customer_billing_provider_configuration_ids/{i}", RefusalKind.NotFound));
            return Task.FromResult<Outcome<(Customer, AccountHead)>>((customer with
            {
                BillingConfigurations = [.. customer.BillingConfigurations.Select(c => configurationIds.Contains(c.Id) && c.ArchivedAt is null ? c with { ArchivedAt = clock.GetCurrentInstant() } : c)],
            }, head));
        },
        stop);

    /// <summary>The refusal of a contract whose customer has not the configuration that it names, or null.</summary>
    internal static Refusal? Check(Customer customer, BillingProvider? named) =>
        named?.ConfigurationId is not { } id || customer.BillingConfigurations.Any(c => c.Id == id && c.ArchivedAt is null)
            ? null
            : new Refusal("configuration_not_found", $"The customer has no billing configuration with the id '{id}'; set it with /v1/setCustomerBillingProviderConfigurations.", "/billing_provider_configuration/billing_provider_configuration_id", RefusalKind.NotFound);
}
