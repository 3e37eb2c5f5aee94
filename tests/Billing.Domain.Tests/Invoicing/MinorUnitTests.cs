using Billing.Domain.Tests.Oracle;
using Xunit;

namespace Billing.Domain.Tests.Invoicing;

/// <summary>Credits, shares of time and promises in currencies of no, two and three decimals. Dollars are kept in cents.</summary>
public class MinorUnitTests
{
    private static string Card(string currency) => currency == "USD" ? "" : $"card card currency {currency}";

    /// <summary>7 calls at a price that is finer than the unit, and a credit that pays a part; EXACT keeps every digit.</summary>
    [Theory]
    [InlineData("JPY", "", "0.5", "3", "0.5", "6", "1", "3.5")] // 3.5 less 3
    [InlineData("JPY", "minor-unit", "0.5", "3", "1", "6", "1", "4")] // 3.5 -> 4, less 3
    [InlineData("KWD", "", "0.0005", "0.003", "0.0005", "6", "1", "0.0035")]
    [InlineData("KWD", "minor-unit", "0.0005", "0.003", "0.001", "6", "1", "0.004")]
    [InlineData("USD", "", "0.5", "3", "0.5", "6", "1", "3.5")]
    [InlineData("USD", "minor-unit", "0.5", "3", "1", "6", "1", "4")]
    [InlineData("EUR", "minor-unit", "0.005", "0.03", "0.01", "6", "1", "0.04")] // 0.035 -> 0.04, less 0.03
    public void A_credit_pays_a_part_of_the_rounded_line(string currency, string policy, string price, string credit, string total, string covered, string rest, string gross)
    {
        Assert.Equal(Words.Number(gross), Words.Number(credit) + Words.Number(total));
        LedgerPage.Check($"""
            {Card(currency)}
            product calls
            rate calls {price}
            contract A 2026-01-01 {policy}
            grant promo CREDIT of A  {credit} 2026-01-01 / 2027-01-01
            use calls 2026-01-10 7
            until 2026-02-01
            -> A USAGE 2026-01-01 / 2026-02-01 total {total}
            ->   calls: {covered} x {price} = {credit} from promo
            ->   calls: {rest} x {price} = {total}
            -> promo: +{credit}, A -{credit} at 2026-02-01, left 0
            """);
    }

    /// <summary>A correction of one group beside usage of another: half away from zero on both sides, and the lines sum to the total.</summary>
    [Theory]
    [InlineData("JPY", "", "0.5", "2.5", "-1.5", "1")] // 5 x 0.5 - 3 x 0.5
    [InlineData("JPY", "minor-unit", "0.5", "3", "-2", "1")] // 2.5 -> 3, -1.5 -> -2
    [InlineData("KWD", "", "0.0005", "0.0025", "-0.0015", "0.001")]
    [InlineData("KWD", "minor-unit", "0.0005", "0.003", "-0.002", "0.001")]
    [InlineData("USD", "minor-unit", "0.5", "3", "-2", "1")]
    [InlineData("EUR", "minor-unit", "0.005", "0.03", "-0.02", "0.01")]
    public void A_correction_is_rounded_away_from_zero_too(string currency, string policy, string price, string used, string back, string total)
    {
        Assert.Equal(Words.Number(total), Words.Number(used) + Words.Number(back));
        LedgerPage.Check($"""
            {Card(currency)}
            product calls by model
            rate calls {price} for model=aa
            rate calls {price} for model=bb
            contract A 2026-01-01 {policy}
            use calls 2026-01-10 5 model=aa
            use calls 2026-01-10 -3 model=bb
            until 2026-02-01
            -> A USAGE 2026-01-01 / 2026-02-01 total {total}
            ->   calls [model=aa]: 5 x {price} = {used}
            ->   calls [model=bb]: -3 x {price} = {back}
            """);
    }

    /// <summary>A minimum of 100 for the 16 of 31 days that the contract holds: 1600/31 = 51.6129….</summary>
    [Theory]
    [InlineData("JPY", "", "51.61290322580645161290")]
    [InlineData("JPY", "minor-unit", "52")]
    [InlineData("KWD", "minor-unit", "51.613")]
    [InlineData("EUR", "minor-unit", "51.61")]
    [InlineData("USD", "minor-unit", "52")]
    public void A_share_of_a_minimum_is_rounded_as_the_contract_says(string currency, string policy, string owed)
    {
        var normal = Words.Number(Words.Number(owed));
        LedgerPage.Check($"""
            {Card(currency)}
            product calls
            rate calls 1
            contract A 2026-01-16 {policy} min 100
            until 2026-02-01
            -> A USAGE 2026-01-16 / 2026-02-01 total {normal}
            ->   Minimum spend: 1 x {normal} = {normal}
            """);
    }

    /// <summary>A promise of 10 of which 7 calls used a part: what is missing is owed, and both sum to 10.</summary>
    [Theory]
    [InlineData("JPY", "", "0.5", "3.5", "6.5")]
    [InlineData("JPY", "minor-unit", "0.5", "4", "6")]
    [InlineData("KWD", "", "0.0005", "0.0035", "9.9965")]
    [InlineData("KWD", "minor-unit", "0.0005", "0.004", "9.996")]
    [InlineData("USD", "minor-unit", "0.5", "4", "6")]
    public void A_promise_is_trued_up_to_the_unit(string currency, string policy, string price, string used, string missing)
    {
        Assert.Equal(10, Words.Number(used) + Words.Number(missing));
        LedgerPage.Check($"""
            {Card(currency)}
            product calls
            rate calls {price}
            contract A 2026-01-01 / 2026-02-01 {policy}
            grant promise POSTPAID of A bill 10 at 2026-02-01  10 2026-01-01 / 2026-02-01
            use calls 2026-01-10 7
            until 2026-02-01
            -> A USAGE 2026-01-01 / 2026-02-01 total {used}
            ->   calls: 7 x {price} = {used} from promise
            -> A TRUEUP 2026-02-01 total {missing}
            ->   purchase promise: 1 x {missing} = {missing}
            -> promise: +10, A -{used} at 2026-02-01, true-up -{missing} at 2026-02-01, left 0
            """);
    }
}
