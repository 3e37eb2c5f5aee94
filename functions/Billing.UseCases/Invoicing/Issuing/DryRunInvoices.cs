using Billing.Domain.Invoicing;
using Billing.Domain.Values;
using Billing.UseCases.Contracts;
using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.UseCases.Invoicing;

/// <summary>What a run would do for an account.</summary>
/// <param name="Invoices">What it would issue.</param>
/// <param name="Reason">Why it would be parked, is parked, or would wait; null when all is well.</param>
public sealed record DryRunAccount(string CustomerId, IReadOnlyList<Invoice> Invoices, string? Reason);

/// <summary>Tries a run of invoices without doing it.</summary>
public sealed class DryRunInvoices(IDocumentStore store, IssueInvoices issue, IClock clock)
{
    private const int MaxAccounts = 100;

    private readonly Accounts accounts = new(store);

    /// <summary>What would be issued by an instant.</summary>
    /// <param name="customerId">Null: the accounts that are due by then, earliest first, at most 100.</param>
    /// <param name="at">Null: now.</param>
    /// <param name="stop">Gives up.</param>
    public async Task<Outcome<IReadOnlyList<DryRunAccount>>> RunAsync(string? customerId, Instant? at, CancellationToken stop)
    {
        var until = at ?? clock.GetCurrentInstant();
        if (customerId is not null && await accounts.CustomerAsync(customerId, stop) is null) return Customers.NotFound(customerId);
        var wanted = customerId is not null ? [customerId]
            : (await store.DueAsync(Container.Accounts, Accounts.HeadId, until, MaxAccounts, stop)).Select(d => d.Value<AccountHead>().CustomerId).ToList();
        var tried = new List<DryRunAccount>();
        foreach (var id in wanted) tried.Add(await TryAsync(id, until, stop));
        return new Outcome<IReadOnlyList<DryRunAccount>>(tried);
    }

    private async Task<DryRunAccount> TryAsync(string customerId, Instant until, CancellationToken stop)
    {
        if ((await accounts.HeadAsync(customerId, stop)).Parked is { } parked) return new DryRunAccount(customerId, [], $"Parked since {parked.At}: {parked.Reason}");
        try
        {
            return new DryRunAccount(customerId, await issue.PreviewAsync(customerId, until, stop), null);
        }
        catch (UsageNotReadyException waiting)
        {
            return new DryRunAccount(customerId, [], waiting.Message);
        }
        catch (Exception fault) when (RatingFaults.Lasts(fault))
        {
            return new DryRunAccount(customerId, [], RatingFaults.Reason(fault));
        }
    }
}
