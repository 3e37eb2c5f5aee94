using System.Numerics;

namespace Billing.Domain.Values;

/// <summary>An amount has more digits than can be kept; nothing was rounded, nothing was charged.</summary>
public sealed class InexactAmountException(string message) : ArithmeticException(message);

/// <summary>Arithmetic on quantities and amounts that never rounds unseen.</summary>
/// <remarks>
/// The operators of <see cref="decimal"/> round when a result has more than 28 digits; these throw instead.
/// Results carry no trailing zeros, so that equal amounts are written alike.
/// </remarks>
public static class Exact
{
    /// <summary>Decimals of a quotient.</summary>
    public const int QuotientDecimals = 20;

    private static readonly BigInteger Limit = BigInteger.One << 96;

    /// <summary>The product. Errors: <see cref="InexactAmountException"/> when a decimal cannot hold all its digits.</summary>
    public static decimal Multiply(decimal a, decimal b)
    {
        var (am, ascale) = Parts(a);
        var (bm, bscale) = Parts(b);
        return Join(am * bm, ascale + bscale);
    }

    /// <summary>The sum. Errors: <see cref="InexactAmountException"/> when a decimal cannot hold all its digits.</summary>
    public static decimal Add(decimal a, decimal b)
    {
        var (am, ascale) = Parts(a);
        var (bm, bscale) = Parts(b);
        var scale = Math.Max(ascale, bscale);
        return Join(am * Power(scale - ascale) + bm * Power(scale - bscale), scale);
    }

    /// <summary>The sum of all, 0 for none. Errors: as <see cref="Add"/>.</summary>
    public static decimal Sum(IEnumerable<decimal> amounts) => amounts.Aggregate(0m, Add);

    /// <summary>The quotient at 20 decimals, or at as many as 28 digits leave room for.</summary>
    /// <remarks>Rounding: half-even, once, from the exact ratio. 1 ÷ 3 = 0.33333333333333333333. Errors: division by zero, overflow.</remarks>
    public static decimal Quotient(decimal dividend, decimal divisor) => Share(dividend, 1, divisor);

    /// <summary>Amount × part ÷ whole, at as many decimals as a quotient: the product may be longer than a decimal.</summary>
    /// <remarks>Rounding: as <see cref="Quotient"/>, once. Errors: likewise.</remarks>
    public static decimal Share(decimal amount, decimal part, decimal whole)
    {
        if (whole == 0) throw new DivideByZeroException("A quantity or amount was divided by zero.");
        var (am, ascale) = Parts(amount);
        var (pm, pscale) = Parts(part);
        var (bm, bscale) = Parts(whole);
        return Ratio(am * pm * Power(bscale), bm * Power(ascale + pscale));
    }

    /// <summary>The ratio of two integers, at as many decimals as a quotient.</summary>
    /// <remarks>Rounding: as <see cref="Quotient"/>, once. Errors: likewise.</remarks>
    public static decimal Ratio(BigInteger above, BigInteger below)
    {
        if (below.IsZero) throw new DivideByZeroException("A quantity or amount was divided by zero.");
        if (below.Sign < 0) (above, below) = (-above, -below);
        for (var decimals = QuotientDecimals; decimals >= 0; decimals--)
        {
            var rounded = HalfEven(above * Power(decimals), below);
            if (BigInteger.Abs(rounded) < Limit) return Join(rounded, decimals);
        }
        throw new OverflowException("A quotient is larger than a decimal.");
    }

    /// <summary>Divides a total among weights so that the shares sum to it, by largest remainder.</summary>
    /// <remarks>
    /// Units: shares are multiples of 10^-decimals. Order: what is left over goes to the largest remainders, the earlier one among equals:
    /// 100 cents over 1:1:1 are 34, 33, 33. Errors: a total finer than the unit, a negative weight, or no weight at all.
    /// </remarks>
    public static IReadOnlyList<decimal> Allocate(decimal total, IReadOnlyList<decimal> weights, int decimals)
    {
        if (weights.Any(w => w < 0)) throw new ArgumentOutOfRangeException(nameof(weights), "A weight is negative.");
        var (mantissa, scale) = Parts(decimal.Round(total, decimals, MidpointRounding.ToEven));
        if (Join(mantissa, scale) != total) throw new InexactAmountException("The total is finer than the unit of its shares.");
        var units = BigInteger.Abs(mantissa) * Power(decimals - scale);
        var parts = weights.Select(Parts).ToArray();
        var widest = parts.Length == 0 ? 0 : parts.Max(p => p.Scale);
        var whole = parts.Select(p => p.Mantissa * Power(widest - p.Scale)).ToArray();
        var sum = whole.Aggregate(BigInteger.Zero, (a, b) => a + b);
        if (sum.IsZero) throw new ArgumentOutOfRangeException(nameof(weights), "There is no weight to divide by.");
        var shares = whole.Select(w => units * w / sum).ToArray();
        var left = (int)(units - shares.Aggregate(BigInteger.Zero, (a, b) => a + b));
        foreach (var i in Enumerable.Range(0, whole.Length).OrderByDescending(i => units * whole[i] % sum).ThenBy(i => i).Take(left))
        {
            shares[i] += 1;
        }
        return [.. shares.Select(s => Join(mantissa.Sign < 0 ? -s : s, decimals))];
    }

    /// <summary>The same number without trailing zeros.</summary>
    public static decimal Normal(decimal number)
    {
        var (mantissa, scale) = Parts(number);
        return Join(mantissa, scale);
    }

    private static (BigInteger Mantissa, int Scale) Parts(decimal number)
    {
        Span<int> bits = stackalloc int[4];
        decimal.GetBits(number, bits);
        var mantissa = ((BigInteger)Unsigned(bits[2]) << 64) | ((BigInteger)Unsigned(bits[1]) << 32) | Unsigned(bits[0]);
        return (bits[3] < 0 ? -mantissa : mantissa, (bits[3] >> 16) & 0xFF);
    }

    private static decimal Join(BigInteger mantissa, int scale)
    {
        while (scale > 0)
        {
            var shorter = BigInteger.DivRem(mantissa, 10, out var digit);
            if (!digit.IsZero) break;
            mantissa = shorter;
            scale--;
        }
        var size = BigInteger.Abs(mantissa);
        if (scale > 28 || size >= Limit)
        {
            throw new InexactAmountException("An amount has more digits than can be kept exactly (28).");
        }
        return new decimal(
            Word(size, 0), Word(size, 32), Word(size, 64), mantissa.Sign < 0, (byte)scale);
    }

    private static uint Unsigned(int word) => unchecked((uint)word);

    private static int Word(BigInteger size, int shift) => unchecked((int)(uint)((size >> shift) & uint.MaxValue));

    private static BigInteger HalfEven(BigInteger above, BigInteger below)
    {
        var quotient = BigInteger.DivRem(BigInteger.Abs(above), below, out var rest);
        var twice = (rest * 2).CompareTo(below);
        if (twice > 0 || (twice == 0 && !quotient.IsEven)) quotient += 1;
        return above.Sign < 0 ? -quotient : quotient;
    }

    private static BigInteger Power(int exponent) => BigInteger.Pow(10, exponent);
}
