using Billing.Domain.Invoicing;
using NodaTime;

namespace Billing.UseCases.Contracts;

/// <summary>How far one kind of a contract's invoices has come.</summary>
/// <param name="Invoices">Counted, void ones included.</param>
/// <param name="BilledThrough">End of the last final period.</param>
public sealed record BillingProgress(string ContractId, InvoiceType Kind, int Invoices, Instant? BilledThrough)
{
    /// <summary>Invoices that were voided and not made anew; what they drew stays open for that.</summary>
    public IReadOnlyList<VoidedInvoice> Voided { get; init; } = [];
}

/// <summary>A voided invoice whose period has no other.</summary>
/// <param name="Start">Of its period.</param>
/// <param name="IsDue">True: billing makes it anew by itself, for late usage.</param>
public sealed record VoidedInvoice(string InvoiceId, Instant Start, bool IsDue = false);

/// <summary>A final usage period for which more usage may have come.</summary>
/// <param name="Start">Of the period.</param>
public sealed record LatePeriod(string ContractId, Instant Start);

/// <summary>An account that is left alone until someone has looked at it.</summary>
/// <param name="Reason">What went wrong.</param>
public sealed record ParkedAccount(string CustomerId, string Reason, Instant At);

/// <summary>
/// What every commit for a customer replaces, on an ETag taken before anything else was read. So two changes of one customer never overlap:
/// the second one fails and starts over from fresh reads.
/// </summary>
/// <param name="Version">Grows by one with each commit.</param>
/// <param name="NextInvoiceNumber">Of the customer's next final invoice.</param>
/// <param name="Parked">Null while all is well.</param>
public sealed record AccountHead(
    string CustomerId, long Version, long NextInvoiceNumber, IReadOnlyList<BillingProgress> Progress, ParkedAccount? Parked = null)
{
    /// <summary>Of the customer's next credit memo; memos have a series of their own.</summary>
    public long NextCreditMemoNumber { get; init; } = 1;

    /// <summary>Final periods that must be looked at again.</summary>
    public IReadOnlyList<LatePeriod> Late { get; init; } = [];

    /// <summary>With further periods to look at again.</summary>
    public AccountHead WithLate(IEnumerable<LatePeriod> late) => this with { Late = [.. Late.Union(late)] };

    /// <summary>Of a contract; nothing is billed when it is not listed.</summary>
    public BillingProgress Of(string contractId, InvoiceType kind) =>
        Progress.FirstOrDefault(p => p.ContractId == contractId && p.Kind == kind) ?? new BillingProgress(contractId, kind, 0, null);

    /// <summary>With one invoice more.</summary>
    public AccountHead With(BillingProgress progress) => Replacing(progress) with { NextInvoiceNumber = NextInvoiceNumber + 1 };

    /// <summary>With other progress of a contract's kind.</summary>
    public AccountHead Replacing(BillingProgress progress) => this with
    {
        Progress = [.. Progress.Where(p => p.ContractId != progress.ContractId || p.Kind != progress.Kind), progress],
    };

    /// <summary>End of the customer's last final usage period, or null.</summary>
    public Instant? UsageFinalThrough() =>
        Progress.Where(p => p.Kind == InvoiceType.Usage && p.BilledThrough is not null).Select(p => p.BilledThrough).DefaultIfEmpty().Max();
}
