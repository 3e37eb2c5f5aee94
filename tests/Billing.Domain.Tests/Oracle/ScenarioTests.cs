using Xunit;

namespace Billing.Domain.Tests.Oracle;

/// <summary>The acceptance scenarios and their variants as ledger pages; amounts in cents.</summary>
public class ScenarioTests
{
    [Fact]
    public void From_quote_to_cash() =>
        // 2.5 x 0.8 = 2 a call. April 45,000 x 2 = 90,000: credit 10,000, commit 80,000. May 15,000 x 2 = 30,000: commit 20,000, to pay 10,000.
        // Billed: 100,000 + 150,000 + 4 x 5,000 on 1 April, 20,000 on 1 May, 0 and 10,000 for usage
        LedgerPage.Check("""
            product calls tags usage
            product seat is SUBSCRIPTION
            rate calls 2.5
            rate seat 5000 every MONTHLY
            contract A 2026-04-01 / 2027-04-01
            override deal of A multiplier 0.8 tags usage
            grant annual PREPAID of A priority 100 tags usage  100,000 2026-04-01 / 2027-04-01  bill 100,000 at 2026-04-01
            grant welcome CREDIT of A priority 1 tags usage  10,000 2026-04-01 / 2026-05-01
            subscription seat of A seat 4 every MONTHLY ADVANCE prorated at-once
            charge onboarding of A CHARGE fee bill 150,000 at 2026-04-01
            use calls 2026-04-10T08 30000
            use calls 2026-04-20T09 15000
            use calls 2026-05-10 15000
            until 2026-06-01
            -> A SCHEDULED 2026-04-01 total 270000
            ->   purchase annual: 1 x 100000 = 100000
            ->   charge onboarding: 1 x 150000 = 150000
            ->   subscription seat 2026-04-01 / 2026-05-01: 4 x 5000 = 20000
            -> A USAGE 2026-04-01 / 2026-05-01 total 0
            ->   calls: 5000 x 2 = 10000 from welcome
            ->   calls: 40000 x 2 = 80000 from annual
            -> A SCHEDULED 2026-05-01 total 20000
            ->   subscription seat 2026-05-01 / 2026-06-01: 4 x 5000 = 20000
            -> A USAGE 2026-05-01 / 2026-06-01 total 10000
            ->   calls: 10000 x 2 = 20000 from annual
            ->   calls: 5000 x 2 = 10000
            -> A SCHEDULED 2026-06-01 total 20000
            ->   subscription seat 2026-06-01 / 2026-07-01: 4 x 5000 = 20000
            -> annual: +100000, A -80000 at 2026-05-01, A -20000 at 2026-06-01, left 0
            -> welcome: +10000, A -10000 at 2026-05-01, left 0
            """);

    [Fact]
    public void Prices_by_model_and_region_convert_then_round_each_line() =>
        // 20 x 300 + 1.5 x 330 + 4.001 up to 4.01 x 25 = 6,000 + 495 + 100.25; small/eu has no rate
        LedgerPage.Check("""
            product tokens by model,region divide 1000000 round ROUND_UP 2
            rate tokens 300 for model=large,region=us
            rate tokens 330 for model=large,region=eu
            rate tokens 25 for model=small,region=us
            contract A 2026-01-01
            use tokens 2026-01-03 12345678 model=large,region=us
            use tokens 2026-01-19 7654322 model=large,region=us
            use tokens 2026-01-04 1500000 model=large,region=eu
            use tokens 2026-01-05 4001000 model=small,region=us
            use tokens 2026-01-06 9000000 model=small,region=eu
            until 2026-02-01
            -> A USAGE 2026-01-01 / 2026-02-01 total 6595.25
            ->   tokens [model=large,region=us]: 20 x 300 = 6000
            ->   tokens [model=large,region=eu]: 1.5 x 330 = 495
            ->   tokens [model=small,region=us]: 4.01 x 25 = 100.25
            ->   unrated tokens [model=small,region=eu] 2026-01-01 / 2026-02-01: 9000000 NoRate
            """);

