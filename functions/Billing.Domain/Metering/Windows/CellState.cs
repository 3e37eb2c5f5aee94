using System.Numerics;
using Billing.Domain.Values;

namespace Billing.Domain.Metering.Windows;

/// <summary>The state of an aggregation over the events of one cell: exact, and the same in whatever order they come.</summary>
/// <remarks>
/// Invariant: adding events one by one, or merging cells, in any order and any grouping, gives one state.
/// Value holds the sum (SUM, AVG, TIME_WEIGHTED_SUM), the extreme (MAX, MIN) or the latest value; unused for COUNT and UNIQUE.
/// </remarks>
public struct CellState
{
    private object? more;

    /// <summary>Sum, extreme or latest value, scaled by 10^12.</summary>
    public Int128 Value { get; private set; }

    /// <summary>Events counted; of UNIQUE how many different values there are, since events of one value are not told apart.</summary>
    public long Count { get; private set; }

    /// <summary>UNIQUE: hashes of the values seen; else null.</summary>
    public readonly HashSet<UInt128>? Elements => more as HashSet<UInt128>;

    /// <summary>LATEST: when the value was measured, and by which event; else null.</summary>
    public readonly LatestMark? Latest => more as LatestMark;

    /// <summary>TIME_WEIGHTED_SUM: each change times when it came (100 ns since 1970), added up; 0 of others.</summary>
    public readonly BigInteger Moment => more is BigInteger moment ? moment : BigInteger.Zero;

    /// <summary>Adds one event.</summary>
    public void Add(Aggregation aggregation, in Measure measure)
    {
        switch (aggregation)
        {
            case Aggregation.Count: break;
            case Aggregation.Unique:
                (Elements ?? Set()).Add(measure.Element);
                Count = Elements!.Count;
                return;
            case Aggregation.Latest: Take(measure.Value, new LatestMark(measure.Time, measure.EventHash)); break;
            case Aggregation.TimeWeightedSum: Take(measure.Value, (BigInteger)measure.Value * measure.Time); break;
            default: Take(aggregation, measure.Value); break;
        }
        Count++;
    }

    /// <summary>Adds all events of another cell.</summary>
    public void Merge(Aggregation aggregation, in CellState other)
    {
        if (other.Count == 0) return;
        switch (aggregation)
        {
            case Aggregation.Count: break;
            case Aggregation.Unique:
                (Elements ?? Set()).UnionWith(other.Elements!);
                Count = Elements!.Count;
                return;
            case Aggregation.Latest: Take(other.Value, other.Latest!); break;
            case Aggregation.TimeWeightedSum: Take(other.Value, other.Moment); break;
            default: Take(aggregation, other.Value); break;
        }
        Count += other.Count;
    }

    /// <summary>The aggregate as a number. A TIME_WEIGHTED_SUM is none of a cell alone: see <see cref="Levels"/>.</summary>
    /// <remarks>Rounding: AVG at 20 decimals, half-even. Errors: <see cref="OverflowException"/> when a decimal can't hold it exactly.</remarks>
    public readonly decimal Result(Aggregation aggregation) => aggregation switch
    {
        Aggregation.Count => Count,
        Aggregation.Unique => Elements?.Count ?? 0,
        Aggregation.Avg => Count == 0 ? 0 : Exact.Quotient(Quantity.ToDecimal(Value), Count),
        Aggregation.Sum or Aggregation.Max or Aggregation.Min or Aggregation.Latest => Quantity.ToDecimal(Value),
        _ => throw new ArgumentOutOfRangeException(nameof(aggregation), aggregation, null),
    };

    /// <summary>The state of a MAX that is the sum of its buckets' peaks.</summary>
    public static CellState OfPeaks(IEnumerable<CellState> buckets)
    {
        var sum = default(CellState);
        foreach (var bucket in buckets) sum.Merge(Aggregation.Sum, bucket);
        return sum;
    }

    /// <summary>A state as it was stored.</summary>
    internal static CellState Of(long count, Int128 value, object? more) =>
        new() { Count = more is HashSet<UInt128> elements ? elements.Count : count, Value = value, more = more };

    private void Take(Aggregation aggregation, Int128 value)
    {
        Value = aggregation switch
        {
            Aggregation.Sum or Aggregation.Avg => checked(Value + value),
            Aggregation.Max => Count == 0 || value > Value ? value : Value,
            Aggregation.Min => Count == 0 || value < Value ? value : Value,
            _ => throw new ArgumentOutOfRangeException(nameof(aggregation), aggregation, null),
        };
    }

    private void Take(Int128 value, LatestMark mark)
    {
        if (Latest is { } held && held.CompareTo(mark) >= 0) return;
        Value = value;
        more = mark;
    }

    private void Take(Int128 change, BigInteger moment)
    {
        Value = checked(Value + change);
        more = Moment + moment;
    }

    private HashSet<UInt128> Set()
    {
        var set = new HashSet<UInt128>();
        more = set;
        return set;
    }
}

/// <summary>Which event a LATEST value comes from: later event time wins, then the higher dedup hash.</summary>
public sealed record LatestMark(long Time, UInt128 EventHash) : IComparable<LatestMark>
{
    public int CompareTo(LatestMark? other) =>
        other is null ? 1 : Time != other.Time ? Time.CompareTo(other.Time) : EventHash.CompareTo(other.EventHash);

    public static bool operator <(LatestMark left, LatestMark right) => left.CompareTo(right) < 0;

    public static bool operator >(LatestMark left, LatestMark right) => left.CompareTo(right) > 0;

    public static bool operator <=(LatestMark left, LatestMark right) => left.CompareTo(right) <= 0;

    public static bool operator >=(LatestMark left, LatestMark right) => left.CompareTo(right) >= 0;
}
