using System.Globalization;

namespace Billing.Domain.Values;

/// <summary>How a number in an event could be read.</summary>
public enum QuantityReading
{
    /// <summary>Exactly.</summary>
    Exact,

    /// <summary>Digits past the 12th decimal were rounded half-even.</summary>
    Rounded,

    /// <summary>Not at all: no number, |v| ≥ 10^15, or a non-zero below 10^-12.</summary>
    Unreadable,
}

/// <summary>A measured quantity: a 128-bit integer of 10^-12ths, so that sums are exact and the order of events is irrelevant.</summary>
/// <remarks>Bounds: one value is below 10^15 in magnitude; sums reach 1.7 × 10^26. Sums past that throw.</remarks>
public static class Quantity
{
    /// <summary>Decimals kept.</summary>
    public const int Decimals = 12;

    /// <summary>What one is.</summary>
    public static readonly Int128 One = 1_000_000_000_000;

    private const int MaxDigits = 40;
    private const int MaxExponent = 40;
    private static readonly UInt128[] PowersOfTen = Powers();
    private static readonly UInt128 Limit = PowersOfTen[15 + Decimals];

    /// <summary>Reads a JSON number, or the same text in a string.</summary>
    /// <remarks>Rounding: half-even at the 12th decimal. Bounds: 40 digits, exponents to ±40, |v| &lt; 10^15.</remarks>
    public static QuantityReading Read(ReadOnlySpan<byte> text, out Int128 scaled)
    {
        scaled = 0;
        if (!Split(text, out var number)) return QuantityReading.Unreadable;
        if (number.Significand == 0 && !number.Sticky) return QuantityReading.Exact;
        var shift = number.Exponent + Decimals;
        UInt128 magnitude;
        var exact = !number.Sticky;
        if (shift >= 0)
        {
            if (shift > 15 + Decimals || number.Significand >= Limit / PowersOfTen[shift]) return QuantityReading.Unreadable;
            magnitude = number.Significand * PowersOfTen[shift];
        }
        else
        {
            if (-shift >= PowersOfTen.Length) return QuantityReading.Unreadable;
            (magnitude, exact) = DivideHalfEven(number.Significand, PowersOfTen[-shift], number.Sticky);
            // Below the last decimal: rounding it up or down would be inventing a quantity.
            if (number.Significand < PowersOfTen[-shift]) return QuantityReading.Unreadable;
            if (magnitude >= Limit) return QuantityReading.Unreadable;
        }
        scaled = number.Negative ? -(Int128)magnitude : (Int128)magnitude;
        return exact ? QuantityReading.Exact : QuantityReading.Rounded;
    }

    /// <summary>True when a JSON number token keeps within 40 digits and exponents of ±40.</summary>
    public static bool IsWithinLimits(ReadOnlySpan<byte> token) => Split(token, out _);

    /// <summary>The quantity as a decimal. Errors: throws <see cref="OverflowException"/> when 28 digits can't hold it exactly.</summary>
    public static decimal ToDecimal(Int128 scaled)
    {
        var (whole, fraction) = Int128.DivRem(scaled, One);
        return checked((decimal)whole) + ExactFraction(whole, (long)fraction);
    }

    /// <summary>The shortest exact decimal text.</summary>
    public static string ToText(Int128 scaled)
    {
        var sign = scaled < 0 ? "-" : "";
        var (whole, fraction) = UInt128.DivRem((UInt128)(scaled < 0 ? -scaled : scaled), (UInt128)One);
        var digits = ((long)fraction).ToString("D12", CultureInfo.InvariantCulture).TrimEnd('0');
        return digits.Length == 0
            ? sign + whole.ToString(CultureInfo.InvariantCulture)
            : $"{sign}{whole.ToString(CultureInfo.InvariantCulture)}.{digits}";
    }

    private static decimal ExactFraction(Int128 whole, long fraction)
    {
        // decimal takes its 32-bit parts as signed: the low one may have its top bit set.
        var part = new decimal(unchecked((int)Math.Abs(fraction)), (int)(Math.Abs(fraction) >> 32), 0, fraction < 0, Decimals);
        var sum = (decimal)whole + part;
        return sum - (decimal)whole == part
            ? part
            : throw new OverflowException("The quantity has more digits than a decimal holds.");
    }

    private static (UInt128 Quotient, bool Exact) DivideHalfEven(UInt128 value, UInt128 divisor, bool sticky)
    {
        var (quotient, remainder) = UInt128.DivRem(value, divisor);
        var half = divisor / 2;
        var up = remainder > half || (remainder == half && (sticky || !UInt128.IsEvenInteger(quotient)));
        return (up ? quotient + 1 : quotient, remainder == 0 && !sticky);
    }

    private static bool Split(ReadOnlySpan<byte> text, out Number number)
    {
        number = default;
        var at = 0;
        if (at < text.Length && text[at] == '-') (number.Negative, at) = (true, 1);
        var digits = 0;
        var kept = 0;
        var start = at;
        var seenPoint = false;
        for (; at < text.Length; at++)
        {
            var c = text[at];
            if (c == '.' && !seenPoint && at > start) { seenPoint = true; continue; }
            if (c is < (byte)'0' or > (byte)'9') break;
            digits++;
            Take(ref number, (uint)(c - '0'), seenPoint, ref kept);
        }
        if (digits is 0 or > MaxDigits || text[at - 1] == '.') return false;
        return at == text.Length || ReadExponent(text[at..], ref number);
    }

    private static void Take(ref Number number, uint digit, bool afterPoint, ref int kept)
    {
        if (kept > 0 || digit != 0) kept++;
        if (kept <= 38)
        {
            number.Significand = number.Significand * 10 + digit;
            if (afterPoint) number.Exponent--;
        }
        else
        {
            number.Sticky |= digit != 0;
            if (!afterPoint) number.Exponent++;
        }
    }

    private static bool ReadExponent(ReadOnlySpan<byte> text, ref Number number)
    {
        if (text[0] is not ((byte)'e' or (byte)'E')) return false;
        var at = 1;
        var negative = at < text.Length && text[at] == '-';
        if (negative || (at < text.Length && text[at] == '+')) at++;
        if (at == text.Length) return false;
        var exponent = 0;
        for (; at < text.Length; at++)
        {
            if (text[at] is < (byte)'0' or > (byte)'9') return false;
            exponent = exponent * 10 + (text[at] - '0');
            if (exponent > MaxExponent) return false;
        }
        number.Exponent += negative ? -exponent : exponent;
        return true;
    }

    private static UInt128[] Powers()
    {
        var powers = new UInt128[39];
        powers[0] = 1;
        for (var i = 1; i < powers.Length; i++) powers[i] = powers[i - 1] * 10;
        return powers;
    }

    private struct Number
    {
        public bool Negative;
        public UInt128 Significand;
        public int Exponent;
        public bool Sticky;
    }
}
