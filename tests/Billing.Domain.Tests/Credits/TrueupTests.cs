using Billing.Domain.Tests.Oracle;
using Xunit;

namespace Billing.Domain.Tests.Credits;

public class TrueupTests
{
    [Fact]
    public void A_true_up_within_a_period_counts_the_usage_of_that_period() =>
        // The promise ends on 16 March; 30 of March lie before: 100 - 30 = 70, known when March is final
        LedgerPage.Check("""
            product calls
            rate calls 1
            contract A 2026-03-01
            grant promise POSTPAID of A  100 2026-03-01 / 2026-03-16  bill 100 at 2026-03-01
            use calls 2026-03-10 30
            use calls 2026-03-20 5
            until 2026-04-01
            -> A TRUEUP 2026-03-16 total 70
            ->   purchase promise at 2026-03-01: 1 x 70 = 70
            -> A USAGE 2026-03-01 / 2026-04-01 total 35
            ->   calls 2026-03-01 / 2026-03-16: 30 x 1 = 30 from promise
            ->   calls 2026-03-16 / 2026-04-01: 5 x 1 = 5
            -> promise: +100, A -30 at 2026-03-16, true-up -70 at 2026-03-16, left 0
            """);

    [Fact]
    public void A_promise_of_the_customer_waits_for_every_contract_that_counts_towards_it() =>
        // A is billed monthly, B quarterly. The promise ends on 1 February, but B's January is only final in April: 100 - 30 - 50 = 20
        LedgerPage.Check("""
            product calls by model
            rate calls 1 for model=aa
            rate calls 1 for model=bb
            contract A 2026-01-01
            contract B 2026-01-01 statements QUARTERLY
            filter A model aa
            filter B model bb
            grant promise POSTPAID billed-by A  100 2026-01-01 / 2026-02-01  bill 100 at 2026-01-01
            use calls 2026-01-10 30 model=aa
            use calls 2026-01-10 50 model=bb
            until 2026-04-01
            -> A TRUEUP 2026-02-01 total 20
            ->   purchase promise at 2026-01-01: 1 x 20 = 20
            -> A USAGE 2026-01-01 / 2026-02-01 total 30
            ->   calls [model=aa]: 30 x 1 = 30 from promise
            -> B USAGE 2026-01-01 / 2026-04-01 total 50
            ->   calls [model=bb] 2026-01-01 / 2026-02-01: 50 x 1 = 50 from promise
            -> promise: +100, A -30 at 2026-02-01, B -50 at 2026-02-01, true-up -20 at 2026-02-01, left 0
            """);

    [Fact]
    public void A_promise_of_the_customer_outlives_the_contract_that_bills_it() =>
        LedgerPage.Check("""
            product calls
            rate calls 1
            contract A 2026-01-01 / 2026-02-01
            contract B 2026-02-01
            grant promise POSTPAID billed-by A  100 2026-01-01 / 2026-03-01  bill 100 at 2026-01-01
            use calls 2026-02-10 30
            until 2026-03-01
            -> B USAGE 2026-02-01 / 2026-03-01 total 30
            ->   calls: 30 x 1 = 30 from promise
            -> A TRUEUP 2026-03-01 total 70
            ->   purchase promise at 2026-01-01: 1 x 70 = 70
            -> promise: +100, B -30 at 2026-03-01, true-up -70 at 2026-03-01, left 0
            """);

    [Fact]
    public void A_true_up_waits_for_a_subscription_that_is_charged_later() =>
        // Three seats of the week from 12 January are charged on the 19th and count towards a promise that ended on the 15th: 50 - 30 = 20
        LedgerPage.Check("""
            product seats is SUBSCRIPTION
            rate seats 10 every WEEKLY
            contract A 2026-01-12 / 2026-01-19 statements WEEKLY from-start
            subscription team of A seats 3 every WEEKLY ARREARS
            grant promise POSTPAID of A  50 2026-01-12 / 2026-01-15  bill 50 at 2026-01-12
            until 2026-01-19
            -> A TRUEUP 2026-01-15 total 20
            ->   purchase promise at 2026-01-12: 1 x 20 = 20
            -> A SCHEDULED 2026-01-19 total 30
            ->   subscription team 2026-01-12 / 2026-01-19: 3 x 10 = 30 from promise
            -> promise: +50, A -30 at 2026-01-15, true-up -20 at 2026-01-15, left 0
            """);

    [Fact]
    public void Prepaid_pays_before_a_promise_counts() =>
        // 500 used, 400 prepaid, 400 promised: 100 to pay now, 300 missing at the end
        LedgerPage.Check("""
            product calls
            rate calls 1
            contract A 2026-01-01 / 2026-02-01
            grant promise POSTPAID of A priority 1  400 2026-01-01 / 2026-02-01  bill 400 at 2026-02-01
            grant prepaid PREPAID of A priority 9  400 2026-01-01 / 2026-02-01  bill 400 at 2026-01-01
            use calls 2026-01-10 500
            until 2026-02-01
            -> A SCHEDULED 2026-01-01 total 400
            ->   purchase prepaid: 1 x 400 = 400
            -> A USAGE 2026-01-01 / 2026-02-01 total 100
            ->   calls: 400 x 1 = 400 from prepaid
            ->   calls: 100 x 1 = 100 from promise
            -> A TRUEUP 2026-02-01 total 300
            ->   purchase promise: 1 x 300 = 300
            -> prepaid: +400, A -400 at 2026-02-01, left 0
            -> promise: +400, A -100 at 2026-02-01, true-up -300 at 2026-02-01, left 0
            """);
}
