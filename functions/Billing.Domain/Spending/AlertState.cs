using Billing.Domain.Values;
using NodaTime;

namespace Billing.Domain.Spending;

/// <summary>How an alert stands for a customer.</summary>
[LowerCase]
public enum AlertStatus
{
    Ok,
    InAlarm,
    Evaluating,
}

/// <summary>Something that is past an alert's threshold.</summary>
/// <param name="Subject">As in <see cref="AlertReading"/>.</param>
/// <param name="Since">As in <see cref="AlertReading"/>.</param>
public sealed record Alarm(string Subject, Instant? Since);

/// <summary>How an alert stood for a customer when it was last looked at.</summary>
/// <param name="Status">Null: there was nothing to watch.</param>
/// <param name="Alarms">What is past the threshold, and was told of.</param>
public sealed record AlertState(string AlertId, AlertStatus? Status, IReadOnlyList<Alarm> Alarms)
{
    /// <summary>What set it off, in a few words; null: nothing, or the account as a whole.</summary>
    public string? TriggeredBy() => Alarms.Select(a => a.Subject).FirstOrDefault(s => s.Length > 0);
}

/// <summary>An alert looked at: how it stands now, and what somebody must be told.</summary>
/// <param name="Raised">Went past the threshold.</param>
/// <param name="Recovered">Came back.</param>
public sealed record AlertLook(AlertState State, IReadOnlyList<AlertReading> Raised, IReadOnlyList<AlertReading> Recovered)
{
    /// <summary>Compares readings with how things stood.</summary>
    /// <param name="alert">The alert.</param>
    /// <param name="before">Null: it was never looked at.</param>
    /// <param name="readings">Of now.</param>
    /// <param name="isTold">False: whatever is past the threshold was so before anyone asked, and is not told of.</param>
    /// <remarks>
    /// Invariant: between two messages that a subject was raised lies one that it recovered, or the start of a period. What is gone (an invoice that
    /// is final, a segment that is over) neither is in alarm nor recovers.
    /// </remarks>
    public static AlertLook Of(Alert alert, AlertState? before, IReadOnlyList<AlertReading> readings, bool isTold)
    {
        var known = (before?.Alarms ?? []).ToDictionary(a => a.Subject, StringComparer.Ordinal);
        var reached = readings.Where(r => alert.IsReached(r.Value)).ToList();
        var raised = isTold ? reached.Where(r => known.GetValueOrDefault(r.Subject) is not { } alarm || alarm.Since != r.Since).ToList() : [];
        var recovered = readings.Where(r => !alert.IsReached(r.Value) && known.ContainsKey(r.Subject)).ToList();
        AlertStatus? status = readings.Count == 0 ? null : reached.Count > 0 ? AlertStatus.InAlarm : AlertStatus.Ok;
        return new AlertLook(new AlertState(alert.Id, status, [.. reached.Select(r => new Alarm(r.Subject, r.Since))]), raised, recovered);
    }
}
