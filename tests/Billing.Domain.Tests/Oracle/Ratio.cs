using System.Globalization;
using System.Numerics;

namespace Billing.Domain.Tests.Oracle;

/// <summary>Which way a ratio is rounded.</summary>
internal enum Way
{
    HalfEven,
    HalfUp,
    Down,
    Up,
    Floor,
    Ceiling,
}

/// <summary>A fraction of two whole numbers of any size: nothing is rounded but where it is asked for.</summary>
internal readonly struct Ratio : IComparable<Ratio>, IEquatable<Ratio>
{
    private readonly BigInteger above;
    private readonly BigInteger below;

    public Ratio(BigInteger above, BigInteger below)
    {
        if (below.IsZero) throw new DivideByZeroException();
        var common = BigInteger.GreatestCommonDivisor(above, below);
        if (below.Sign < 0) common = -common;
        (this.above, this.below) = (above / common, below / common);
    }

    public static Ratio Zero => new(0, 1);

    public bool IsZero => above.IsZero;

    public int Sign => above.Sign;

    // The default of the type is 0 as well.
    private BigInteger Below => below.IsZero ? BigInteger.One : below;

    public static implicit operator Ratio(decimal number)
    {
        var bits = decimal.GetBits(number);
        var size = new BigInteger([.. bits.Take(3).SelectMany(BitConverter.GetBytes), 0]);
        return new Ratio(number < 0 ? -size : size, BigInteger.Pow(10, (bits[3] >> 16) & 0xFF));
    }

    public static implicit operator Ratio(long number) => new(number, 1);

    public static Ratio operator +(Ratio a, Ratio b) => new(a.above * b.Below + b.above * a.Below, a.Below * b.Below);

    public static Ratio operator -(Ratio a, Ratio b) => new(a.above * b.Below - b.above * a.Below, a.Below * b.Below);

    public static Ratio operator -(Ratio a) => new(-a.above, a.Below);

    public static Ratio operator *(Ratio a, Ratio b) => new(a.above * b.above, a.Below * b.Below);

    public static Ratio operator /(Ratio a, Ratio b) => new(a.above * b.Below, a.Below * b.above);

    public static bool operator <(Ratio a, Ratio b) => a.CompareTo(b) < 0;

    public static bool operator >(Ratio a, Ratio b) => a.CompareTo(b) > 0;

    public static bool operator <=(Ratio a, Ratio b) => a.CompareTo(b) <= 0;

    public static bool operator >=(Ratio a, Ratio b) => a.CompareTo(b) >= 0;

    public static bool operator ==(Ratio a, Ratio b) => a.CompareTo(b) == 0;

    public static bool operator !=(Ratio a, Ratio b) => a.CompareTo(b) != 0;

    public static Ratio Min(Ratio a, Ratio b) => a < b ? a : b;

    public static Ratio Max(Ratio a, Ratio b) => a > b ? a : b;

    public static Ratio Sum(IEnumerable<Ratio> all) => all.Aggregate(Zero, (a, b) => a + b);

    public int CompareTo(Ratio other) => (above * other.Below).CompareTo(other.above * Below);

    public bool Equals(Ratio other) => CompareTo(other) == 0;

    public override bool Equals(object? obj) => obj is Ratio other && Equals(other);

    public override int GetHashCode() => HashCode.Combine(above, Below);

    /// <summary>The nearest multiple of 10^-decimals in a direction; below 0 decimals a multiple of tens, hundreds, ….</summary>
    public Ratio Round(int decimals, Way way)
    {
        Ratio unit = decimals < 0 ? new(BigInteger.Pow(10, -decimals), 1) : new(1, BigInteger.Pow(10, decimals));
        var scaled = this / unit;
        var floor = new Ratio(BigInteger.Divide(scaled.above - (scaled.above.Sign < 0 ? scaled.Below - 1 : 0), scaled.Below), 1);
        var rest = scaled - floor;
        if (rest.IsZero) return this;
        var half = rest.CompareTo(new Ratio(1, 2));
        var upwards = way switch
        {
            Way.Floor => false,
            Way.Ceiling => true,
            Way.Down => scaled.Sign < 0,
            Way.Up => scaled.Sign > 0,
            Way.HalfUp => half > 0 || (half == 0 && scaled.Sign > 0),
            Way.HalfEven => half > 0 || (half == 0 && !floor.above.IsEven),
            _ => throw new ArgumentOutOfRangeException(nameof(way)),
        };
        return (upwards ? floor + 1 : floor) * unit;
    }

    /// <summary>A quotient as amounts keep it: 20 decimals, half-even.</summary>
    public Ratio Quotient() => Round(20, Way.HalfEven);

    /// <summary>In decimal digits; a fraction that has no end is written as one.</summary>
    public override string ToString()
    {
        for (var decimals = 0; decimals <= 40; decimals++)
        {
            var scaled = above * BigInteger.Pow(10, decimals);
            if (!(scaled % Below).IsZero) continue;
            var digits = BigInteger.Abs(scaled / Below).ToString(CultureInfo.InvariantCulture).PadLeft(decimals + 1, '0');
            var text = decimals == 0 ? digits : $"{digits[..^decimals]}.{digits[^decimals..]}";
            return above.Sign < 0 ? "-" + text : text;
        }
        return $"{above}/{Below}";
    }
}
