using NodaTime;
using NodaTime.Text;

namespace Billing.Functions.Upkeep;

/// <summary>What was asked for on the command line of <c>export</c>, <c>import</c>, <c>release</c> and <c>rebuild</c>.</summary>
/// <param name="Folder">Of the export; null for the others.</param>
/// <param name="From">The first month to rebuild; null for all.</param>
/// <param name="DryRun">Only look.</param>
/// <param name="Help">Only the help text is wanted.</param>
/// <param name="Settings">The rest: settings, as for the server.</param>
internal sealed record UpkeepOptions(string? Folder, YearMonth? From, bool DryRun, bool Help, IReadOnlyList<string> Settings)
{
    public const string HelpText = """
        Moves an installation (catalogue, customers, contracts, ledger, invoices, usage, archive, claims, keys), or makes its usage anew.

        dotnet run --project functions/Billing.Functions -- export FOLDER [--dry-run] [--NAME=value …]
        dotnet run --project functions/Billing.Functions -- import FOLDER [--dry-run] [--NAME=value …]
        dotnet run --project functions/Billing.Functions -- release [--NAME=value …]
        dotnet run --project functions/Billing.Functions -- rebuild [--from=YYYY-MM] [--dry-run] [--NAME=value …]

          export   Out of the stores that the settings name (BILLING_DATA, or BILLING_COSMOS and the others in Azure) into a folder. Nothing is taken or
                   changed from then on; what waits is counted first. Of the embedded store the server must be stopped; in Azure it must run, and
                   who sends to the hub directly must stop.
          import   From that folder into new stores: those of a server that was never used. Then start the server anew.
          release  Lets an installation that was exported go on where it is.
          rebuild  Removes the windows of usage and makes them anew from the archive: after the loss of the container "usage", or a part of it. Meanwhile
                   nothing is taken or answered. Of the embedded store the server must be stopped. Issued invoices stay as they are.

        All go on where they were when they are broken off. export and import end with a comparison of every document, blob and claim. The folder
        holds secrets (the hash key, those of webhooks): keep it as you keep them.

          --from     rebuild: only this month and later ones, where the archive does not reach back to the beginning.
          --dry-run  export: counts. import: checks the folder and that the stores are new. rebuild: checks the archive. Nothing is written.
          --help     This text.
        """;

    /// <summary>Reads the arguments after the command: the options, or what is wrong with them.</summary>
    public static (UpkeepOptions? Options, string? Wrong) Read(string command, IReadOnlyList<string> args)
    {
        if (args.Any(a => a is "--help" or "-h")) return (new UpkeepOptions(null, null, false, true, []), null);
        YearMonth? month = null;
        var settings = new List<string>();
        foreach (var option in args.Where(a => a.StartsWith("--", StringComparison.Ordinal) && a != "--dry-run"))
        {
            if (!option.Contains('=', StringComparison.Ordinal)) return (null, $"There is no option '{option}'. Values are written --NAME=value.");
            if (!option.StartsWith("--from=", StringComparison.Ordinal)) settings.Add(option);
            else if (command != "rebuild") return (null, $"{command} has no --from.");
            else if (YearMonthPattern.Iso.Parse(option["--from=".Length..]) is { Success: true } parsed) month = parsed.Value;
            else return (null, $"--from is a month as YYYY-MM, not '{option["--from=".Length..]}'.");
        }
        if (Hosting.Settings.Unknown(settings) is { } unknown) return (null, $"There is no setting '{unknown}'.");
        var folders = args.Where(a => !a.StartsWith("--", StringComparison.Ordinal)).ToList();
        var dryRun = args.Contains("--dry-run");
        return (command, folders.Count, dryRun) switch
        {
            ("release" or "rebuild", > 0, _) => (null, $"{command} takes no folder, but '{folders[0]}' was given."),
            ("release", _, true) => (null, "release has no --dry-run."),
            ("release" or "rebuild", _, _) => (new UpkeepOptions(null, month, dryRun, false, settings), null),
            (_, 1, _) => (new UpkeepOptions(Path.GetFullPath(folders[0]), null, dryRun, false, settings), null),
            (_, 0, _) => (null, $"{command} needs a folder."),
            _ => (null, $"{command} takes one folder, but {folders.Count} were given."),
        };
    }
}
