using System.Globalization;
using Billing.Domain.Contracts;
using Billing.Domain.Invoicing;
using Billing.Domain.Values;
using NodaTime;
using NodaTime.Text;

namespace Billing.Functions.Pdf;

/// <summary>A line of the table.</summary>
/// <param name="IsGroup">True for the name of a product, whose lines follow.</param>
internal sealed record TextRow(string Description, string Detail, string Quantity, string UnitPrice, string Amount, bool IsGroup = false);

/// <summary>What an invoice's document says, in words.</summary>
/// <remarks>Amounts are shown in whole units of the currency with its minor units, half away from zero; sums are of the exact amounts and rounded once.</remarks>
internal sealed record InvoiceText(
    string Title, Party Seller, Party Buyer, IReadOnlyList<(string Name, string Value)> Facts, IReadOnlyList<TextRow> Rows, IReadOnlyList<(string Name, string Value)> Sums)
{
    /// <summary>What is said behind the sums; null: nothing.</summary>
    public string? Remark { get; init; }

    private static readonly InstantPattern Day = InstantPattern.CreateWithInvariantCulture("d MMMM uuuu");

    /// <summary>Says an invoice.</summary>
    /// <param name="invoice">With its lines.</param>
    /// <param name="seller">Where the invoice names none.</param>
    /// <param name="buyer">Likewise.</param>
    /// <param name="unitNames">Of the custom pricing units on it.</param>
    public static InvoiceText Of(Invoice invoice, Party seller, Party buyer, IReadOnlyDictionary<string, string> unitNames)
    {
        var currency = Currencies.Find(invoice.CreditTypeId)!;
        var applied = Exact.Sum(invoice.Lines.Where(l => l is { Type: LineType.AppliedCommitOrCredit, Counts: true } && l.CreditTypeId == invoice.CreditTypeId).Select(l => l.Total));
        var sums = new List<(string, string)>();
        if (applied != 0)
        {
            sums.Add(("Subtotal", Money(Exact.Add(invoice.Total, -applied), currency)));
            sums.Add(("Commits and credits applied", Money(applied, currency)));
        }
        sums.Add((invoice.Status == InvoiceStatus.Void ? $"Total in {Code(currency)} (void, not owed)" : $"Total due in {Code(currency)}", Money(invoice.Total, currency)));
        return new InvoiceText(TitleOf(invoice), invoice.Seller ?? seller, invoice.Buyer ?? buyer, FactsOf(invoice, currency), RowsOf(invoice, unitNames), sums);
    }

    private static string TitleOf(Invoice invoice) => invoice.Status switch
    {
        InvoiceStatus.Draft => "Draft invoice",
        InvoiceStatus.Void => "Void invoice",
        _ => invoice.Total < 0 ? "Credit note" : "Invoice",
    };

    private static List<(string, string)> FactsOf(Invoice invoice, CreditType currency)
    {
        var facts = new List<(string, string)>();
        if (invoice.Number is { } number) facts.Add(("Number", number.ToString(CultureInfo.InvariantCulture)));
        facts.Add((invoice.Status == InvoiceStatus.Draft ? "To be issued" : "Issued", Day.Format(invoice.IssuedAt)));
        if (invoice.NetPaymentTermsDays is { } days) facts.Add(("Due", Day.Format(invoice.IssuedAt + Duration.FromDays(days))));
        if (invoice.Type is InvoiceType.Usage or InvoiceType.UsageConsolidated) facts.Add(("Period", Span(invoice.Start, invoice.End)));
        facts.Add(("Currency", Code(currency)));
        facts.Add(("Reference", invoice.Id));
        return facts;
    }

    /// <summary>Product by product, in the order of their first lines; what a commit paid stays with what it paid for.</summary>
    private static List<TextRow> RowsOf(Invoice invoice, IReadOnlyDictionary<string, string> unitNames)
    {
        var groups = new OrderedDictionary<string, List<InvoiceLine>>(StringComparer.Ordinal);
        var key = "";
        foreach (var line in invoice.Lines)
        {
            if (line.Type != LineType.AppliedCommitOrCredit) key = $"{line.Type} {line.ProductId} {line.CreditTypeId}";
            if (!groups.TryGetValue(key, out var lines)) groups.Add(key, lines = []);
            lines.Add(line);
        }
        var rows = new List<TextRow>();
        foreach (var lines in groups.Values.Select(all => all.Where(l => l.Quantity != 0 || l.Total != 0).ToList()).Where(l => l.Count > 0))
        {
            var sum = Exact.Sum(lines.Where(l => l.Counts).Select(l => l.Total));
            rows.Add(new TextRow(lines[0].Name, "", "", "", lines.Count > 1 ? Amount(sum, lines[0].CreditTypeId, unitNames) : "", IsGroup: true));
            rows.AddRange(lines.Select(l => Row(l, unitNames)));
        }
        return rows;
    }

    private static TextRow Row(InvoiceLine line, IReadOnlyDictionary<string, string> unitNames)
    {
        if (line.Type == LineType.AppliedCommitOrCredit)
            return line.Counts
                ? new TextRow(line.Name, Span(line.StartingAt, line.EndingBefore), "", "", Amount(line.Total, line.CreditTypeId, unitNames))
                : new TextRow($"{line.Name}: counts towards the commitment", "", "", "", "");
        List<string> what = [.. line.PricingGroupValues.Concat(line.PresentationGroupValues).Select(v => $"{v.Key} {v.Value ?? "(none)"}")];
        if (line.Tier is { } tier) what.Add($"tier {tier.Level}");
        if (line.IsProrated == true) what.Add("prorated");
        if (line.AdjustsPeriod is { } adjusted) what.Add($"late usage of the period from {Day.Format(adjusted)}");
        return new TextRow(
            what.Count > 0 ? string.Join(" · ", what) : line.Name, Span(line.StartingAt, line.EndingBefore), Number(line.Quantity),
            Price(line.UnitPrice, line.CreditTypeId), Amount(line.Total, line.CreditTypeId, unitNames));
    }

    /// <summary>The last day belongs to it.</summary>
    private static string Span(Instant start, Instant end)
    {
        var (first, last) = (Day.Format(start), Day.Format(end > start ? end - Duration.Epsilon : end));
        return first == last ? first : $"{first} – {last}";
    }

    private static string Amount(decimal amount, string creditTypeId, IReadOnlyDictionary<string, string> unitNames) =>
        Currencies.Find(creditTypeId) is { } currency ? Money(amount, currency) : $"{Number(amount)} {unitNames.GetValueOrDefault(creditTypeId, "units")}";

    internal static string Date(Instant at) => Day.Format(at);

    internal static string Money(decimal amount, CreditType currency)
    {
        var isCents = IsCents(currency);
        var decimals = isCents ? 2 : currency.MinorUnitDecimals;
        var shown = decimal.Round(isCents ? amount / 100 : amount, decimals, MidpointRounding.AwayFromZero);
        return shown.ToString("N" + decimals.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
    }

    // A unit price is shown as exactly as it is agreed.
    private static string Price(decimal price, string creditTypeId) => Currencies.Find(creditTypeId) is { } currency && IsCents(currency) ? Number(price / 100, 2) : Number(price);

    private static string Number(decimal value, int least = 0) => value.ToString("#,##0." + new string('0', least) + new string('#', 28 - least), CultureInfo.InvariantCulture);

    private static bool IsCents(CreditType currency) => currency.Id == Currencies.Usd.Id;

    internal static string Code(CreditType currency) => IsCents(currency) ? "USD" : currency.Name;
}
