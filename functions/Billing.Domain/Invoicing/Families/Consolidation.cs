using Billing.Domain.Contracts;
using Billing.Domain.Values;
using NodaTime;

namespace Billing.Domain.Invoicing;

/// <summary>The contract that pays for another one.</summary>
public sealed record PayingContract(string CustomerId, string ContractId);

/// <summary>An invoice that is put together with others.</summary>
public sealed record Constituent(string CustomerId, string ContractId, string InvoiceId);

/// <summary>Which line of which invoice a consolidated line says again.</summary>
/// <param name="Line">Its position there, from 1.</param>
public sealed record LineOrigin(string CustomerId, string ContractId, string InvoiceId, int Line);

/// <summary>The usage invoices of a family as one invoice: what its parent is asked for.</summary>
/// <remarks>
/// Invariants: its lines are those of its constituents, each once, and its total is the sum of theirs. It draws nothing and bills no charge: its
/// constituents did. An invoice is on one consolidated invoice that is not void, or on none.
/// </remarks>
public static class Consolidation
{
    /// <summary>True while a usage period of a contract that ends within a parent's period, or before it, is not billed.</summary>
    /// <param name="of">The parent itself, or a child.</param>
    /// <param name="billedThrough">How far that one is billed.</param>
    /// <param name="period">Of the parent.</param>
    public static bool WaitsFor(Contract of, Instant? billedThrough, Interval period) => of.PeriodAfter(billedThrough) is { } next && next.End <= period.End;

    /// <summary>Usage periods of a contract that end after the start of a parent's period and not after its end: a child may be billed by the week.</summary>
    public static IEnumerable<Interval> PeriodsIn(Contract of, Interval period)
    {
        for (var next = of.PeriodAfter(null); next is { } one && one.End <= period.End; next = of.PeriodAfter(one.End))
            if (one.End > period.Start) yield return one;
    }

    /// <summary>The consolidated invoice.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="parent">Whose it is.</param>
    /// <param name="period">Of the parent.</param>
    /// <param name="constituents">With their lines, in the order that they shall have.</param>
    /// <param name="creditTypeId">The currency of the parent.</param>
    /// <param name="grace">Between the end of a period and its invoice.</param>
    /// <param name="versions">Of the parent's terms.</param>
    /// <remarks>Errors: <see cref="InvoiceCheckException"/> when a constituent is in another currency.</remarks>
    public static Invoice Of(string id, Contract parent, Interval period, IReadOnlyList<Invoice> constituents, string creditTypeId, Duration grace, InvoiceVersions versions)
    {
        if (constituents.FirstOrDefault(c => !string.Equals(c.CreditTypeId, creditTypeId, StringComparison.OrdinalIgnoreCase)) is { } foreign)
            throw new InvoiceCheckException($"Invoice {foreign.Id} of customer {foreign.CustomerId} is in another currency than the consolidated invoice that it belongs on.");
        var total = Exact.Sum(constituents.Select(c => c.Total));
        var lines = constituents.SelectMany(c => c.Lines.Select((line, i) => line with { Origin = new LineOrigin(c.CustomerId, c.ContractId, c.Id, i + 1) })).ToList();
        return new Invoice(
            id, parent.CustomerId, parent.Id, InvoiceType.UsageConsolidated, InvoiceStatus.Draft, null, creditTypeId, period.Start, period.End, parent.FinalAt(period, grace),
            parent.NetPaymentTermsDays, total, total, versions, lines, [])
        {
            Constituents = [.. constituents.Select(c => new Constituent(c.CustomerId, c.ContractId, c.Id))],
            FieldsOf = Fields(constituents),
        };
    }

    private static Dictionary<string, IReadOnlyDictionary<string, string>>? Fields(IReadOnlyList<Invoice> constituents)
    {
        var fields = new Dictionary<string, IReadOnlyDictionary<string, string>>(StringComparer.Ordinal);
        foreach (var (id, of) in constituents.SelectMany(c => c.FieldsOf ?? new Dictionary<string, IReadOnlyDictionary<string, string>>())) fields[id] = of;
        return fields.Count == 0 ? null : fields;
    }
}