    [Fact]
    public void Tiers_are_graduated_and_begin_anew_each_month() =>
        LedgerPage.Check("""
            product calls
            rate calls tiered:1000@10,9000@8,5
            contract A 2026-01-01
            use calls 2026-01-05T10 1000
            use calls 2026-01-12T10 300
            use calls 2026-01-25T10 11700
            use calls 2026-02-10T10 1200
            until 2026-02-15
            -> A USAGE 2026-01-01 / 2026-02-01 total 97000
            ->   calls tier 1: 1000 x 10 = 10000
            ->   calls tier 2: 9000 x 8 = 72000
            ->   calls tier 3: 3000 x 5 = 15000
            -> A USAGE 2026-02-01 / 2026-03-01 total 11600
            ->   calls tier 1: 1000 x 10 = 10000
            ->   calls tier 2: 200 x 8 = 1600
            """);

    [Fact]
    public void Five_free_then_1_dollar_then_1_50() =>
        // 5 x 0 + 5 x 100 + 2 x 150 = 800
        LedgerPage.Check("""
            product calls
            rate calls tiered:5@0,5@100,150
            contract A 2026-01-01
            use calls 2026-01-05 12
            until 2026-02-01
            -> A USAGE 2026-01-01 / 2026-02-01 total 800
            ->   calls tier 1: 5 x 0 = 0
            ->   calls tier 2: 5 x 100 = 500
            ->   calls tier 3: 2 x 150 = 300
            """);

    [Fact]
    public void A_commit_covers_a_part_of_a_tier_and_the_tiers_do_not_begin_anew() =>
        // 1,000 x 10 and 5,000 x 8 covered = 50,000; 4,000 x 8 + 3,000 x 5 = 47,000 to pay
        LedgerPage.Check("""
            product calls
            rate calls tiered:1000@10,9000@8,5
            contract A 2026-01-01
            grant deal PREPAID of A  50,000 2026-01-01 / 2027-01-01
            use calls 2026-01-05 13000
            until 2026-02-01
            -> A USAGE 2026-01-01 / 2026-02-01 total 47000
            ->   calls tier 1: 1000 x 10 = 10000 from deal
            ->   calls tier 2: 5000 x 8 = 40000 from deal
            ->   calls tier 2: 4000 x 8 = 32000
            ->   calls tier 3: 3000 x 5 = 15000
            -> deal: +50000, A -50000 at 2026-02-01, left 0
            """);

    [Fact]
    public void Tiers_go_on_across_a_change_of_their_prices() =>
        // 12,400 until the 16th; from 1,300 on: 8,700 x 7 + 3,000 x 4 = 72,900; 85,300
        LedgerPage.Check("""
            product calls
            rate calls tiered:1000@10,9000@8,5
            rate calls tiered:1000@9,9000@7,4 from 2026-01-16
            contract A 2026-01-01
            use calls 2026-01-12 1300
            use calls 2026-01-16 11700
            until 2026-02-01
            -> A USAGE 2026-01-01 / 2026-02-01 total 85300
            ->   calls tier 1 2026-01-01 / 2026-01-16: 1000 x 10 = 10000
            ->   calls tier 2 2026-01-01 / 2026-01-16: 300 x 8 = 2400
            ->   calls tier 2 2026-01-16 / 2026-02-01: 8700 x 7 = 60900
            ->   calls tier 3 2026-01-16 / 2026-02-01: 3000 x 4 = 12000
            """);

    [Fact]
    public void A_prepaid_commit_pays_first_and_the_rest_is_billed() =>
        // 80 x 100 = 8,000 less 5,000; April 20 x 100
        LedgerPage.Check("""
            product tokens
            rate tokens 100
            contract A 2026-03-01 / 2026-06-01
            grant prepaid PREPAID of A  5,000 2026-03-01 / 2026-06-01  bill 5,000 at 2026-03-01
            use tokens 2026-03-10 80
            use tokens 2026-04-10 20
            until 2026-04-15
            -> A SCHEDULED 2026-03-01 total 5000
            ->   purchase prepaid: 1 x 5000 = 5000
            -> A USAGE 2026-03-01 / 2026-04-01 total 3000
            ->   tokens: 50 x 100 = 5000 from prepaid
            ->   tokens: 30 x 100 = 3000
            -> A USAGE 2026-04-01 / 2026-05-01 total 2000
            ->   tokens: 20 x 100 = 2000
            -> prepaid: +5000, A -5000 at 2026-04-01, left 0
            """);

