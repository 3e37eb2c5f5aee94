using Billing.Domain.Tests.Oracle;
using Xunit;

namespace Billing.Domain.Tests.Invoicing;

public class CompositeTests
{
    [Fact]
    public void An_override_of_a_composite_holds_from_its_hour_on() =>
        // 100 x 0.1 = 10 before, 200 x 0.05 = 10 after; 100 + 200 + 10 + 10 = 320
        LedgerPage.Check("""
            product calls
            product support is COMPOSITE of calls
            rate calls 1
            rate support percent:0.1
            contract A 2026-01-01
            override half of A multiplier 0.5 products support from 2026-01-16
            use calls 2026-01-05 100
            use calls 2026-01-16 200
            until 2026-02-01
            -> A USAGE 2026-01-01 / 2026-02-01 total 320
            ->   calls 2026-01-01 / 2026-01-16: 100 x 1 = 100
            ->   calls 2026-01-16 / 2026-02-01: 200 x 1 = 200
            ->   support 2026-01-01 / 2026-01-16: 100 x 0.1 = 10
            ->   support 2026-01-16 / 2026-02-01: 200 x 0.05 = 10
            """);

    [Fact]
    public void A_credit_pays_for_the_share_in_the_usage_of_its_time() =>
        LedgerPage.Check("""
            product calls
            product support is COMPOSITE of calls
            rate calls 1
            rate support percent:0.1
            contract A 2026-01-01
            grant promo CREDIT of A  1000 2026-01-01 / 2026-01-16
            use calls 2026-01-05 100
            use calls 2026-01-20 200
            until 2026-02-01
            -> A USAGE 2026-01-01 / 2026-02-01 total 220
            ->   calls 2026-01-01 / 2026-01-16: 100 x 1 = 100 from promo
            ->   calls 2026-01-16 / 2026-02-01: 200 x 1 = 200
            ->   support 2026-01-01 / 2026-01-16: 100 x 0.1 = 10 from promo
            ->   support 2026-01-16 / 2026-02-01: 200 x 0.1 = 20
            -> promo: +1000, A -110 at 2026-01-16, expired -890 at 2026-01-16, left 0
            """);

    [Fact]
    public void A_product_that_a_composite_drops_counts_until_then() =>
        LedgerPage.Check("""
            product calls
            product texts
            product support is COMPOSITE of calls
            change support at 2026-01-16 of texts
            rate calls 1
            rate texts 1
            rate support percent:0.1
            contract A 2026-01-01
            use calls 2026-01-05 100
            use calls 2026-01-20 200
            until 2026-02-01
            -> A USAGE 2026-01-01 / 2026-02-01 total 310
            ->   calls 2026-01-01 / 2026-01-16: 100 x 1 = 100
            ->   calls 2026-01-16 / 2026-02-01: 200 x 1 = 200
            ->   support 2026-01-01 / 2026-01-16: 100 x 0.1 = 10
            """);

    [Fact]
    public void The_flat_price_of_its_first_step_is_owed_once() =>
        // Nothing before the 16th: 5 for entering; then 20 x 0.2
        LedgerPage.Check("""
            product calls
            product support is COMPOSITE of calls
            rate calls 1
            rate support percent-tiers:50@0.1+5,0.2
            contract A 2026-01-01
            override double of A multiplier 2 products support from 2026-01-16
            use calls 2026-01-20 20
            until 2026-02-01
            -> A USAGE 2026-01-01 / 2026-02-01 total 29
            ->   calls 2026-01-16 / 2026-02-01: 20 x 1 = 20
            ->   support tier 1 2026-01-01 / 2026-01-16: 1 x 5 = 5
            ->   support tier 1 2026-01-16 / 2026-02-01: 20 x 0.2 = 4
            """);

    [Fact]
    public void It_is_a_share_of_the_charges_before_anything_pays_for_them_or_of_those_that_nothing_free_paid() =>
        // gross: (100 + 30 seats) x 0.1; net: less the 60 that the free credit paid
        LedgerPage.Check("""
            product calls
            product seats is SUBSCRIPTION
            product gross is COMPOSITE of calls,seats
            product net is COMPOSITE of calls,seats without-free
            rate calls 1
            rate seats 10 every MONTHLY
            rate gross percent:0.1
            rate net percent:0.1
            contract A 2026-01-01
            subscription team of A seats 3 every MONTHLY ARREARS on-usage
            grant free CREDIT of A products calls  60 2026-01-01 / 2027-01-01
            use calls 2026-01-05 100
            until 2026-02-01
            -> A USAGE 2026-01-01 / 2026-02-01 total 90
            ->   calls: 60 x 1 = 60 from free
            ->   calls: 40 x 1 = 40
            ->   subscription team: 3 x 10 = 30
            ->   gross: 130 x 0.1 = 13
            ->   net: 70 x 0.1 = 7
            -> free: +60, A -60 at 2026-02-01, left 0
            """);
}
