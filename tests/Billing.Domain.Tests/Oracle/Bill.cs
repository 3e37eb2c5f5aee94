using NodaTime;

namespace Billing.Domain.Tests.Oracle;

/// <summary>A line of a bill, in words that the engine and the oracle share.</summary>
/// <param name="What">Kind (but for usage), name, group values and tier.</param>
/// <param name="PaidBy">The segment that it was drawn from; null: it is to be paid.</param>
internal sealed record BillLine(string What, Instant Start, Instant End, Ratio Quantity, Ratio Price, Ratio Total, string? PaidBy)
{
    /// <summary>True for a line that only says that nothing was used.</summary>
    public bool IsEmpty => Quantity.IsZero && Total.IsZero;

    public string Text(Instant billStart, Instant billEnd)
    {
        var time = Start == billStart && End == billEnd ? "" : Start == End ? $" at {Words.Time(Start)}" : $" {Words.Time(Start)} / {Words.Time(End)}";
        return $"{What}{time}: {Quantity} x {Price} = {Total}{(PaidBy is null ? "" : $" from {PaidBy}")}";
    }

    public static string Values(IEnumerable<KeyValuePair<string, string?>> pricing, IEnumerable<KeyValuePair<string, string?>> shown)
    {
        var values = pricing.Concat(shown).ToList();
        return values.Count == 0 ? "" : $" [{Words.Values(values)}]";
    }
}

/// <summary>An invoice or a draft of one, in words that the engine and the oracle share.</summary>
/// <param name="Kind">USAGE, SCHEDULED or TRUEUP.</param>
/// <param name="Unrated">Usage that is not charged, one text each.</param>
internal sealed record Bill(string Contract, string Kind, Instant Start, Instant End, IReadOnlyList<BillLine> Lines, IReadOnlyList<string> Unrated, Ratio Total)
{
    /// <summary>Header and lines that are not empty, in an order of their own.</summary>
    public IEnumerable<string> Text()
    {
        var lines = Lines.Where(l => !l.IsEmpty).OrderBy(l => l.What, StringComparer.Ordinal).ThenBy(l => l.Start)
            .ThenByDescending(l => l.Price).ThenByDescending(l => l.PaidBy is not null).ThenBy(l => l.PaidBy, StringComparer.Ordinal).ThenBy(l => l.Quantity)
            .Select(l => "  " + l.Text(Start, End)).ToList();
        if (lines.Count == 0 && Total.IsZero && Unrated.Count == 0) return [];
        var time = Start == End ? Words.Time(End) : $"{Words.Time(Start)} / {Words.Time(End)}";
        return [$"{Contract} {Kind} {time} total {Total}", .. lines, .. Unrated.Order(StringComparer.Ordinal).Select(u => "  " + u)];
    }

    /// <summary>All bills, in the order of their end; those of one contract and date as one, because what is recorded late is billed by itself.</summary>
    public static IEnumerable<string> Text(IEnumerable<Bill> bills) => bills.GroupBy(b => (b.Contract, b.Kind, b.Start, b.End))
        .Select(g => g.First() with { Lines = [.. g.SelectMany(b => b.Lines)], Unrated = [.. g.SelectMany(b => b.Unrated)], Total = Ratio.Sum(g.Select(b => b.Total)) })
        .OrderBy(b => b.End).ThenBy(b => b.Contract, StringComparer.Ordinal).ThenByDescending(b => b.Kind, StringComparer.Ordinal).SelectMany(b => b.Text());
}

/// <summary>The account of a segment of a commit, entry by entry.</summary>
/// <param name="Entries">What was posted, and when.</param>
/// <param name="Left">After the drafts.</param>
internal sealed record SegmentAccount(string Segment, Ratio Granted, IReadOnlyList<(string What, Ratio Amount, Instant At)> Entries, Ratio Left)
{
    public string Text() => $"{Segment}: +{Granted}"
        + string.Concat(Entries.OrderBy(e => e.At).ThenBy(e => e.What, StringComparer.Ordinal).Select(e => $", {e.What} {e.Amount} at {Words.Time(e.At)}")) + $", left {Left}";
}

/// <summary>Everything that a world comes to.</summary>
internal sealed record Reckoning(IReadOnlyList<Bill> Bills, IReadOnlyList<SegmentAccount> Accounts)
{
    public IReadOnlyList<string> Text() => [.. Bill.Text(Bills), .. Accounts.Select(a => a.Text()).Order(StringComparer.Ordinal)];
}
