using Billing.Domain.Tests.Oracle;
using Xunit;

namespace Billing.Domain.Tests.Invoicing;

public class CurrencyTests
{
    /// <summary>Two lines of the same amount: each is rounded half away from zero to the minor unit, then they are added.</summary>
    [Theory]
    [InlineData("JPY", "0.5", "1", "1", "2")] // no decimals: 0.5 -> 1, twice; not 1.0 -> 1
    [InlineData("JPY", "0.49", "1", "0", "0")]
    [InlineData("JPY", "0.5", "-1", "-1", "-2")]
    [InlineData("JPY", "0.5", "-3", "-2", "-4")] // -1.5 -> -2
    [InlineData("EUR", "0.005", "1", "0.01", "0.02")]
    [InlineData("EUR", "0.0049", "1", "0", "0")]
    [InlineData("EUR", "0.125", "1", "0.13", "0.26")] // half-even would be 0.12
    [InlineData("KWD", "0.0005", "1", "0.001", "0.002")] // three decimals
    [InlineData("KWD", "0.0125", "1", "0.013", "0.026")]
    [InlineData("USD (cents)", "0.5", "1", "1", "2")] // dollars are kept in cents
    public void With_minor_unit_each_line_is_rounded_and_then_they_are_added(string currency, string price, string quantity, string line, string total)
    {
        var card = currency == "USD (cents)" ? "" : $"card card currency {currency}";
        LedgerPage.Check($"""
            {card}
            product calls by model
            rate calls {price} for model=aa
            rate calls {price} for model=bb
            contract A 2026-01-01 minor-unit
            use calls 2026-01-10 {quantity} model=aa
            use calls 2026-01-10 {quantity} model=bb
            until 2026-02-01
            -> A USAGE 2026-01-01 / 2026-02-01 total {total}
            ->   calls [model=aa]: {quantity} x {price} = {line}
            ->   calls [model=bb]: {quantity} x {price} = {line}
            """);
    }

    [Fact]
    public void With_exact_fractions_of_a_cent_stay() =>
        LedgerPage.Check("""
            product calls
            rate calls 0.0125
            contract A 2026-01-01
            use calls 2026-01-10 40.04
            until 2026-02-01
            -> A USAGE 2026-01-01 / 2026-02-01 total 0.5005
            ->   calls: 40.04 x 0.0125 = 0.5005
            """);

    [Fact]
    public void Each_tier_is_a_line_that_is_rounded_and_a_commit_covers_rounded_amounts() =>
        // 3 x 0.5 = 1.5 -> 2 yen, 1 x 0.4 -> 0; the credit of 1 yen covers 1 of the 2
        LedgerPage.Check("""
            card japan currency JPY
            product calls
            rate calls tiered:3@0.5,0.4
            contract A 2026-01-01 minor-unit
            grant promo CREDIT of A  1 2026-01-01 / 2027-01-01
            use calls 2026-01-10 4
            until 2026-02-01
            -> A USAGE 2026-01-01 / 2026-02-01 total 1
            ->   calls tier 1: 2 x 0.5 = 1 from promo
            ->   calls tier 1: 1 x 0.5 = 1
            ->   calls tier 2: 1 x 0.4 = 0
            -> promo: +1, A -1 at 2026-02-01, left 0
            """);

    [Fact]
    public void A_custom_unit_keeps_its_fractions_and_is_rounded_when_it_becomes_money() =>
        // 3 x 0.25 = 0.75 coins x 0.5 = 0.375 -> 0.38 euro
        LedgerPage.Check("""
            card play currency EUR unit coins at 0.5
            product calls
            rate calls 0.25 unit coins
            contract A 2026-01-01 minor-unit
            use calls 2026-01-10 3
            until 2026-02-01
            -> A USAGE 2026-01-01 / 2026-02-01 total 0.38
            ->   calls: 3 x 0.25 = 0.75
            ->   coins conversion: 0.75 x 0.5 = 0.38
            """);
}
