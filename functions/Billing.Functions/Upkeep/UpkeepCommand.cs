using System.Runtime.InteropServices;
using Billing.UseCases.Documents;
using Billing.UseCases.Moving;
using NodaTime;

namespace Billing.Functions.Upkeep;

/// <summary>The commands <c>export</c>, <c>import</c>, <c>release</c> and <c>rebuild</c>.</summary>
public static class UpkeepCommand
{
    private const int Differs = 1;
    private const int BadInput = 2;
    private const int GivenUp = 130;

    /// <summary>The commands' names.</summary>
    public static readonly IReadOnlyList<string> Names = ["export", "import", "release", "rebuild"];

    /// <summary>Runs a command.</summary>
    /// <param name="command">One of <see cref="Names"/>.</param>
    /// <param name="args">What came after it.</param>
    /// <param name="realClock">The time.</param>
    /// <param name="output">Takes what is done.</param>
    /// <param name="errors">Takes what is wrong.</param>
    /// <returns>0; 1 when the comparison found a difference; 2 when nothing could be done; 130 when it was stopped.</returns>
    public static async Task<int> RunAsync(string command, IReadOnlyList<string> args, IClock realClock, TextWriter output, TextWriter errors)
    {
        var (options, wrong) = UpkeepOptions.Read(command, args);
        if (options is null)
        {
            await errors.WriteLineAsync($"{wrong}\n\n{UpkeepOptions.HelpText}");
            return BadInput;
        }
        if (options.Help)
        {
            await output.WriteLineAsync(UpkeepOptions.HelpText);
            return 0;
        }
        using var giveUp = new CancellationTokenSource();
        using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => { signal.Cancel = true; giveUp.Cancel(); });
        try
        {
            await using var stores = UpkeepStores.Open(options.Settings, realClock, mustExist: command != "import");
            return await RunAsync(command, options, stores, output, errors, giveUp.Token);
        }
        catch (OperationCanceledException) when (giveUp.IsCancellationRequested)
        {
            await errors.WriteLineAsync("Stopped. The same command goes on where it was.");
            return GivenUp;
        }
        catch (Exception fault) when (fault is InvalidDataException or InvalidOperationException or IOException or UnauthorizedAccessException or ArgumentException or FormatException)
        {
            await errors.WriteLineAsync(fault.Message);
            return BadInput;
        }
        catch (Exception fault)
        {
            // A service that does not answer, or says no: whatever its client throws.
            await errors.WriteLineAsync($"{fault.GetType().Name}: {fault.Message}\nThe same command goes on where it was.");
            return BadInput;
        }
    }

    private static async Task<int> RunAsync(string command, UpkeepOptions options, UpkeepStores stores, TextWriter output, TextWriter errors, CancellationToken stop)
    {
        if (command == "release")
        {
            await output.WriteLineAsync(await ImportInstallation.ReleaseAsync(stores.Get<IDocumentStore>(), stop) ? "The installation goes on here. Start the server, if it does not run." : "Nothing held the installation.");
            return 0;
        }
        await stores.LoadClockAsync(stop);
        SayStep say = output.WriteLine;
        if (command == "rebuild")
        {
            var rebuilt = await stores.RebuildAsync(options.From, options.DryRun, say, stop);
            await output.WriteLineAsync(options.DryRun
                ? FormattableString.Invariant($"{rebuilt.Removed:N0} documents would be removed, and made anew from {rebuilt.Messages:N0} messages. Nothing was written.")
                : FormattableString.Invariant($"{rebuilt.Removed:N0} documents removed, {rebuilt.Messages:N0} messages folded. The server goes on; start it, if it does not run."));
            return 0;
        }
        var folder = new MoveFolder(options.Folder!);
        var moved = (command, options.DryRun) switch
        {
            ("export", true) => new Moved([], await stores.Make<ExportInstallation>().CountAsync(stop)),
            ("export", _) => await stores.Make<ExportInstallation>().RunAsync(folder, stores.HeardAsync, token => stores.DrainAsync(say, token), say, stop),
            (_, var dryRun) => await stores.Make<ImportInstallation>().RunAsync(folder, stores.HeardAsync, say, dryRun, stop),
        };
        foreach (var (kind, count) in moved.Kinds) await output.WriteLineAsync(FormattableString.Invariant($"  {kind,-22} {count,12:N0}"));
        if (moved.Differences.Count > 0)
        {
            foreach (var difference in moved.Differences) await errors.WriteLineAsync(difference);
            await errors.WriteLineAsync(command == "export"
                ? "The installation was changed while it was copied. Stop what changes it, and export again."
                : "The stores are not what was exported, and stay held. Was anything else writing to them? Empty them, and import again.");
            return Differs;
        }
        await output.WriteLineAsync((command, options.DryRun) switch
        {
            ("export", _) when moved.DoneBefore is { } at => $"The export in {folder.Path} was finished at {at}; what has changed since is not in it. For a new one, name a new folder.",
            ("import", _) when moved.DoneBefore is { } at => $"The export of {at} was imported here already; nothing was changed.",
            (_, true) => "Nothing was written.",
            ("export", _) => $"Exported to {folder.Path}, and compared: equal. This installation stays held. Import it elsewhere, or let it go on here with 'release'.",
            _ => "Imported, and compared: equal. Start the server anew; the API keys are those of the installation that was moved.",
        });
        return 0;
    }
}
