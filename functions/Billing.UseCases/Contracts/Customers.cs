using Billing.Domain.Contracts;
using Billing.Domain.Invoicing;
using Billing.Domain.Values;
using Billing.UseCases.CustomFields;
using Billing.UseCases.Documents;
using Billing.UseCases.Invoicing;
using Billing.UseCases.Payments;
using Billing.UseCases.Pricing;
using NodaTime;

namespace Billing.UseCases.Contracts;

/// <summary>What a new customer says.</summary>
public sealed record NewCustomer(string Name, IReadOnlyList<string> IngestAliases, IReadOnlyDictionary<string, string> CustomFields)
{
    public IReadOnlyList<NewBillingConfiguration> BillingConfigurations { get; init; } = [];
}

/// <summary>Customers and their usage keys.</summary>
public sealed class Customers(IDocumentStore store, IClock clock, KeysSettled? settled = null)
{
    private readonly Accounts accounts = new(store);
    private readonly UsageKeys keys = new(store, new Accounts(store), settled);
    private readonly FieldRules fields = new(store, clock);

    /// <summary>Creates a customer; its id and aliases become its usage keys, from the beginning of time if nobody had them.</summary>
    public async Task<Outcome<Customer>> CreateAsync(NewCustomer wanted, IdSource ids, CancellationToken stop)
    {
        var id = ids.New();
        var aliases = wanted.IngestAliases.Distinct(StringComparer.Ordinal).ToList();
        if ((Customer.CheckName(wanted.Name) ?? Customer.CheckAliases(wanted.IngestAliases)) is { } refusal) return refusal;
        if (wanted.BillingConfigurations.Count > BillingConfiguration.MaxOfCustomer)
            return new Refusal("too_many_configurations", $"A customer has at most {BillingConfiguration.MaxOfCustomer} billing configurations.", "/customer_billing_provider_configurations");
        if (!ReadLists.All(wanted.BillingConfigurations, "/customer_billing_provider_configurations", c => c.Read(ids.New(), clock.GetCurrentInstant())).Is(out var configurations, out var wrongly)) return wrongly;
        var created = await accounts.ChangeAsync<Customer>(
            id,
            async head =>
            {
                if (await accounts.CustomerAsync(id, stop) is { } existing) return new AccountChange<Customer>(existing, null, []);
                if (await fields.AdmitAsync([new WantedFields(FieldEntity.Customer, id, wanted.CustomFields)], stop) is { } wrong) return wrong;
                if (!(await keys.TakeAsync(id, [id, .. aliases.Where(a => a != id)], stop)).Is(out var owned, out var taken)) return taken;
                var now = clock.GetCurrentInstant();
                var customer = new Customer(id, Customer.Cut(wanted.Name), aliases, owned, wanted.CustomFields, now, now, null) { BillingConfigurations = [.. configurations] };
                return new AccountChange<Customer>(customer, head, [new Write.Create(Document(customer))]);
            },
            stop);
        if (created.Refusal is null) await keys.SettleAsync(id, [.. created.Value.Keys.Select(k => k.Key)], stop);
        return created;
    }

    /// <summary>One customer.</summary>
    public async Task<Outcome<Customer>> GetAsync(string id, CancellationToken stop) =>
        await accounts.CustomerAsync(id, stop) is { } customer ? customer : NotFound(id);

    /// <summary>The customer who has this usage key now, or null.</summary>
    public async Task<Customer?> ByKeyAsync(string key, CancellationToken stop) =>
        await keys.OwnerAsync(key, stop) is { } id ? await accounts.CustomerAsync(id, stop) : null;

    /// <summary>A page of customers.</summary>
    public Task<Listed<Customer>> ListAsync(ArchiveFilter filter, string? after, int limit, CancellationToken stop) =>
        store.ListAsync<Customer>(Container.Accounts, Accounts.CustomerId, c => filter.Fits(c.ArchivedAt), after, limit, stop);

    /// <summary>Renames a customer.</summary>
    public async Task<Outcome<Customer>> SetNameAsync(string id, string name, CancellationToken stop) =>
        Customer.CheckName(name) is { } refusal
            ? refusal
            : await ChangeAsync(id, (customer, head) => Task.FromResult<Outcome<(Customer, AccountHead)>>((customer with { Name = Customer.Cut(name) }, head)), stop);

    /// <summary>Says where else the customer is known; what is null stays as it is.</summary>
    public Task<Outcome<Customer>> SetConfigAsync(string id, string? salesforceAccountId, bool? leaveStripeInvoicesInDraft, CancellationToken stop) => ChangeAsync(
        id,
        (customer, head) => Task.FromResult<Outcome<(Customer, AccountHead)>>((customer with
        {
            SalesforceAccountId = salesforceAccountId ?? customer.SalesforceAccountId,
            LeaveStripeInvoicesInDraft = leaveStripeInvoicesInDraft ?? customer.LeaveStripeInvoicesInDraft,
        }, head)),
        stop);

    /// <summary>Says how invoices address the customer from now on; null: by its name alone.</summary>
    public async Task<Outcome<Customer>> SetBilledAsAsync(string id, Party? party, CancellationToken stop) => party?.Check("") is { } wrong
        ? wrong
        : await ChangeAsync(id, (customer, head) => Task.FromResult<Outcome<(Customer, AccountHead)>>((customer with { BilledAs = party }, head)), stop);

