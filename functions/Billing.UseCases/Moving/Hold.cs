using Billing.UseCases.Documents;
using Billing.UseCases.Metering;
using NodaTime;

namespace Billing.UseCases.Moving;

/// <summary>Which way an installation is moved.</summary>
public enum MoveKind
{
    /// <summary>Out of these stores: what waits in the log is still counted until the hold is sealed, and nothing else is changed.</summary>
    Export,

    /// <summary>Into these stores: nothing is changed but by the import.</summary>
    Import,
}

/// <summary>Why an installation stands still.</summary>
/// <param name="Id">Of the export.</param>
/// <param name="Kind">Which way it is moved.</param>
/// <param name="Since">When it began.</param>
/// <param name="Sealed">Export: all is copied; what comes now waits in the log, for the copy would not have it.</param>
/// <param name="PartsDone">Import: so many of the export's parts are in the stores.</param>
public sealed record Hold(string Id, MoveKind Kind, Instant Since, bool Sealed = false, int PartsDone = 0);

/// <summary>Says whether this process may change anything. It looks again every few seconds, so that a hold reaches every instance of the app.</summary>
/// <param name="documents">Where the installation is.</param>
/// <param name="own">The installation that this process started with.</param>
/// <param name="realTime">Says when it is time to look again.</param>
public sealed class Standstill(IDocumentStore documents, Installation own, TimeProvider realTime)
{
    /// <summary>A hold is known to every instance after twice this time.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromSeconds(3);

    private (long At, Installation? Now)? looked;

    /// <summary>Null when anything may be changed; else why not, in a sentence for anyone to read.</summary>
    public async Task<string?> ReasonAsync(CancellationToken stop) => await LookAsync(stop) switch
    {
        { Held: { Kind: MoveKind.Export } hold } => $"This installation was held at {hold.Since} to be moved: nothing is taken or changed. The command 'release' lets it go on here.",
        { Held: { } hold } => $"An installation is being moved into this one since {hold.Since}: nothing is taken or changed until that is done.",
        { } now when now.HashKey != own.HashKey => "Another installation was moved into this one: restart this process.",
        _ => null,
    };

    /// <summary>Null when events may be counted; while an installation is moved out, those that wait are.</summary>
    public async Task<string?> FoldReasonAsync(CancellationToken stop) => await LookAsync(stop) is { Held: { Kind: MoveKind.Export, Sealed: false } } ? null : await ReasonAsync(stop);

    private async Task<Installation?> LookAsync(CancellationToken stop)
    {
        if (looked is { } before && realTime.GetElapsedTime(before.At) < Life) return before.Now;
        var at = realTime.GetTimestamp();
        var now = (await Installation.ReadAsync(documents, stop))?.Installation;
        looked = (at, now);
        return now;
    }
}
