using Billing.Domain.Invoicing;
using Billing.Functions.Demo.Selling;
using Billing.Functions.Demo.Traffic;
using Billing.UseCases.Metering;
using Spectre.Console;

namespace Billing.Functions.Demo;

/// <summary>Prints what came out.</summary>
internal sealed class Report(IAnsiConsole console, TrafficPlan traffic)
{
    private const int Top = 10;

    public void Ingest(IngestTotals totals)
    {
        Heading("Events");
        console.WriteLine($"  accepted {totals.Accepted:N0} = counted {totals.Counted:N0} + duplicate {totals.Duplicate:N0} + rejected {totals.Rejected:N0} + pending {totals.Pending:N0}");
    }

    /// <summary>Tokens of the largest customers by model; the last row is what the product says of all together.</summary>
    public void Usage(Tallies usage, IReadOnlyDictionary<string, decimal> ofAll)
    {
        Heading("Usage: tokens by model");
        var models = MadeTraffic.Models.Concat(CsvTraffic.Models).Where(ofAll.ContainsKey).ToList();
        var customers = Enumerable.Range(0, traffic.Customers.Count)
            .Select(c => (Name: traffic.Customers[c], Tokens: usage.ByModel(c), Requests: usage.RequestsOf(c)))
            .OrderByDescending(c => c.Tokens.Values.Sum()).ToList();
        var table = NewTable("Customer", [.. models, "All tokens", "Requests"]);
        foreach (var (name, tokens, requests) in customers.Take(Top)) Add(table, name, tokens, tokens.Values.Sum(), requests, "");
        if (customers.Count > Top)
        {
            var rest = customers.Skip(Top).ToList();
            var tokens = models.ToDictionary(m => m, m => rest.Sum(c => c.Tokens.GetValueOrDefault(m)));
            Add(table, $"and {rest.Count:N0} more", tokens, tokens.Values.Sum(), rest.Sum(c => c.Requests), "grey");
        }
        Add(table, "All", ofAll, ofAll.Values.Sum(), customers.Sum(c => c.Requests), "bold");
        console.Write(table);

        void Add(Table to, string name, IReadOnlyDictionary<string, decimal> tokens, decimal all, decimal requests, string style) =>
            to.AddRow([Cell(name, style), .. models.Select(m => Cell($"{tokens.GetValueOrDefault(m):N0}", style)), Cell($"{all:N0}", style), Cell($"{requests:N0}", style)]);
    }

    public void Invoices(IReadOnlyList<IReadOnlyList<Invoice>> invoices)
    {
        Heading("Invoices");
        var table = NewTable("Customer", ["Period", "Number", "Lines", "Total"]);
        table.Columns[1].LeftAligned();
        var all = invoices.SelectMany((of, customer) => of.Select(i => (Name: traffic.Customers[customer], Invoice: i)))
            .OrderByDescending(i => i.Invoice.Total).ThenBy(i => i.Name, StringComparer.Ordinal).ToList();
        foreach (var (name, invoice) in all.Take(Top))
            table.AddRow(Cell(name), Cell(PeriodOf(invoice)), Cell($"{invoice.Number}"), Cell($"{invoice.Lines.Count}"), Cell(Dollars.Rounded(invoice.Total)));
        if (all.Count > Top)
        {
            var rest = all.Skip(Top).Select(i => i.Invoice).ToList();
            table.AddRow(Cell($"and {rest.Count:N0} more", "grey"), Cell(""), Cell(""), Cell($"{rest.Sum(i => i.Lines.Count):N0}", "grey"), Cell(Dollars.Rounded(rest.Sum(i => i.Total)), "grey"));
        }
        table.AddRow(
            Cell($"All {all.Count:N0} invoices", "bold"), Cell(""), Cell(""), Cell($"{all.Sum(i => i.Invoice.Lines.Count):N0}", "bold"), Cell(Dollars.Rounded(all.Sum(i => i.Invoice.Total)), "bold"));
        console.Write(table);
    }

    public void Checks(IReadOnlyList<Check> checks)
    {
        Heading("Checks: the product's figures against sums made from the traffic itself");
        foreach (var check in checks)
        {
            console.Write(new Text($"  checked: {check.What}: "));
            console.Write(new Text(check.Equal ? "equal" : "NOT EQUAL", new Style(check.Equal ? Color.Green : Color.Red)));
            console.WriteLine();
            foreach (var difference in check.Differences.Take(Top)) console.WriteLine($"    {difference}");
            if (check.Differences.Count > Top) console.WriteLine($"    and {check.Differences.Count - Top:N0} more");
        }
        if (checks.Any(c => !c.Equal)) console.WriteLine("The product and the traffic disagree: do not trust the figures above.");
    }

    /// <summary>What was given or prepaid, and what became of it.</summary>
    public void Balances(IReadOnlyList<Money> balances)
    {
        Heading("Balances: credits, commits and top-ups");
        var table = NewTable("Customer", ["Plan", "Granted", "Drawn", "Expired", "Left"]);
        table.Columns[1].LeftAligned();
        var all = balances.Select((m, c) => (Name: traffic.Customers[c], Plan: Deals.NameOf(Deals.PlanOf(c)), Money: m)).ToList();
        foreach (var (name, plan, money) in all.Take(Top)) Add(name, plan, [money], "");
        if (all.Count > Top) Add($"and {all.Count - Top:N0} more", "", all.Skip(Top).Select(b => b.Money), "grey");
        Add("All", "", balances, "bold");
        console.Write(table);

        void Add(string name, string plan, IEnumerable<Money> of, string style) => table.AddRow(
            Cell(name, style), Cell(plan, style), Cell(Dollars.Rounded(of.Sum(m => m.Granted)), style), Cell(Dollars.Rounded(of.Sum(m => m.Drawn)), style),
            Cell(Dollars.Rounded(of.Sum(m => m.Expired)), style), Cell(Dollars.Rounded(of.Sum(m => m.Left)), style));
    }

    internal static string PeriodOf(Invoice invoice) => invoice.Start.InUtc().Date.ToString("uuuu-MM", System.Globalization.CultureInfo.InvariantCulture);

    private void Heading(string text)
    {
        console.WriteLine();
        console.Write(new Text(text, new Style(decoration: Decoration.Bold)));
        console.WriteLine();
    }

    internal static Table NewTable(string first, IReadOnlyList<string> others)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumn(new TableColumn(new Text(first)).NoWrap());
        foreach (var other in others) table.AddColumn(new TableColumn(new Text(other)).RightAligned().NoWrap());
        return table;
    }

    internal static Text Cell(string text, string style = "") => style.Length == 0 ? new(text) : new(text, Style.Parse(style));
}