    [Fact]
    public void A_commit_rate_counts_while_the_commit_lasts() =>
        // 5,000 / 80 = 62.5 units; 17.5 x 100 = 1,750
        LedgerPage.Check("""
            product tokens
            rate tokens 100 commit-rate 80
            contract A 2026-03-01 / 2026-06-01
            grant prepaid PREPAID of A commit-rate  5,000 2026-03-01 / 2026-06-01
            use tokens 2026-03-10 80
            until 2026-04-01
            -> A USAGE 2026-03-01 / 2026-04-01 total 1750
            ->   tokens: 62.5 x 80 = 5000 from prepaid
            ->   tokens: 17.5 x 100 = 1750
            -> prepaid: +5000, A -5000 at 2026-04-01, left 0
            """);

    [Fact]
    public void A_list_price_of_0_never_bills_overage() =>
        LedgerPage.Check("""
            product tokens
            rate tokens 0 commit-rate 100
            contract A 2026-03-01 / 2026-06-01
            grant prepaid PREPAID of A commit-rate  5,000 2026-03-01 / 2026-06-01
            use tokens 2026-03-10 80
            until 2026-04-01
            -> A USAGE 2026-03-01 / 2026-04-01 total 0
            ->   tokens: 50 x 100 = 5000 from prepaid
            ->   tokens: 30 x 0 = 0
            -> prepaid: +5000, A -5000 at 2026-04-01, left 0
            """);

    [Fact]
    public void A_commit_that_is_not_used_up_expires_with_the_contract() =>
        LedgerPage.Check("""
            product tokens
            rate tokens 100
            contract A 2026-03-01 / 2026-06-01
            grant prepaid PREPAID of A  5,000 2026-03-01 / 2026-06-01
            use tokens 2026-03-10 30
            until 2026-06-01
            -> A USAGE 2026-03-01 / 2026-04-01 total 0
            ->   tokens: 30 x 100 = 3000 from prepaid
            -> prepaid: +5000, A -3000 at 2026-04-01, expired -2000 at 2026-06-01, left 0
            """);

    [Fact]
    public void Of_two_commits_the_first_expires_in_the_middle_of_the_month() =>
        // Until the 16th 6 x 100 from the first, 400 of it expire; after it 20 x 100: 1,500 from the second, 500 to pay
        LedgerPage.Check("""
            product tokens
            rate tokens 100
            contract A 2026-04-01
            grant first PREPAID of A priority 1  1,000 2026-04-01 / 2026-04-16
            grant second PREPAID of A priority 2  1,500 2026-04-01 / 2026-07-01
            use tokens 2026-04-15T23:59 6
            use tokens 2026-04-16 20
            until 2026-05-01
            -> A USAGE 2026-04-01 / 2026-05-01 total 500
            ->   tokens 2026-04-01 / 2026-04-16: 6 x 100 = 600 from first
            ->   tokens 2026-04-16 / 2026-05-01: 15 x 100 = 1500 from second
            ->   tokens 2026-04-16 / 2026-05-01: 5 x 100 = 500
            -> first: +1000, A -600 at 2026-04-16, expired -400 at 2026-04-16, left 0
            -> second: +1500, A -1500 at 2026-05-01, left 0
            """);

