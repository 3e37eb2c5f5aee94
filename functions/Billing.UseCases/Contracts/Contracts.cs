using Billing.Domain.Contracts;
using Billing.Domain.Invoicing;
using Billing.Domain.Values;
using Billing.UseCases.Documents;
using Billing.UseCases.Pricing;
using NodaTime;

namespace Billing.UseCases.Contracts;

/// <summary>What a new contract says; rate card by id or by alias, or none.</summary>
public sealed record NewContract(
    string CustomerId,
    Instant StartingAt,
    Instant? EndingBefore = null,
    string? RateCardId = null,
    string? RateCardAlias = null,
    UsageStatementSchedule? UsageStatementSchedule = null,
    int? NetPaymentTermsDays = null,
    string? Name = null,
    string? UniquenessKey = null,
    AmountRounding Rounding = AmountRounding.Exact)
{
    public IReadOnlyDictionary<string, string> CustomFields { get; init; } = new Dictionary<string, string>();
}

/// <summary>Contracts.</summary>
public sealed class Contracts(IDocumentStore store, IClock clock, RateCards cards)
{
    private readonly Accounts accounts = new(store);
    private readonly UniquenessKeys uniqueness = new(store, new Accounts(store));

    /// <summary>Makes a contract. Errors: refused when a uniqueness key was used before, or a term cannot be kept.</summary>
    public async Task<Outcome<Contract>> CreateAsync(NewContract wanted, IdSource ids, CancellationToken stop)
    {
        var id = ids.New();
        if (!(await RateCardAsync(wanted, stop)).Is(out var cardId, out var unknown)) return unknown;
        var contract = new Contract(
            id, wanted.CustomerId, 1, wanted.StartingAt, wanted.EndingBefore, cardId.Length == 0 ? null : cardId,
            wanted.UsageStatementSchedule ?? new UsageStatementSchedule(BillingFrequency.Monthly), wanted.NetPaymentTermsDays,
            wanted.Name, wanted.UniquenessKey, wanted.Rounding, wanted.CustomFields, clock.GetCurrentInstant(), null);
        if (contract.Check() is { } refusal) return refusal;
        return await accounts.ChangeAsync<Contract>(
            contract.CustomerId,
            async head =>
            {
                if (await accounts.CustomerAsync(contract.CustomerId, stop) is not { } customer) return Customers.NotFound(contract.CustomerId);
                var existing = await ContractDocuments.FindAsync(store, customer.Id, id, stop);
                if (existing is not null) return new AccountChange<Contract>(existing.Value, null, []);
                if (customer.ArchivedAt is not null) return Customers.Archived(customer.Id);
                if (contract.UniquenessKey is { } key && await uniqueness.TakeAsync("contract", key, customer.Id, ContractDocuments.IdOf(id), stop) is { } used) return used;
                return new AccountChange<Contract>(contract, head, [new Write.Create(ContractDocuments.Document(contract))]);
            },
            stop);
    }

    /// <summary>One contract.</summary>
    public async Task<Outcome<Contract>> GetAsync(string customerId, string contractId, CancellationToken stop) =>
        await ContractDocuments.FindAsync(store, customerId, contractId, stop) is { } found ? found.Value : NotFound(contractId);

    /// <summary>All contracts of a customer, by start.</summary>
    public async Task<Outcome<Contract[]>> ListAsync(string customerId, bool includeArchived, CancellationToken stop)
    {
        if (await accounts.CustomerAsync(customerId, stop) is null) return Customers.NotFound(customerId);
        var all = await ContractDocuments.AllAsync(store, customerId, stop);
        return all.Select(c => c.Value).Where(c => includeArchived || c.ArchivedAt is null)
            .OrderBy(c => c.StartingAt).ThenBy(c => c.Id, StringComparer.Ordinal).ToArray();
    }

    /// <summary>The usage period that a customer is in now, of the contract that started last; null without a contract in force.</summary>
    public async Task<Interval?> CurrentPeriodAsync(string customerId, CancellationToken stop)
    {
        var now = clock.GetCurrentInstant();
        return (await ContractDocuments.AllAsync(store, customerId, stop)).Select(c => c.Value)
            .Where(c => c.ArchivedAt is null && c.PeriodAt(now) is not null)
            .OrderByDescending(c => c.StartingAt).ThenBy(c => c.Id, StringComparer.Ordinal)
            .FirstOrDefault()?.PeriodAt(now);
    }

    /// <summary>Ends a contract earlier or later, or takes its end away.</summary>
    /// <param name="allowBeforeFinalized">True: it may end inside a period that is final; that invoice stays as it is.</param>
    public async Task<Outcome<Contract>> UpdateEndDateAsync(
        string customerId, string contractId, Instant? endingBefore, bool allowBeforeFinalized, CancellationToken stop)
    {
        return await accounts.ChangeAsync<Contract>(
            customerId,
            async head =>
            {
                if (await ContractDocuments.FindAsync(store, customerId, contractId, stop) is not { } found) return NotFound(contractId);
                if (found.Value.EndingBefore == endingBefore) return new AccountChange<Contract>(found.Value, null, []);
                if (found.Value.ArchivedAt is not null)
                {
                    return new Refusal("contract_archived", $"Contract {contractId} is archived.", "/contract_id", RefusalKind.Conflict);
                }
                var changed = found.Value with { EndingBefore = endingBefore, Version = found.Value.Version + 1 };
                if (changed.Check() is { } refusal) return refusal;
                if (!allowBeforeFinalized && endingBefore < head.Of(contractId, InvoiceType.Usage).BilledThrough)
                {
                    return new Refusal(
                        "ends_before_finalized_invoice", "A final invoice goes beyond this end; set allow_ending_before_finalized_invoice to end there nevertheless.", "/ending_before", RefusalKind.Conflict);
                }
                return new AccountChange<Contract>(
                    changed, head, [ContractDocuments.Past(found.Value), new Write.Replace(ContractDocuments.Document(changed), found.ETag)]);
            },
            stop);
    }

    /// <summary>The card's id; empty when the contract has none.</summary>
    private async Task<Outcome<string>> RateCardAsync(NewContract wanted, CancellationToken stop)
    {
        if (wanted.RateCardId is not null && wanted.RateCardAlias is not null)
        {
            return new Refusal("two_rate_cards", "Give rate_card_id or rate_card_alias, not both.", "/rate_card_alias");
        }
        if (wanted.RateCardId is null && wanted.RateCardAlias is null) return "";
        var card = wanted.RateCardId is { } id
            ? await cards.GetAsync(id, stop)
            : await cards.ByAliasAsync(wanted.RateCardAlias!, wanted.StartingAt, stop);
        if (!card.Is(out var found, out var refusal)) return refusal;
        return found.ArchivedAt is null
            ? found.Id
            : new Refusal("rate_card_archived", "An archived rate card takes no new contracts.", "/rate_card_id", RefusalKind.Conflict);
    }

    internal static Refusal NotFound(string id) => new("contract_not_found", $"The customer has no contract with the id '{id}'.", "/contract_id", RefusalKind.NotFound);
}
