namespace Billing.Functions.Moving;

/// <summary>What was asked for on the command line of <c>export</c>, <c>import</c> and <c>release</c>.</summary>
/// <param name="Folder">Of the export; null for release.</param>
/// <param name="DryRun">Only look.</param>
/// <param name="Help">Only the help text is wanted.</param>
/// <param name="Settings">The rest: settings, as for the server.</param>
internal sealed record MoveOptions(string? Folder, bool DryRun, bool Help, IReadOnlyList<string> Settings)
{
    public const string HelpText = """
        Moves an installation: catalogue, customers, contracts, ledger, invoices, usage, archive, claims, keys.

        dotnet run --project functions/Billing.Functions -- export FOLDER [--dry-run] [--NAME=value …]
        dotnet run --project functions/Billing.Functions -- import FOLDER [--dry-run] [--NAME=value …]
        dotnet run --project functions/Billing.Functions -- release [--NAME=value …]

          export   Out of the stores that the settings name (BILLING_DATA, or BILLING_COSMOS and the others in Azure) into a folder. Nothing is taken or
                   changed from then on; what waits is counted first. Of the embedded store the server must be stopped; in Azure it must run, and
                   who sends to the hub directly must stop.
          import   From that folder into new stores: those of a server that was never used. Then start the server anew.
          release  Lets an installation that was exported go on where it is.

        Both go on where they were when they are broken off, and end with a comparison of every document, blob and claim. The folder holds secrets
        (the hash key, those of webhooks): keep it as you keep them.

          --dry-run  export: counts. import: checks the folder and that the stores are new. Nothing is written.
          --help     This text.
        """;

    /// <summary>Reads the arguments after the command: the options, or what is wrong with them.</summary>
    public static (MoveOptions? Options, string? Wrong) Read(string command, IReadOnlyList<string> args)
    {
        if (args.Any(a => a is "--help" or "-h")) return (new MoveOptions(null, false, true, []), null);
        var settings = args.Where(a => a.StartsWith("--", StringComparison.Ordinal) && a != "--dry-run").ToList();
        if (settings.FirstOrDefault(s => !s.Contains('=', StringComparison.Ordinal)) is { } odd) return (null, $"There is no option '{odd}'. Settings are written --NAME=value.");
        if (Hosting.Settings.Unknown(settings) is { } unknown) return (null, $"There is no setting '{unknown}'.");
        var folders = args.Where(a => !a.StartsWith("--", StringComparison.Ordinal)).ToList();
        var dryRun = args.Contains("--dry-run");
        return (command, folders.Count, dryRun) switch
        {
            ("release", > 0, _) => (null, $"release takes no folder, but '{folders[0]}' was given."),
            ("release", _, true) => (null, "release has no --dry-run."),
            ("release", _, _) => (new MoveOptions(null, false, false, settings), null),
            (_, 1, _) => (new MoveOptions(Path.GetFullPath(folders[0]), dryRun, false, settings), null),
            (_, 0, _) => (null, $"{command} needs a folder."),
            _ => (null, $"{command} takes one folder, but {folders.Count} were given."),
        };
    }
}
