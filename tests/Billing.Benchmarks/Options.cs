using System.Globalization;

namespace Billing.Benchmarks;

/// <summary>What was asked for on the command line.</summary>
/// <param name="Events">Events to measure.</param>
/// <param name="Preload">Events stored before the measuring begins.</param>
/// <param name="Connections">HTTP connections of the load.</param>
/// <param name="Postgres">Whether PostgreSQL is measured beside it.</param>
/// <param name="Build">Whether the server is built first.</param>
/// <param name="Json">File for the figures; null for none.</param>
/// <param name="Partitions">Partitions of the server's log; null for its default.</param>
internal sealed record Options(long Events = 1_000_000, long Preload = 0, int Connections = 6, bool Postgres = true, bool Build = true, string? Json = null, int? Partitions = null)
{
    public const string Help = """
        Measures usage ingest from outside, over HTTP, and PostgreSQL beside it.

        dotnet run -c Release --project tests/Billing.Benchmarks -- [options]
        dotnet run -c Release --project tests/Billing.Benchmarks -- invoices --help

          --events N        Events to measure. Default: 1,000,000.
          --preload N       Events stored before measuring. Default: 0.
          --full            Preload 5,000,000 and measure 5,000,000 more.
          --connections N   HTTP connections of the load, 1 to 64. Default: 6.
          --partitions N    Partitions of the server's log, 1 to 32. Default: the server's.
          --no-postgres     Without PostgreSQL.
          --no-build        Take the server as it was last built in Release.
          --json FILE       Write the figures to a file too.

        Exit code: 0; 1 when a total was wrong or the run could not be done; 2 when the arguments are.
        """;

    private const long Most = 100_000_000;
    private const long Million = 1_000_000;

    /// <summary>Reads the arguments; null and a complaint when they can't be read.</summary>
    public static (Options? Read, string? Complaint) From(string[] arguments)
    {
        var options = new Options();
        for (var i = 0; i < arguments.Length; i++)
        {
            var value = i + 1 < arguments.Length ? arguments[i + 1] : "";
            switch (arguments[i])
            {
                case "--full": options = options with { Preload = 5 * Million, Events = 5 * Million }; break;
                case "--no-postgres": options = options with { Postgres = false }; break;
                case "--no-build": options = options with { Build = false }; break;
                case "--json" when value.Length > 0: (options, i) = (options with { Json = Path.GetFullPath(value) }, i + 1); break;
                case "--events" when Number(value, 1_000, Most) is { } events: (options, i) = (options with { Events = events }, i + 1); break;
                case "--preload" when Number(value, 0, Most) is { } preload: (options, i) = (options with { Preload = preload }, i + 1); break;
                case "--connections" when Number(value, 1, 64) is { } connections: (options, i) = (options with { Connections = (int)connections }, i + 1); break;
                case "--partitions" when Number(value, 1, 32) is { } partitions: (options, i) = (options with { Partitions = (int)partitions }, i + 1); break;
                default: return (null, $"'{arguments[i]} {value}' is not an option.");
            }
        }
        return (options, null);
    }

    private static long? Number(string text, long least, long most) =>
        long.TryParse(text.Replace(",", "", StringComparison.Ordinal), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most ? number : null;
}
