using Billing.Domain.Values;
using NodaTime;

namespace Billing.Domain.Contracts;

/// <summary>A value for a time.</summary>
/// <param name="Value">Any JSON.</param>
/// <param name="EndingBefore">Null: no end.</param>
public sealed record NamedValue(string Value, Instant StartingAt, Instant? EndingBefore);

/// <summary>A value by a name, through time: of a rate card, a contract or a customer. It means what its reader takes it for; nothing is billed by it.</summary>
/// <remarks>Invariant: the values follow one another without overlap; there may be gaps.</remarks>
public sealed record NamedSchedule(IReadOnlyList<NamedValue> Values)
{
    public static readonly NamedSchedule Empty = new([]);

    /// <summary>With a value from an instant on, up to another or for good; what was there in that time is gone.</summary>
    public Outcome<NamedSchedule> Set(string value, Instant startingAt, Instant? endingBefore)
    {
        if ((Hours.Check(startingAt, "/starting_at") ?? Hours.Check(endingBefore, "/ending_before") ?? Hours.CheckOrder(startingAt, endingBefore, "/ending_before")) is { } refusal) return refusal;
        var kept = new List<NamedValue>();
        foreach (var before in Values)
        {
            if (before.StartingAt < startingAt) kept.Add(before.EndingBefore <= startingAt ? before : before with { EndingBefore = startingAt });
            if (endingBefore is { } end && !(before.EndingBefore <= end)) kept.Add(before.StartingAt >= end ? before : before with { StartingAt = end });
        }
        return new NamedSchedule([.. kept.Append(new NamedValue(value, startingAt, endingBefore)).OrderBy(v => v.StartingAt)]);
    }

    /// <summary>The value at an instant, or all of them.</summary>
    public IEnumerable<NamedValue> At(Instant? covering) => covering is { } at ? Values.Where(v => v.StartingAt <= at && !(v.EndingBefore <= at)) : Values;
}
