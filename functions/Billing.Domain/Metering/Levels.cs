using System.Numerics;
using System.Runtime.InteropServices;
using Billing.Domain.Metering.Windows;
using Billing.Domain.Values;
using NodaTime;

namespace Billing.Domain.Metering;

/// <summary>What accrues in windows while levels stand that events raise and lower: ∫ level dt, in unit-hours.</summary>
/// <remarks>
/// Of a window [a, b) with the level L at a and changes d at t in it: L·(b - a) + Σ d·(b - t) = L·(b - a) + b·Σd - Σ d·t. Both sums are exact and in no order,
/// so the result is too; it is rounded once, to 20 decimals, half-even. Levels begin at 0, before the first event.
/// </remarks>
/// <param name="bounds">Of the windows, rising; ticks since 1970.</param>
/// <param name="now">Nothing accrues from here on, and what comes later has not happened.</param>
public sealed class Levels(long[] bounds, long now)
{
    private readonly Dictionary<(string Group, int Window), (Int128 Change, BigInteger Moment)> changes = [];
    private readonly Dictionary<string, Int128> standing = [];
    private long from = bounds[0];
    private long until = Math.Min(bounds[^1], now);

    /// <summary>Changes of one key follow; its levels accrue within [from, until), whenever they came to be.</summary>
    public void Open(long from, long until) => (this.from, this.until) = (Math.Max(from, bounds[0]), Math.Min(Math.Min(until, bounds[^1]), now));

    /// <summary>Adds the changes of a cell.</summary>
    /// <param name="at">Where the cell begins; no bound lies within it.</param>
    public void Add(string group, long at, in CellState cell)
    {
        if (cell.Count == 0 || at >= until || from >= until) return;
        CollectionsMarshal.GetValueRefOrAddDefault(standing, group, out _) += cell.Value;
        Change(group, Math.Max(at, from), cell.Value, at < from ? (BigInteger)cell.Value * from : cell.Moment);
    }

    /// <summary>The key ends: what stands of it stands no longer.</summary>
    public void Close()
    {
        foreach (var (group, level) in standing)
            if (level != 0 && until < bounds[^1]) Change(group, until, -level, -(BigInteger)level * until);
        standing.Clear();
    }

    /// <summary>What accrued, for each window and group in which a level stood or changed; in no order.</summary>
    /// <remarks>Errors: <see cref="OverflowException"/> when a decimal can't hold it.</remarks>
    public IEnumerable<(int Window, string Group, decimal UnitHours)> Accrued()
    {
        foreach (var group in changes.Keys.Select(k => k.Group).Distinct())
        {
            var level = default(Int128);
            for (var window = 0; window + 1 < bounds.Length && bounds[window] < now; window++)
            {
                var end = Math.Min(bounds[window + 1], now);
                var changed = changes.TryGetValue((group, window), out var change);
                var ticks = (BigInteger)level * (end - bounds[window]) + (BigInteger)change.Change * end - change.Moment;
                level = checked(level + change.Change);
                if (changed || !ticks.IsZero) yield return (window, group, Exact.Ratio(ticks, (BigInteger)Quantity.One * NodaConstants.TicksPerHour));
            }
        }
    }

    private void Change(string group, long at, Int128 change, BigInteger moment)
    {
        var found = Array.BinarySearch(bounds, at);
        ref var sum = ref CollectionsMarshal.GetValueRefOrAddDefault(changes, (group, found >= 0 ? found : ~found - 1), out _);
        sum = (checked(sum.Change + change), sum.Moment + moment);
    }
}
