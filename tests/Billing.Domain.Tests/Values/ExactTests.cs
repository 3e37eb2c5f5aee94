using System.Security.Cryptography;
using System.Text;
using Billing.Domain.Values;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Billing.Domain.Tests.Values;

public class ExactTests
{
    [Fact]
    public void A_product_that_fits_is_exact_and_without_trailing_zeros()
    {
        Assert.Equal("0.5", Exact.Multiply(0.500m, 1.00m).ToString());
        Assert.Equal(100.25m, Exact.Multiply(4.01m, 25m));
        Assert.Equal(-79228162514264337593543950335m, Exact.Multiply(-1m, decimal.MaxValue));
    }

    [Theory]
    [InlineData("0.00000000000001", "0.000000000000001")] // 10^-29
    [InlineData("79228162514264337593543950335", "1.1")]
    [InlineData("79228162514264337593543950335", "2")]
    public void A_product_that_does_not_fit_is_an_error(string a, string b) =>
        Assert.Throws<InexactAmountException>(() => Exact.Multiply(decimal.Parse(a), decimal.Parse(b)));

    [Fact]
    public void A_sum_that_does_not_fit_is_an_error() =>
        Assert.Throws<InexactAmountException>(() => Exact.Add(79228162514264337593543950335m, 0.1m));

    [Theory]
    [InlineData("1", "3", "0.33333333333333333333")]
    [InlineData("2", "3", "0.66666666666666666667")]
    [InlineData("-2", "3", "-0.66666666666666666667")]
    [InlineData("12345678", "1000000", "12.345678")]
    [InlineData("1", "200000000000000000000", "0")] // 0.5 x 10^-20: half goes to the even 0
    [InlineData("3", "200000000000000000000", "0.00000000000000000002")] // 1.5 x 10^-20: half goes to the even 2
    [InlineData("10000000000", "3", "3333333333.3333333333333333333")] // 10 digits before the point leave room for 19
    public void A_quotient_has_20_decimals_half_even(string a, string b, string quotient) =>
        Assert.Equal(quotient, Exact.Quotient(decimal.Parse(a), decimal.Parse(b)).ToString());

    [Theory]
    [InlineData("100", 0, "1 1 1", "34 33 33")]
    [InlineData("-100", 0, "1 1 1", "-34 -33 -33")]
    [InlineData("0.05", 2, "3 1", "0.04 0.01")] // 3.75 and 1.25 cents: the larger remainder takes the cent
    [InlineData("10", 0, "0 5 0.5", "0 9 1")] // 9.09 and 0.91
    public void Shares_sum_to_the_whole_by_largest_remainder(string total, int decimals, string weights, string shares) =>
        Assert.Equal(shares, string.Join(' ', Exact.Allocate(decimal.Parse(total), [.. weights.Split(' ').Select(decimal.Parse)], decimals)));

    [Fact]
    public void Shares_always_sum_to_the_whole_and_none_is_off_by_a_unit()
    {
        var cases = from total in Gen.Choose(-100_000, 100_000)
                    from weights in Gen.Choose(0, 50).NonEmptyListOf()
                    where weights.Sum() > 0
                    select (total, weights);
        Prop.ForAll(cases.ToArbitrary(), c =>
        {
            var shares = Exact.Allocate(c.total / 100m, [.. c.weights.Select(w => (decimal)w)], 2);
            return shares.Sum() == c.total / 100m
                && shares.Zip(c.weights).All(p => Math.Abs(p.First - c.total / 100m * p.Second / c.weights.Sum()) < 0.01m);
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Multiplying_agrees_with_decimal_wherever_decimal_is_exact() =>
        Prop.ForAll(Gen.Choose(-1_000_000, 1_000_000).Two().ToArbitrary(), p =>
            Exact.Multiply(p.Item1 / 1000m, p.Item2 / 100m) == p.Item1 / 1000m * (p.Item2 / 100m)).QuickCheckThrowOnFailure();

    [Fact]
    public void A_currencys_id_is_the_version_5_uuid_of_its_code()
    {
        var space = Guid.Parse(Currencies.Usd.Id).ToByteArray(bigEndian: true);
        foreach (var currency in Currencies.All.Skip(1))
        {
#pragma warning disable CA5350 // version 5 UUIDs are defined with SHA-1
            var hash = SHA1.HashData([.. space, .. Encoding.ASCII.GetBytes(currency.Name)])[..16];
#pragma warning restore CA5350
            hash[6] = (byte)(0x50 | (hash[6] & 0x0F));
            hash[8] = (byte)(0x80 | (hash[8] & 0x3F));
            Assert.Equal(new Guid(hash, bigEndian: true).ToString(), currency.Id);
        }
        Assert.Equal(Currencies.All.Count, Currencies.All.Select(c => c.Id).Distinct().Count());
    }
}
