using Billing.Functions.Demo.Traffic;

namespace Billing.Functions.Demo;

/// <summary>What the company asks, and what that comes to, worked out the simple way.</summary>
/// <remarks>Units: cents of the dollar. Nothing here uses the product's own pricing, so that the two can be compared.</remarks>
internal static class PriceList
{
    /// <summary>Requests of a month: the first 10,000 are free, the next 20,000 cost 0.1 cents each, all others 0.05.</summary>
    public static readonly IReadOnlyList<(decimal? Size, decimal Cents)> RequestTiers = [(10_000, 0m), (20_000, 0.1m), (null, 0.05m)];

    /// <summary>Models whose output costs four fifths from the 15th of the first month on.</summary>
    public static readonly IReadOnlyList<string> Cheaper = ["medium", "conv"];

    /// <summary>Price of a million tokens. Cached input costs a quarter of input; Europe costs a tenth more.</summary>
    /// <param name="group">What is asked for.</param>
    /// <param name="changed">True after the change of prices.</param>
    public static decimal CentsPerMillion(TokenGroup group, bool changed = false)
    {
        var (input, output) = group.Model switch
        {
            "small" => (20m, 80m),
            "medium" => (250m, 1_000m),
            "large" => (1_500m, 7_500m),
            "code" => (100m, 400m),
            "conv" => (50m, 150m),
            "model" => (100m, 300m),
            _ => throw new ArgumentOutOfRangeException(nameof(group), group.Model, "No price is known for this model."),
        };
        var cents = group.Kind switch
        {
            TokenKind.Input => input,
            TokenKind.CachedInput => input / 4,
            TokenKind.Output => output,
            _ => throw new ArgumentOutOfRangeException(nameof(group), group.Kind, "Unknown kind of token."),
        };
        if (changed && group.Kind == TokenKind.Output && Cheaper.Contains(group.Model)) cents *= 0.8m;
        return group.Region == "eu" ? cents * 1.1m : cents;
    }

    /// <summary>What so many requests of a month cost, in cents, exact.</summary>
    public static decimal CostOfRequests(decimal requests)
    {
        var (cents, left) = (0m, requests);
        foreach (var (size, price) in RequestTiers)
        {
            var inTier = size is { } width ? Math.Min(left, width) : left;
            cents += inTier * price;
            left -= inTier;
        }
        return cents;
    }
}