    /// <summary>Replaces all aliases. Usage under a new one becomes the customer's, in periods that are final as late usage; usage under a dropped one stays up to the last final period.</summary>
    public async Task<Outcome<Customer>> SetIngestAliasesAsync(string id, IReadOnlyList<string> ingestAliases, CancellationToken stop)
    {
        if (Customer.CheckAliases(ingestAliases) is { } refusal) return refusal;
        var wanted = ingestAliases.Distinct(StringComparer.Ordinal).ToList();
        IReadOnlyList<string> touched = [];
        var changed = await ChangeAsync(
            id,
            async (customer, head) =>
            {
                if (customer.ArchivedAt is not null) return Archived(id);
                var added = wanted.Where(a => !customer.Owns(a)).ToList();
                if (!(await keys.TakeAsync(id, added, stop)).Is(out var owned, out var taken)) return taken;
                var kept = Drop(customer, k => k != id && !wanted.Contains(k), head.UsageFinalThrough());
                touched = [.. added, .. customer.IngestAliases];
                return (customer with { IngestAliases = wanted, Keys = [.. kept.Where(k => !added.Contains(k.Key)), .. owned] }, head.WithLate(await FinalAsync(id, owned, stop)));
            },
            stop);
        if (changed.Refusal is null) await keys.SettleAsync(id, touched, stop);
        return changed;
    }

    /// <summary>Archives a customer with all contracts, commits and credits: no more invoices; the aliases are free for others, the id is not.</summary>
    public async Task<Outcome<Customer>> ArchiveAsync(string id, CancellationToken stop)
    {
        while (true)
        {
            var more = false;
            IReadOnlyList<string> touched = [];
            var archived = await accounts.ChangeAsync<Customer>(
                id,
                async head =>
                {
                    if (await store.FindAsync<Customer>(Accounts.PlaceOf(id), Accounts.CustomerId, stop) is not { } found) return NotFound(id);
                    touched = [.. found.Value.Keys.Select(k => k.Key)];
                    if (found.Value.ArchivedAt is not null) return new AccountChange<Customer>(found.Value, null, []);
                    var now = clock.GetCurrentInstant();
                    var contracts = await ContractDocuments.AllAsync(store, id, stop);
                    var step = ArchiveStep.Of(id, contracts, _ => true, await EditContracts.ReadAsync(store, id, null, needsEntries: false, stop), head, now);
                    more = step.More;
                    if (more) return new AccountChange<Customer>(found.Value, head, step.Writes);
                    var customer = found.Value with { ArchivedAt = now, UpdatedAt = now, IngestAliases = [], Keys = [.. Drop(found.Value, k => k != id, head.UsageFinalThrough())] };
                    return new AccountChange<Customer>(customer, head, [.. step.Writes, new Write.Replace(Document(customer), found.ETag)]);
                },
                stop);
            if (more) continue;
            if (archived.Refusal is null) await keys.SettleAsync(id, touched, stop);
            return archived;
        }
    }

    /// <summary>The final usage periods that keys reach into, which may have usage now that they had not when they were billed.</summary>
    private async Task<IEnumerable<LatePeriod>> FinalAsync(string id, List<OwnedKey> keys, CancellationToken stop) => keys.Count == 0 ? [] :
    [
        .. (await InvoiceDocuments.HeadersAsync(store, id, stop)).Select(h => h.Invoice)
            .Where(i => i is { Type: InvoiceType.Usage, Status: InvoiceStatus.Finalized } && keys.Exists(k => !(k.From >= i.End) && !(k.Until <= i.Start)))
            .Select(i => new LatePeriod(i.ContractId, i.Start)),
    ];

    /// <summary>The keys once some were let go: what is final stays.</summary>
    private static IEnumerable<OwnedKey> Drop(Customer customer, Func<string, bool> drop, Instant? finalThrough) =>
        customer.Keys.SelectMany(k => k.Until is null && drop(k.Key)
            ? new KeyOwnership(k.Key, [new OwnershipSpan(customer.Id, k.From, null)]).Release(customer.Id, finalThrough).Of(customer.Id)
            : [k]);

    /// <summary>Changes a customer, in one commit with its head.</summary>
    internal Task<Outcome<Customer>> ChangeAsync(string id, Func<Customer, AccountHead, Task<Outcome<(Customer, AccountHead)>>> decide, CancellationToken stop) =>
        accounts.ChangeAsync<Customer>(
            id,
            async head =>
            {
                if (await store.FindAsync<Customer>(Accounts.PlaceOf(id), Accounts.CustomerId, stop) is not { } found) return NotFound(id);
                if (!(await decide(found.Value, head)).Is(out var decided, out var refusal)) return refusal;
                var (customer, after) = decided;
                var changed = customer with { UpdatedAt = clock.GetCurrentInstant() };
                return new AccountChange<Customer>(changed, after, [new Write.Replace(Document(changed), found.ETag)]);
            },
            stop);

    private static Document Document(Customer customer) =>
        Accounts.PlaceOf(customer.Id).Keep(Accounts.CustomerId, Accounts.CustomerId, customer);

    internal static Refusal NotFound(string id) => new("customer_not_found", $"No customer has the id '{id}'.", "/customer_id", RefusalKind.NotFound);

    internal static Refusal Archived(string id) => new("customer_archived", $"Customer {id} is archived.", "/customer_id", RefusalKind.Conflict);
}
