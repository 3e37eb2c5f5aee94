using System.Globalization;
using System.Numerics;
using System.Text;
using Billing.Domain.Values;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Billing.Domain.Tests.Values;

public sealed class QuantityTests
{
    [Theory]
    [InlineData("0", QuantityReading.Exact, "0")]
    [InlineData("-0", QuantityReading.Exact, "0")]
    [InlineData("0.0000000000000000000", QuantityReading.Exact, "0")]
    [InlineData("0e40", QuantityReading.Exact, "0")]
    [InlineData("1", QuantityReading.Exact, "1")]
    [InlineData("-12.5", QuantityReading.Exact, "-12.5")]
    [InlineData("1e2", QuantityReading.Exact, "100")]
    [InlineData("1E+2", QuantityReading.Exact, "100")]
    [InlineData("250e-3", QuantityReading.Exact, "0.25")]
    [InlineData("0.003", QuantityReading.Exact, "0.003")]
    [InlineData("1.50", QuantityReading.Exact, "1.5")]
    [InlineData("0.000000000001", QuantityReading.Exact, "0.000000000001")]
    [InlineData("1e-12", QuantityReading.Exact, "0.000000000001")]
    // Ties at the 12th decimal go to the even neighbour: …12|5 down to 12, …13|5 up to 14.
    [InlineData("0.0000000000125", QuantityReading.Rounded, "0.000000000012")]
    [InlineData("0.0000000000135", QuantityReading.Rounded, "0.000000000014")]
    [InlineData("-0.0000000000125", QuantityReading.Rounded, "-0.000000000012")]
    [InlineData("0.00000000001250000000000000000000000001", QuantityReading.Rounded, "0.000000000013")]
    [InlineData("0.0000000000126", QuantityReading.Rounded, "0.000000000013")]
    [InlineData("0.0000000000124999999", QuantityReading.Rounded, "0.000000000012")]
    // 40 digits, of which the 39th and 40th only break the tie.
    [InlineData("12345678901234.50000000000050000000000001", QuantityReading.Rounded, "12345678901234.500000000001")]
    [InlineData("1.000000000000500000000000000000000000001", QuantityReading.Rounded, "1.000000000001")]
    [InlineData("1.000000000000500000000000000000000000000", QuantityReading.Rounded, "1")]
    [InlineData("999999999999999", QuantityReading.Exact, "999999999999999")]
    [InlineData("999999999999999.999999999999", QuantityReading.Exact, "999999999999999.999999999999")]
    [InlineData("-999999999999999.999999999999", QuantityReading.Exact, "-999999999999999.999999999999")]
    public void A_number_is_read_with_twelve_decimals(string text, QuantityReading reading, string expected)
    {
        Assert.Equal(reading, Quantity.Read(Encoding.UTF8.GetBytes(text), out var scaled));
        Assert.Equal(expected, Quantity.ToText(scaled));
        Assert.Equal(decimal.Parse(expected, CultureInfo.InvariantCulture), Quantity.ToDecimal(scaled));
    }

    [Theory]
    [InlineData("1e15")]
    [InlineData("1000000000000000")]
    [InlineData("-1000000000000000")]
    [InlineData("999999999999999.9999999999999")] // rounds to the limit
    [InlineData("9.99e-13")]
    [InlineData("1e-13")]
    [InlineData("-1e-40")]
    [InlineData("1e40")]
    [InlineData("1e41")]
    [InlineData("1e-41")]
    [InlineData("1e400")]
    [InlineData("1e99999999999999999999")]
    [InlineData("12345678901234567890123456789012345678901")] // 41 digits
    [InlineData("0.0000000000000000000000000000000000000000")] // 41 digits
    [InlineData("")]
    [InlineData("-")]
    [InlineData("+1")]
    [InlineData(".5")]
    [InlineData("-.5")]
    [InlineData("5.")]
    [InlineData("5.e1")]
    [InlineData("1e")]
    [InlineData("1e+")]
    [InlineData("1.2.3")]
    [InlineData("1,5")]
    [InlineData(" 1")]
    [InlineData("1 ")]
    [InlineData("0x10")]
    [InlineData("NaN")]
    [InlineData("Infinity")]
    [InlineData("true")]
    [InlineData("١")]
    public void What_is_no_number_or_out_of_bounds_is_unreadable(string text)
    {
        Assert.Equal(QuantityReading.Unreadable, Quantity.Read(Encoding.UTF8.GetBytes(text), out var scaled));
        Assert.Equal(0, scaled);
    }

