using System.Globalization;
using Billing.Domain.Credits;
using Billing.Domain.Invoicing;
using Billing.Domain.Metering;
using Billing.Domain.Values;
using Billing.UseCases.Contracts;
using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.UseCases.Invoicing;

public enum BreakdownSize
{
    Hour,
    Day,
}

/// <summary>A part of an invoice: what it costs in a window of its period.</summary>
public sealed record InvoiceSlice(Invoice Invoice, Interval Window);

/// <summary>Usage invoices by the hour or the day. The slices of a draft sum to the draft.</summary>
/// <remarks>A final invoice is rated again with the terms that it names and what it drew from commits; usage that came later is in its slices, as the Metronome API says.</remarks>
public sealed class InvoiceBreakdowns(IDocumentStore store, IClock clock, ReadAccounts read, LateUsage late, SettingsStore settings)
{
    /// <summary>Slices of the usage invoices that fit, in the order in which these are listed and then by time; void ones only when they are asked for.</summary>
    /// <param name="filter">Without times.</param>
    /// <param name="size">Hours, or days of UTC.</param>
    /// <param name="asked">Windows that lie in it entirely. Bounds: 24 hours by the hour, 35 days by the day.</param>
    public async Task<Outcome<Listed<InvoiceSlice>>> ListAsync(string customerId, InvoiceFilter filter, BreakdownSize size, Interval asked, string? after, int limit, CancellationToken stop)
    {
        if (!Windows(size, asked).Is(out var windows, out var refusal)) return refusal;
        var now = clock.GetCurrentInstant();
        windows = [.. windows.Where(w => w.Start <= now)];
        if (await read.ReadAsync(customerId, null, now, stop) is not { } account) return Customers.NotFound(customerId);
        List<InvoiceSlice> slices;
        try
        {
            slices = [.. await DraftsAsync(account, filter, windows, now, stop), .. await FinalAsync(account, filter, windows, now, stop)];
        }
        catch (UsageNotReadyException filling)
        {
            return filling.Refusal;
        }
        slices = [.. slices.OrderBy(s => s.Invoice.IssuedAt).ThenBy(s => s.Invoice.Start).ThenBy(s => s.Invoice.Id, StringComparer.Ordinal).ThenBy(s => s.Window.Start)];
        if (filter.NewestFirst) slices.Reverse();
        return Pages.After(slices, Cursor, after, limit);
    }

    private static Outcome<List<Interval>> Windows(BreakdownSize size, Interval asked)
    {
        var (window, length, most) = size == BreakdownSize.Hour ? (WindowSize.Hour, Duration.FromHours(1), 24) : (WindowSize.Day, Duration.FromDays(1), 35);
        if (asked.Duration > length * most)
            return new Refusal("range_too_long", $"At most {most} {(size == BreakdownSize.Hour ? "hours" : "days")} are broken down at once; ask for less.", "ending_before");
        var bounds = UsageWindows.Bounds(asked.Start, asked.End, window, DateTimeZone.Utc, widen: true)!;
        return (List<Interval>)[.. bounds.Zip(bounds.Skip(1), (start, end) => new Interval(start, end)).Where(w => w.Start >= asked.Start && w.End <= asked.End)];
    }

    private async Task<List<InvoiceSlice>> DraftsAsync(Account account, InvoiceFilter filter, List<Interval> windows, Instant now, CancellationToken stop)
    {
        if (filter.Status is not (null or InvoiceStatus.Draft)) return [];
        var settled = await settings.GetAsync(stop);
        var open = await late.CarriedAsync(account, AccountRating.Open(account.Contracts, now), settled.LateUsagePolicy, stop);
        var (slices, counts) = (new List<InvoiceSlice>(), new Dictionary<Statement, int>(ReferenceEqualityComparer.Instance));
        await foreach (var (window, statement, slice) in SlicesAsync(account, open, windows, now, stop))
        {
            if (!counts.TryGetValue(statement, out var n))
                counts[statement] = n = await InvoiceDocuments.CountAsync(store, account.Customer.Id, statement.Terms.Contract.Id, statement.Type, statement.Period.Start, stop);
            var invoice = InvoiceMaking.Of(new StatementResult(statement, slice), n, settled.Grace, InvoiceStatus.Draft, null);
            if (filter.Fits(invoice)) slices.Add(new InvoiceSlice(invoice, window));
        }
        return slices;
    }

