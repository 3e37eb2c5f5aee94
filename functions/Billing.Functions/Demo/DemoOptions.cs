using System.Globalization;

namespace Billing.Functions.Demo;

/// <summary>What was asked for on the command line.</summary>
/// <param name="Seed">Of all chance: the same seed prints the same figures.</param>
/// <param name="Customers">How many; null for 300, or for 20 with files.</param>
/// <param name="EventsCount">Requests to make up; null for 300,000.</param>
/// <param name="Files">Real traffic instead of made-up.</param>
/// <param name="DataFolder">Kept afterwards; null for a temporary folder that is removed.</param>
/// <param name="Plain">Neither colours nor animation.</param>
/// <param name="Help">Only the help text is wanted.</param>
internal sealed record DemoOptions(int Seed, int? Customers, int? EventsCount, IReadOnlyList<string> Files, string? DataFolder, bool Plain, bool Help)
{
    public const int MaxEvents = 3_000_000;
    private const int MaxCustomers = 5_000;

    public const string HelpText = """
        Bills a month of an AI company from event to invoice, and checks every sum against its own.

        dotnet run --project functions/Billing.Functions -- demo [options]

          --events FILE.csv   Real traffic instead of made-up: columns TIMESTAMP,ContextTokens,GeneratedTokens. May be given several times.
          --customers N       How many customers, 1 to 5,000. Default: 300; with --events 20 (row number modulo N).
          --events-count N    How many requests to make up, 1 to 3,000,000. Default: 300,000.
          --seed N            The same seed prints the same figures. Default: 1.
          --data FOLDER       Keep the store there (a new or empty folder), to look at it with the server.
          --plain             Neither colours nor animation; so anyway when the output is redirected or CI=true.
          --help              This text.
        """;

    /// <summary>Reads the arguments after <c>demo</c>: the options, or what is wrong with them.</summary>
    public static (DemoOptions? Options, string? Wrong) Read(IReadOnlyList<string> args)
    {
        var read = new DemoOptions(1, null, null, [], null, false, false);
        for (var i = 0; i < args.Count; i++)
        {
            var (name, value) = args[i].IndexOf('=', StringComparison.Ordinal) is > 0 and var at && args[i].StartsWith("--", StringComparison.Ordinal)
                ? (args[i][..at], args[i][(at + 1)..]) : (args[i], null);
            if (name is "--plain" or "--help" or "-h")
            {
                if (value is not null) return (null, $"{name} takes no value.");
                read = name == "--plain" ? read with { Plain = true } : read with { Help = true };
                continue;
            }
            if (name is not ("--events" or "--customers" or "--events-count" or "--seed" or "--data")) return (null, $"There is no option '{args[i]}'.");
            value ??= i + 1 < args.Count ? args[++i] : null;
            if (string.IsNullOrEmpty(value)) return (null, $"{name} needs a value.");
            if (read.With(name, value) is not { } next) return (null, $"{name} is a whole number {Bounds(name)}, not '{value}'.");
            read = next;
        }
        return read.Files.Count > 0 && read.EventsCount is not null
            ? (null, "--events-count is for made-up traffic; with --events every row counts.")
            : (read, null);
    }

    private DemoOptions? With(string name, string value) => name switch
    {
        "--events" => this with { Files = [.. Files, value] },
        "--data" => this with { DataFolder = value },
        "--customers" => Number(value, 1, MaxCustomers) is { } n ? this with { Customers = n } : null,
        "--events-count" => Number(value, 1, MaxEvents) is { } n ? this with { EventsCount = n } : null,
        _ => Number(value, 0, int.MaxValue) is { } n ? this with { Seed = n } : null,
    };

    private static string Bounds(string name) => name switch
    {
        "--customers" => $"from 1 to {MaxCustomers:N0}",
        "--events-count" => $"from 1 to {MaxEvents:N0}",
        _ => $"from 0 to {int.MaxValue:N0}",
    };

    private static int? Number(string text, int least, int most) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most ? number : null;
}