    [Fact]
    public void Forty_digits_and_exponents_to_forty_are_within_limits()
    {
        Assert.True(Quantity.IsWithinLimits("1234567890123456789012345678901234567890"u8));
        Assert.False(Quantity.IsWithinLimits("12345678901234567890123456789012345678901"u8));
        Assert.True(Quantity.IsWithinLimits("1e40"u8));
        Assert.True(Quantity.IsWithinLimits("1e-40"u8));
        Assert.False(Quantity.IsWithinLimits("1e41"u8));
        Assert.False(Quantity.IsWithinLimits("1e-41"u8));
    }

    [Fact]
    public void Reading_is_what_big_integers_say() => Prop.ForAll(
        Gen.Choose(1, 40).SelectMany(n => Gen.Elements("0123456789".ToCharArray()).ArrayOf(n)).SelectMany(digits => Gen.Choose(0, digits.Length - 1).SelectMany(point =>
            Gen.Choose(-40, 40).SelectMany(exponent => Gen.Elements(true, false).Select(negative => (Digits: new string(digits), Point: point, Exponent: exponent, Negative: negative))))).ToArbitrary(),
        n =>
        {
            var text = (n.Negative ? "-" : "") + (n.Point == 0 ? n.Digits : n.Digits[..^n.Point] + "." + n.Digits[^n.Point..]) + (n.Exponent == 0 ? "" : $"e{n.Exponent}");
            var reading = Quantity.Read(Encoding.UTF8.GetBytes(text), out var scaled);
            var (expectedReading, expected) = Expected(BigInteger.Parse(n.Digits, CultureInfo.InvariantCulture), n.Exponent - n.Point + 12, n.Negative);
            return (reading == expectedReading && (BigInteger)scaled == expected).Label($"{text}: {reading} {scaled}, expected {expectedReading} {expected}");
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(5_000));

    [Fact]
    public void Text_is_read_as_the_same_quantity() => Prop.ForAll(
        Gen.Choose(int.MinValue, int.MaxValue).SelectMany(a => Gen.Choose(0, int.MaxValue).Select(b => (Int128)a * 400_000_000_000_000_000 + b)).ToArbitrary(),
        scaled => Quantity.Read(Encoding.UTF8.GetBytes(Quantity.ToText(scaled)), out var read) == QuantityReading.Exact && read == scaled)
        .Check(Config.QuickThrowOnFailure.WithMaxTest(1_000));

    [Fact]
    public void A_decimal_holds_28_digits_or_throws()
    {
        // 10^15 - 1 plus 12 decimals are 27 digits; a sum of a hundred of them has 29.
        Quantity.Read("999999999999999.999999999999"u8, out var large);
        Assert.Equal(999_999_999_999_999.999999999999m, Quantity.ToDecimal(large));
        Assert.Throws<OverflowException>(() => Quantity.ToDecimal(large * 99));
        Assert.Equal(100_000_000_000_000_000m, Quantity.ToDecimal(Quantity.One * 100_000_000_000_000_000));
        Assert.Equal(-0.003m, Quantity.ToDecimal(-3_000_000_000));
        Assert.Equal(0.004294967295m, Quantity.ToDecimal(4_294_967_295));
    }

    private static (QuantityReading, BigInteger) Expected(BigInteger digits, int exponent, bool negative)
    {
        if (digits.IsZero) return (QuantityReading.Exact, 0);
        var unit = BigInteger.Pow(10, Math.Max(0, -exponent));
        var value = digits * BigInteger.Pow(10, Math.Max(0, exponent));
        if (value < unit) return (QuantityReading.Unreadable, 0);
        var quotient = BigInteger.DivRem(value, unit, out var rest);
        if (rest * 2 > unit || (rest * 2 == unit && !quotient.IsEven)) quotient++;
        if (quotient >= BigInteger.Pow(10, 27)) return (QuantityReading.Unreadable, 0);
        return (rest.IsZero ? QuantityReading.Exact : QuantityReading.Rounded, negative ? -quotient : quotient);
    }
}