    private async Task<List<InvoiceSlice>> FinalAsync(Account account, InvoiceFilter filter, List<Interval> windows, Instant now, CancellationToken stop)
    {
        if (filter.Status == InvoiceStatus.Draft) return [];
        var slices = new List<InvoiceSlice>();
        var wanted = filter with { Status = filter.Status ?? InvoiceStatus.Finalized };
        foreach (var header in (await InvoiceDocuments.HeadersAsync(store, account.Customer.Id, stop)).Where(h => h.Invoice.Type == InvoiceType.Usage && wanted.Fits(h.Invoice)))
        {
            if (!windows.Exists(w => w.End > header.Invoice.Start && w.Start < header.Invoice.End)) continue;
            var invoice = await InvoiceDocuments.WholeAsync(store, header, stop);
            if (await late.AsBilledAsync(account, invoice, stop) is not { } terms) continue;
            var adjustments = invoice.Lines.Where(l => l.AdjustsPeriod is not null).ToList();
            var statement = AccountRating.Again(terms, InvoiceType.Usage, new Interval(invoice.Start, invoice.End), invoice.ChargeIds);
            await foreach (var (window, _, slice) in SlicesAsync(account with { Ledger = LeftFor(invoice, terms, adjustments) }, [statement], windows, now, stop))
            {
                // What it carries for other periods is in its first slice.
                var carried = window.Start == invoice.Start ? adjustments : [];
                var total = Exact.Add(slice.Total, terms.Total(carried));
                slices.Add(new InvoiceSlice(invoice with { Lines = [.. slice.Lines, .. carried], Unrated = slice.Unrated, Subtotal = total, Total = total }, window));
            }
        }
        return slices;
    }

    /// <summary>The slices of usage statements, window by window. A statement that can't be rated has none.</summary>
    private async IAsyncEnumerable<(Interval Window, Statement Statement, RatedStatement Slice)> SlicesAsync(
        Account account, IReadOnlyList<Statement> statements, List<Interval> windows, Instant now, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken stop)
    {
        var periods = statements.Where(s => s.Type == InvoiceType.Usage).Select(s => s.Period).ToList();
        if (periods.Count == 0) yield break;
        var (first, last) = (periods.Min(p => p.Start), periods.Max(p => p.End));
        var touched = windows.Where(w => w.End > first && w.Start < last).ToList();
        if (touched.Count == 0) yield break;
        var before = await RateAsync(touched[0].Start);
        foreach (var window in touched)
        {
            var after = await RateAsync(window.End);
            for (var i = 0; i < statements.Count; i++)
            {
                var (statement, period) = (statements[i], statements[i].Period);
                if (statement.Type != InvoiceType.Usage || period.Start >= window.End || period.End <= window.Start || after[i] is not { } rated) continue;
                var part = new Interval(Instant.Max(window.Start, period.Start), Instant.Min(window.End, period.End));
                yield return (part, statement, Slices.Between(window.Start <= period.Start ? null : before[i], rated, part));
            }
            before = after;
        }

        async Task<RatedStatement?[]> RateAsync(Instant until)
        {
            var upTo = statements.Select(s => s.UpTo(until)).ToList();
            var results = (await read.RateAsync(account, upTo, until, Instant.Min(now, until), stop, (_, fault) => RatingFaults.Lasts(fault))).Statements
                .ToDictionary(r => (object)r.Statement, r => (RatedStatement?)r.Rated, ReferenceEqualityComparer.Instance);
            return [.. upTo.Select(s => results.GetValueOrDefault(s))];
        }
    }

    /// <summary>Balances that hold just what an invoice drew for its own period.</summary>
    private static LedgerTotals LeftFor(Invoice invoice, Terms terms, List<InvoiceLine> adjustments)
    {
        var drawn = invoice.Draws.ToDictionary(d => d.SegmentId, d => d.Amount, StringComparer.Ordinal);
        foreach (var line in adjustments.Where(l => l is { Type: LineType.AppliedCommitOrCredit, Commit.SegmentId: not null }))
            drawn[line.Commit!.SegmentId!] = Exact.Add(drawn.GetValueOrDefault(line.Commit.SegmentId!), line.Total);
        return new LedgerTotals(terms.Commits.SelectMany(c => c.Access).ToDictionary(
            s => s.Id, s => SegmentTotals.None with { Posted = Exact.Add(drawn.GetValueOrDefault(s.Id), -s.Amount) }, StringComparer.Ordinal));
    }

    private static string Cursor(InvoiceSlice slice) => slice.Window.Start.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture) + "." + slice.Invoice.Id;
}