    [Fact]
    public void A_free_credit_for_fifteen_days_then_pay_as_you_go() =>
        // 360 h x 100 + 100 GB x 50 = 41,000 of 50,000; 384 x 100 + 150 x 50 = 45,900
        LedgerPage.Check("""
            product hours
            product storage
            rate hours 100
            rate storage 50
            contract A 2026-01-01
            grant free CREDIT of A  50,000 2026-01-01 / 2026-01-16
            use hours 2026-01-10 360
            use storage 2026-01-10 100
            use hours 2026-01-20 384
            use storage 2026-01-20 150
            until 2026-02-01
            -> A USAGE 2026-01-01 / 2026-02-01 total 45900
            ->   hours 2026-01-01 / 2026-01-16: 360 x 100 = 36000 from free
            ->   storage 2026-01-01 / 2026-01-16: 100 x 50 = 5000 from free
            ->   hours 2026-01-16 / 2026-02-01: 384 x 100 = 38400
            ->   storage 2026-01-16 / 2026-02-01: 150 x 50 = 7500
            -> free: +50000, A -41000 at 2026-01-16, expired -9000 at 2026-01-16, left 0
            """);

    [Fact]
    public void A_monthly_credit_of_which_the_first_half_month_is_granted_in_part() =>
        // Grants 500, 1,000, 1,000; usage 300, 1,400, 200: invoices 0, 400, 0; 200 + 0 + 800 expire
        LedgerPage.Check("""
            product calls
            rate calls 1
            contract A 2026-04-16
            recurring monthly of A CREDIT 1000 until 2026-07-01
            use calls 2026-04-20 300
            use calls 2026-05-20 1400
            use calls 2026-06-20 200
            until 2026-07-01
            -> A USAGE 2026-04-16 / 2026-05-01 total 0
            ->   calls: 300 x 1 = 300 from monthly@2026-04-16
            -> A USAGE 2026-05-01 / 2026-06-01 total 400
            ->   calls: 1000 x 1 = 1000 from monthly@2026-05-01
            ->   calls: 400 x 1 = 400
            -> A USAGE 2026-06-01 / 2026-07-01 total 0
            ->   calls: 200 x 1 = 200 from monthly@2026-06-01
            -> monthly@2026-04-16: +500, A -300 at 2026-05-01, expired -200 at 2026-05-01, left 0
            -> monthly@2026-05-01: +1000, A -1000 at 2026-06-01, left 0
            -> monthly@2026-06-01: +1000, A -200 at 2026-07-01, expired -800 at 2026-07-01, left 0
            """);

    [Fact]
    public void A_promise_over_three_months_is_trued_up() =>
        // 25,000 + 30,000 + 37,000 = 92,000 of 100,000: 8,000
        LedgerPage.Check("""
            product calls
            rate calls 1
            contract A 2026-01-01 / 2026-04-01
            grant promise POSTPAID of A  100,000 2026-01-01 / 2026-04-01  bill 100,000 at 2026-04-01
            use calls 2026-01-10 25,000
            use calls 2026-02-10 30,000
            use calls 2026-03-10 37,000
            until 2026-04-01
            -> A USAGE 2026-01-01 / 2026-02-01 total 25000
            ->   calls: 25000 x 1 = 25000 from promise
            -> A USAGE 2026-02-01 / 2026-03-01 total 30000
            ->   calls: 30000 x 1 = 30000 from promise
            -> A USAGE 2026-03-01 / 2026-04-01 total 37000
            ->   calls: 37000 x 1 = 37000 from promise
            -> A TRUEUP 2026-04-01 total 8000
            ->   purchase promise: 1 x 8000 = 8000
            -> promise: +100000, A -25000 at 2026-02-01, A -30000 at 2026-03-01, A -37000 at 2026-04-01, true-up -8000 at 2026-04-01, left 0
            """);

    [Fact]
    public void Seats_that_are_added_are_billed_on_the_next_date_when_it_says_so() =>
        // 5 x 1,500 on 1 May beside 15 x 3,000: 52,500
        LedgerPage.Check("""
            product seats is SUBSCRIPTION
            rate seats 3000 every MONTHLY
            contract A 2026-04-01
            subscription team of A seats 10 every MONTHLY ADVANCE prorated
            seats team 15 from 2026-04-16
            until 2026-05-02
            -> A SCHEDULED 2026-04-01 total 30000
            ->   subscription team 2026-04-01 / 2026-05-01: 10 x 3000 = 30000
            -> A SCHEDULED 2026-05-01 total 52500
            ->   subscription team 2026-04-16 / 2026-05-01: 5 x 1500 = 7500
            ->   subscription team 2026-05-01 / 2026-06-01: 15 x 3000 = 45000
            """);

