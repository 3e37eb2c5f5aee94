using Billing.Domain.Tests.Oracle;
using Xunit;

namespace Billing.Domain.Tests.Credits;

public class ExpiryTests
{
    [Fact]
    public void A_credit_is_gone_at_the_instant_it_expires() =>
        LedgerPage.Check("""
            product calls
            rate calls 1
            contract A 2026-01-01
            grant promo CREDIT of A  100 2026-01-01T05 / 2026-01-16T05
            use calls 2026-01-01T04:59 1
            use calls 2026-01-01T05 2
            use calls 2026-01-16T04:59 4
            use calls 2026-01-16T05 8
            until 2026-02-01
            -> A USAGE 2026-01-01 / 2026-02-01 total 9
            ->   calls 2026-01-01 / 2026-01-01T05: 1 x 1 = 1
            ->   calls 2026-01-01T05 / 2026-01-16T05: 6 x 1 = 6 from promo
            ->   calls 2026-01-16T05 / 2026-02-01: 8 x 1 = 8
            -> promo: +100, A -6 at 2026-01-16T05, expired -94 at 2026-01-16T05, left 0
            """);

    [Fact]
    public void What_is_left_expires_when_the_contract_ends() =>
        LedgerPage.Check("""
            contract A 2026-01-01 / 2026-01-20
            grant prepaid PREPAID of A  100 2026-01-01 / 2026-06-01
            grant own PREPAID  100 2026-01-01 / 2026-06-01
            until 2026-02-01
            -> prepaid: +100, expired -100 at 2026-01-20, left 0
            -> own: +100, left 100
            """);

    [Fact]
    public void A_grant_does_not_expire_before_a_subscription_is_charged_that_it_pays() =>
        // The seats of June are charged on 1 July, with the usage invoice that ends June's grant
        LedgerPage.Check("""
            product seats is SUBSCRIPTION
            rate seats 7 every MONTHLY
            contract A 2026-06-01
            recurring monthly of A CREDIT 50 until 2026-07-01
            subscription team of A seats 3 every MONTHLY ARREARS
            until 2026-07-01
            -> A SCHEDULED 2026-07-01 total 0
            ->   subscription team 2026-06-01 / 2026-07-01: 3 x 7 = 21 from monthly@2026-06-01
            -> monthly@2026-06-01: +50, A -21 at 2026-07-01, expired -29 at 2026-07-01, left 0
            """);
}
