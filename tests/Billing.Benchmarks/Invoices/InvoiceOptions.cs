using System.Globalization;

namespace Billing.Benchmarks.Invoices;

/// <summary>What was asked for on the command line.</summary>
/// <param name="Customers">Customers, each with an invoice.</param>
/// <param name="Products">Products that each of them uses, hour by hour.</param>
/// <param name="Json">File for the figures; null for none.</param>
internal sealed record InvoiceOptions(int Customers = 10_000, int Products = 20, string? Json = null)
{
    /// <summary>Customers more, whose invoices are issued before the measuring.</summary>
    public int WarmUp => Math.Min(1_000, Customers / 2);

    public const string Help = """
        Measures invoicing in one process: usage of 30 days by the hour, rated and issued, on one core and on two.

        dotnet run -c Release --project tests/Billing.Benchmarks -- invoices [options]

          --customers N     Customers, an invoice each; half of them for each count of cores. Default: 10,000.
          --products N      Products each, 1 to 100. Default: 20.
          --json FILE       Write the figures to a file too.

        Exit code: 0; 1 when a total was wrong or the run could not be done; 2 when the arguments are.
        """;

    /// <summary>Reads the arguments; null and a complaint when they can't be read.</summary>
    public static (InvoiceOptions? Read, string? Complaint) From(IReadOnlyList<string> arguments)
    {
        var options = new InvoiceOptions();
        for (var i = 0; i < arguments.Count; i += 2)
        {
            var value = i + 1 < arguments.Count ? arguments[i + 1] : "";
            switch (arguments[i])
            {
                case "--json" when value.Length > 0: options = options with { Json = Path.GetFullPath(value) }; break;
                case "--customers" when Number(value, 40, 1_000_000) is { } customers: options = options with { Customers = customers }; break;
                case "--products" when Number(value, 1, 100) is { } products: options = options with { Products = products }; break;
                default: return (null, $"'{arguments[i]} {value}' is not an option.");
            }
        }
        return (options, null);
    }

    private static int? Number(string text, int least, int most) =>
        int.TryParse(text.Replace(",", "", StringComparison.Ordinal), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most ? number : null;
}