    [Fact]
    public void Seats_are_billed_on_the_usage_invoice_that_ends_then_and_the_first_time_on_their_own() =>
        LedgerPage.Check("""
            product calls
            product seats is SUBSCRIPTION
            rate calls 1
            rate seats 3000 every MONTHLY
            contract A 2026-04-01
            subscription team of A seats 10 every MONTHLY ADVANCE prorated on-usage
            use calls 2026-04-10 500
            until 2026-05-01
            -> A SCHEDULED 2026-04-01 total 30000
            ->   subscription team 2026-04-01 / 2026-05-01: 10 x 3000 = 30000
            -> A USAGE 2026-04-01 / 2026-05-01 total 30500
            ->   calls: 500 x 1 = 500
            ->   subscription team 2026-05-01 / 2026-06-01: 10 x 3000 = 30000
            """);

    [Theory]
    [InlineData("3100", "1600")] // 3,100 x 16/31
    [InlineData("3000", "1548")] // 3,000 x 16/31 = 1,548.387…
    public void A_prorated_price_is_rounded_as_it_says(string price, string prorated) =>
        LedgerPage.Check($"""
            product seats is SUBSCRIPTION
            rate seats {price} every MONTHLY
            contract A 2026-05-01
            subscription team of A seats 0 every MONTHLY ADVANCE prorated at-once round HALF_UP 0
            seats team 1 from 2026-05-16
            until 2026-05-31
            -> A SCHEDULED 2026-05-16 total {prorated}
            ->   subscription team 2026-05-16 / 2026-06-01: 1 x {prorated} = {prorated}
            """);

    [Fact]
    public void Recharges_of_a_prepaid_balance_pay_for_all_usage() =>
        // 10,000 - 8,200 = 1,800 <= 2,000: 8,200 are bought; 10,000 - 8,000 = 2,000 <= 2,000: 8,000 are bought
        LedgerPage.Check("""
            product calls
            rate calls 1
            contract A 2026-04-01
            grant first PREPAID of A priority 100  10,000 2026-04-01 / 2027-04-01  bill 10,000 at 2026-04-01
            grant recharge1 PREPAID of A priority 100  8,200 2026-04-01 / 2027-04-01  bill 8,200 at 2026-04-10
            grant recharge2 PREPAID of A priority 100  8,000 2026-04-01 / 2027-04-01  bill 8,000 at 2026-04-20
            use calls 2026-04-10 8200
            use calls 2026-04-20 8000
            until 2026-05-01
            -> A SCHEDULED 2026-04-01 total 10000
            ->   purchase first: 1 x 10000 = 10000
            -> A SCHEDULED 2026-04-10 total 8200
            ->   purchase recharge1: 1 x 8200 = 8200
            -> A SCHEDULED 2026-04-20 total 8000
            ->   purchase recharge2: 1 x 8000 = 8000
            -> A USAGE 2026-04-01 / 2026-05-01 total 0
            ->   calls: 10000 x 1 = 10000 from first
            ->   calls: 6200 x 1 = 6200 from recharge1
            -> first: +10000, A -10000 at 2026-05-01, left 0
            -> recharge1: +8200, A -6200 at 2026-05-01, left 2000
            -> recharge2: +8000, left 8000
            """);

    [Theory]
    [InlineData("1", "10000")] // 9,999 + 1 reaches 10,000
    [InlineData("501", "10500")] // overshoot: the commit is the outstanding spend
    public void A_spend_threshold_bills_at_once_and_the_invoice_what_comes_after(string second, string bought) =>
        LedgerPage.Check($"""
            product calls
            rate calls 1
            contract A 2026-04-01
            grant threshold PREPAID of A  {bought} 2026-04-01 / 2027-04-01  bill {bought} at 2026-04-10T10
            use calls 2026-04-09 9999
            use calls 2026-04-10T09 {second}
            use calls 2026-04-22 6000
            until 2026-05-01
            -> A SCHEDULED 2026-04-10T10 total {bought}
            ->   purchase threshold: 1 x {bought} = {bought}
            -> A USAGE 2026-04-01 / 2026-05-01 total 6000
            ->   calls: {bought} x 1 = {bought} from threshold
            ->   calls: 6000 x 1 = 6000
            -> threshold: +{bought}, A -{bought} at 2026-05-01, left 0
            """);

