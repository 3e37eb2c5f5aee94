using System.Globalization;
using Billing.Domain.Invoicing;
using Billing.Functions.Demo.Selling;
using Billing.Functions.Demo.Traffic;
using NodaTime;
using Spectre.Console;

namespace Billing.Functions.Demo;

/// <summary>Says why an invoice is what it is.</summary>
internal sealed class Why(IAnsiConsole console, TrafficPlan traffic)
{
    /// <summary>Of each plan the invoice with the most usage, and the one that carries late usage.</summary>
    public void Show(IReadOnlyList<IReadOnlyList<Invoice>> invoices)
    {
        var all = invoices.SelectMany((of, customer) => of.Where(i => i.Type == InvoiceType.Usage).Select(i => (Customer: customer, Invoice: i, Gross: Gross(i)))).ToList();
        var shown = all.GroupBy(i => Deals.PlanOf(i.Customer)).Select(g => g.MaxBy(i => i.Gross)).Concat(all.Where(i => i.Invoice.Lines.Any(l => l.AdjustsPeriod is not null)).Take(1));
        foreach (var (customer, invoice, _) in shown.DistinctBy(s => s.Invoice.Id).OrderByDescending(s => s.Gross)) Page(customer, invoice);
    }

    /// <summary>Lines of one product, group and price together, then what paid for them; exact: fractions of a cent stay until somebody pays.</summary>
    private void Page(int customer, Invoice invoice)
    {
        console.WriteLine();
        console.Write(new Text($"Why {Dollars.Rounded(invoice.Total)}: {traffic.Customers[customer]} ({Deals.NameOf(Deals.PlanOf(customer))}), number {invoice.Number}, {Report.PeriodOf(invoice)}", new Style(decoration: Decoration.Bold)));
        console.WriteLine();
        var table = Report.NewTable("Line", ["For", "Quantity", "Unit price", "Total"]);
        table.Columns[1].LeftAligned();
        Instant? period = null;
        foreach (var line in invoice.Lines.Where(l => l.Type != LineType.AppliedCommitOrCredit && (l.Quantity != 0 || l.Total != 0))
            .OrderBy(l => l.AdjustsPeriod ?? Instant.MinValue).GroupBy(l => (l.AdjustsPeriod, l.Name, For: ForOf(l, invoice), l.UnitPrice, Million: l.ProductTags.Contains(Sell.Tokens))))
        {
            var (late, name, of, price, million) = line.Key;
            if (late is { } adjusts && late != period) table.AddRow(Report.Cell($"Late, of {Day(adjusts, "uuuu-MM")}:", "italic"));
            period = late;
            table.AddRow(
                Report.Cell(name), Report.Cell(of), Report.Cell($"{line.Sum(l => l.Quantity):#,##0.######}{(million ? " M" : "")}"),
                Report.Cell($"× {Dollars.Exact(price)}{(million ? " per M" : "")}"), Report.Cell($"= {Dollars.Exact(line.Sum(l => l.Total))}"));
        }
        foreach (var paid in invoice.Lines.Where(l => l.Type == LineType.AppliedCommitOrCredit).GroupBy(l => l.Name))
            table.AddRow(Report.Cell(paid.Key), Report.Cell(""), Report.Cell(""), Report.Cell(""), Report.Cell($"- {Dollars.Exact(-paid.Sum(l => l.Total))}"));
        table.AddRow(Report.Cell("Total", "bold"), Report.Cell(""), Report.Cell(""), Report.Cell(""), Report.Cell(Dollars.Exact(invoice.Total), "bold"));
        console.Write(table);
    }

    private static string ForOf(InvoiceLine line, Invoice invoice)
    {
        var what = line.Tier is { } tier
            ? tier.Size is { } size ? $"{tier.StartingAt:N0} to {tier.StartingAt + size:N0}" : $"over {tier.StartingAt:N0}"
            : string.Join(", ", line.PricingGroupValues.OrderBy(v => v.Key, StringComparer.Ordinal).Select(v => v.Value));
        if (line.OverrideId is not null) what += $" ({(1 - Deals.Multiplier) * 100:0} % off)";
        if (line.AdjustsPeriod is not null) return what;
        if (line.StartingAt > invoice.Start) return $"{what} from {Day(line.StartingAt, "MM-dd")}";
        return line.EndingBefore < invoice.End ? $"{what} to {Day(line.EndingBefore - Duration.Epsilon, "MM-dd")}" : what;
    }

    private static string Day(Instant at, string pattern) => at.InUtc().Date.ToString(pattern, CultureInfo.InvariantCulture);

    private static decimal Gross(Invoice invoice) => invoice.Lines.Where(l => l.Type != LineType.AppliedCommitOrCredit).Sum(l => l.Total);
}
