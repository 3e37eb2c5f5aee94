using Billing.Domain.Pricing;

namespace Billing.Domain.Tests.Oracle;

/// <summary>A step of a price: how wide it is (null: without end), what a unit in it costs, what entering it costs.</summary>
internal sealed record Step(Ratio? Width, Ratio Price, Ratio Flat);

/// <summary>A quantity at one unit price.</summary>
/// <param name="Level">Of the step, from 1; null: the price has no steps.</param>
/// <param name="From">Where it begins on its counter.</param>
/// <param name="IsUnits">False for free units and flat prices.</param>
internal sealed record Part(Ratio Quantity, Ratio Price, int? Level, Ratio From, bool IsUnits);

/// <summary>A price, as what each unit on the counter's line costs.</summary>
/// <param name="Kind">flat, tiered, volume, package, fixed, or custom.</param>
internal sealed record OraclePrice(string Kind, IReadOnlyList<Step> Steps)
{
    public Ratio PackageSize { get; init; }

    public bool PackageUp { get; init; }

    public Ratio FixedQuantity { get; init; }

    public bool IsProrated { get; init; }

    /// <summary>True where every unit has a price of its own, so that another price can be put on some of them.</summary>
    public bool IsByUnit => Kind is "flat" or "tiered";

    public static OraclePrice Of(Price price) => price switch
    {
        Price.Flat flat => new("flat", [new Step(null, flat.UnitPrice, 0)]),
        Price.Percentage percentage => new("share", [new Step(null, percentage.Fraction, 0)]),
        Price.Tiered tiered => new("tiered", StepsOf(tiered.Tiers)),
        Price.TieredPercentage tiered => new("tiered-share", StepsOf(tiered.Tiers)),
        Price.Volume volume => new("volume", StepsOf(volume.Tiers)),
        Price.Package package => new("package", [new Step(null, package.UnitPrice, 0)]) { PackageSize = package.PackageSize, PackageUp = package.Rounding == PackageRounding.Up },
        Price.Subscription old => new("fixed", [new Step(null, old.UnitPrice, 0)]) { FixedQuantity = old.Quantity, IsProrated = old.IsProrated },
        Price.Custom => new("custom", []),
        _ => throw new InvalidOperationException(price.GetType().Name),
    };

    private static List<Step> StepsOf(IReadOnlyList<Tier> tiers) => [.. tiers.Select(t => new Step(t.Size is { } size ? (Ratio)size : null, t.Price, t.FlatPrice))];

    public OraclePrice Times(Ratio factor) => this with { Steps = [.. Steps.Select(s => s with { Price = s.Price * factor, Flat = s.Flat * factor })] };

    /// <summary>Each unit's price times the factor of the step that the unit lies in. Whatever bounds either has are bounds of the product.</summary>
    public OraclePrice Times(IReadOnlyList<(Ratio? Width, Ratio Factor)> factors)
    {
        var bounds = Bounds(Steps.Select(s => s.Width)).Concat(Bounds(factors.Select(f => f.Width))).OfType<Ratio>().Distinct().Order().ToList();
        var (steps, low) = (new List<Step>(), (Ratio)0);
        foreach (var bound in bounds.Select(b => (Ratio?)b).Append(null))
        {
            var own = Bounds(Steps.Select(s => s.Width)).TakeWhile(b => b <= low).Count();
            var factor = factors[Bounds(factors.Select(f => f.Width)).TakeWhile(b => b <= low).Count()].Factor;
            var begins = own == 0 ? low.IsZero : Bounds(Steps.Select(s => s.Width)).ElementAt(own - 1) == low;
            steps.Add(new Step(bound is { } end ? end - low : null, Steps[own].Price * factor, begins ? Steps[own].Flat * factor : 0));
            if (bound is { } next) low = next;
        }
        return new OraclePrice("tiered", steps);
    }

    /// <summary>What a quantity costs that comes on top of another on the same counter.</summary>
    /// <param name="free">Units of the counter that cost nothing, the first ones.</param>
    /// <param name="before">Units on the counter before.</param>
    /// <param name="total">Units of the counter's whole period.</param>
    /// <param name="opens">True when nothing was counted on it before, not even 0.</param>
    public IEnumerable<Part> Parts(Ratio free, Ratio before, Ratio quantity, Ratio total, bool opens)
    {
        var after = before + quantity;
        if (free > 0)
        {
            var (paidBefore, paidAfter) = (Ratio.Max(0, before - free), Ratio.Max(0, after - free));
            yield return new Part(quantity - (paidAfter - paidBefore), 0, null, before, false);
            (before, after, total) = (paidBefore, paidAfter, Ratio.Max(0, total - free));
        }
        switch (Kind)
        {
            case "flat" or "share":
                yield return new Part(after - before, Steps[0].Price, null, before, true);
                break;
            case "package":
                yield return new Part(Packages(after) - Packages(before), Steps[0].Price, null, before, true);
                break;
            case "volume":
                var level = Bounds(Steps.Select(s => s.Width)).TakeWhile(b => b < total).Count();
                if (opens && !Steps[level].Flat.IsZero) yield return new Part(1, Steps[level].Flat, level + 1, 0, false);
                yield return new Part(after - before, Steps[level].Price, level + 1, before, true);
                break;
            case "tiered" or "tiered-share":
                var bounds = Bounds(Steps.Select(s => s.Width)).ToList();
                // What is given back comes off from the highest step downwards.
                var steps = Enumerable.Range(0, Steps.Count);
                foreach (var i in quantity < 0 ? steps.Reverse() : steps)
                {
                    Ratio? low = i == 0 ? null : bounds[i - 1];
                    var entered = low is null ? (opens ? 1 : 0) : (after > low ? 1 : 0) - (before > low ? 1 : 0);
                    var fee = new Part(entered, Steps[i].Flat, i + 1, low ?? 0, false);
                    var units = new Part(Inside(after, low, bounds[i]) - Inside(before, low, bounds[i]), Steps[i].Price, i + 1, low is { } l && l > before ? l : before, true);
                    // In the reverse order of how it came: what a maximum cuts goes by the order of lines.
                    foreach (var part in quantity < 0 ? new[] { units, fee } : [fee, units])
                        if (part.IsUnits || !part.Price.IsZero) yield return part;
                }
                break;
            default:
                throw new InvalidOperationException($"{Kind} is no price of a quantity.");
        }
    }

    // Where the counter stands, as seen from inside one step.
    private static Ratio Inside(Ratio units, Ratio? low, Ratio? high)
    {
        if (low is { } l && units < l) units = l;
        return high is { } h && units > h ? h : units;
    }

    private Ratio Packages(Ratio units) => (units / PackageSize).Round(0, PackageUp ? Way.Ceiling : Way.Floor);

    // Upper bounds; null for none.
    private static IEnumerable<Ratio?> Bounds(IEnumerable<Ratio?> widths)
    {
        Ratio at = 0;
        foreach (var width in widths)
        {
            if (width is { } w) at += w;
            yield return width is null ? null : at;
        }
    }
}