    [Fact]
    public void A_rate_that_is_overwritten_in_the_middle_of_the_month_does_not_follow_the_list() =>
        // April 10 x 100 + 20 x 80 = 2,600; May 5 x 80 = 400, for the other customer 5 x 120 = 600
        LedgerPage.Check("""
            product calls
            rate calls 100
            rate calls 120 from 2026-05-01
            contract A 2026-04-01
            contract other 2026-04-01
            filter A team t1
            filter other team t2
            override edit of A overwrite 80 products calls from 2026-04-16
            use calls 2026-04-10 10 team=t1
            use calls 2026-04-16 20 team=t1
            use calls 2026-05-10 5 team=t1
            use calls 2026-05-10 5 team=t2
            until 2026-06-01
            -> A USAGE 2026-04-01 / 2026-05-01 total 2600
            ->   calls 2026-04-01 / 2026-04-16: 10 x 100 = 1000
            ->   calls 2026-04-16 / 2026-05-01: 20 x 80 = 1600
            -> A USAGE 2026-05-01 / 2026-06-01 total 400
            ->   calls: 5 x 80 = 400
            -> other USAGE 2026-05-01 / 2026-06-01 total 600
            ->   calls: 5 x 120 = 600
            """);

    [Fact]
    public void An_invoice_that_is_made_anew_has_the_prices_of_then() =>
        // Another edit overwrites all of April with 50: 30 x 50 = 1,500
        LedgerPage.Check("""
            product calls
            rate calls 100
            contract A 2026-04-01
            override edit of A overwrite 80 products calls from 2026-04-16
            override again of A overwrite 50 products calls from 2026-04-01 until 2026-05-01
            use calls 2026-04-10 10
            use calls 2026-04-16 20
            until 2026-05-01
            -> A USAGE 2026-04-01 / 2026-05-01 total 1500
            ->   calls: 30 x 50 = 1500
            """);

    [Theory]
    [InlineData(0, "500")] // 100 x 5
    [InlineData(40, "700")] // and 40 late ones
    [InlineData(60, "800")] // and 20 that came after it was final
    public void A_backdated_event_moves_the_draft_and_the_invoice_that_is_made_anew(int late, string total) =>
        LedgerPage.Check($"""
            product calls
            rate calls 5
            contract A 2026-01-01
            use calls 2026-01-10 100
            use calls 2026-01-12 {late}
            until 2026-02-02
            -> A USAGE 2026-01-01 / 2026-02-01 total {total}
            ->   calls: {100 + late} x 5 = {total}
            """);

    [Fact]
    public void A_pack_of_a_custom_unit_pays_first_and_the_rest_is_converted() =>
        // 1,250 credits: 1,000 from the pack that cost 8,000 cents; 250 x 10 = 2,500
        LedgerPage.Check("""
            card ai unit credits at 10
            product tokens divide 1000
            rate tokens 1 unit credits
            contract A 2026-04-01
            grant pack PREPAID of A unit credits  1,000 2026-04-01 / 2027-04-01  bill 8,000 at 2026-04-01
            use tokens 2026-04-10 1250000
            until 2026-05-01
            -> A SCHEDULED 2026-04-01 total 8000
            ->   purchase pack: 1 x 8000 = 8000
            -> A USAGE 2026-04-01 / 2026-05-01 total 2500
            ->   tokens: 1000 x 1 = 1000 from pack
            ->   tokens: 250 x 1 = 250
            ->   credits conversion: 250 x 10 = 2500
            -> pack: +1000, A -1000 at 2026-05-01, left 0
            """);
}
