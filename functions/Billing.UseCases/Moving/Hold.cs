using Billing.UseCases.Documents;
using Billing.UseCases.Metering;
using NodaTime;

namespace Billing.UseCases.Moving;

/// <summary>What an installation is held for.</summary>
public enum HoldKind
{
    /// <summary>Out of these stores: what waits in the log is still counted until the hold is sealed, and nothing else is changed.</summary>
    Export,

    /// <summary>Into these stores: nothing is changed but by the import.</summary>
    Import,

    /// <summary>The windows of usage are made anew: nothing is changed, and what is asked would be answered from a part of them.</summary>
    Rebuild,
}

/// <summary>Why an installation stands still.</summary>
/// <param name="Id">Of the export, or the rebuild.</param>
/// <param name="Kind">What it is held for.</param>
/// <param name="Since">When it began.</param>
/// <param name="Sealed">Export: all that was taken is counted; what comes now waits in the log, for the copy would not have it.</param>
/// <param name="Done">Import: so many of the export's parts are in the stores. Rebuild: 1 from when windows are removed, 2 when they are gone.</param>
/// <param name="From">Rebuild: the first month, as YYYY-MM; null for all.</param>
public sealed record Hold(string Id, HoldKind Kind, Instant Since, bool Sealed = false, int Done = 0, string? From = null);

/// <summary>Says whether this process may change anything. It looks again every few seconds, so that a hold reaches every instance of the app.</summary>
/// <param name="documents">Where the installation is.</param>
/// <param name="own">The installation that this process started with.</param>
/// <param name="realTime">Says when it is time to look again.</param>
public sealed class Standstill(IDocumentStore documents, Installation own, TimeProvider realTime)
{
    /// <summary>A hold is known to every instance after twice this time.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromSeconds(3);

    private readonly Lock gate = new();
    private Look? looked;
    private Task<Look>? looking;

    /// <summary>Null when anything may be changed; else why not, in a sentence for anyone to read.</summary>
    public async Task<string?> ReasonAsync(CancellationToken stop) => await LookAsync(stop) switch
    {
        { Held: { Kind: HoldKind.Export } hold } => $"This installation was held at {hold.Since} to be moved: nothing is taken or changed. The command 'release' lets it go on here.",
        { Held: { Kind: HoldKind.Rebuild } hold } => $"The windows of usage are made anew since {hold.Since}: nothing is taken or answered until that is done. If the command 'rebuild' was broken off, run it again.",
        { Held: { } hold } => $"An installation is being moved into this one since {hold.Since}: nothing is taken or changed until that is done.",
        { } now when now.HashKey != own.HashKey => "Another installation was moved into this one: restart this process.",
        _ => null,
    };

    /// <summary>Null when events may be counted; while an installation is moved out, those that wait are.</summary>
    public async Task<string?> FoldReasonAsync(CancellationToken stop) => await LookAsync(stop) is { Held: { Kind: HoldKind.Export, Sealed: false } } ? null : await ReasonAsync(stop);

    /// <summary>Null when questions may be answered: an installation that is moved out is whole, one that is moved in or made anew is not.</summary>
    public async Task<string?> AskReasonAsync(CancellationToken stop) => await LookAsync(stop) is { Held.Kind: HoldKind.Export } ? null : await ReasonAsync(stop);

    // Whoever asks while someone is looking waits for what that one sees.
    private async Task<Installation?> LookAsync(CancellationToken stop)
    {
        if (looked is { } before && realTime.GetElapsedTime(before.At) < Life) return before.Now;
        Task<Look> look;
        lock (gate) look = looking is { IsCompleted: false } running ? running : looking = LookNowAsync();
        return (await look.WaitAsync(stop)).Now;
    }

    private async Task<Look> LookNowAsync()
    {
        await Task.Yield();
        var at = realTime.GetTimestamp();
        return looked = new Look(at, (await Installation.ReadAsync(documents, CancellationToken.None))?.Installation);
    }

    private sealed record Look(long At, Installation? Now);
}
