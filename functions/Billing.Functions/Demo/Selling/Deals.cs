using Billing.Functions.Demo.Traffic;
using NodaTime;

namespace Billing.Functions.Demo.Selling;

/// <summary>How a customer buys.</summary>
internal enum Plan
{
    /// <summary>Pays as it goes, with a free credit for the first month.</summary>
    SelfServe,

    /// <summary>A prepaid year, a discount on some models, and seats.</summary>
    Enterprise,

    /// <summary>Prepaid, topped up by itself when the balance is low.</summary>
    Wallet,
}

/// <summary>What was agreed with whom.</summary>
/// <remarks>Units: cents of the dollar. The largest customer is the enterprise, the third a wallet; a part of the second's usage comes after its invoice.</remarks>
internal static class Deals
{
    public const int LateCustomer = 1;

    public const decimal FreeCredit = 500m;

    public const decimal YearlyCommit = 600_000m;
    public const int QuartersOfYear = 4;
    public const decimal Multiplier = 0.8m;

    public const decimal SeatPrice = 3_000m;
    public const decimal SeatsAtFirst = 20m;
    public const decimal SeatsLater = 26m;

    public const decimal WalletAtFirst = 10_000m;
    public const decimal TopUpBelow = 12_000m;
    public const decimal TopUpTo = 15_000m;

    /// <summary>Models that the enterprise gets cheaper.</summary>
    public static readonly IReadOnlyList<string> Discounted = ["large", "code"];

    /// <summary>How long after a month's invoice the late usage comes.</summary>
    public static readonly Duration LateBy = Duration.FromDays(2);

    /// <summary>The largest customer is the enterprise; there may be only one customer.</summary>
    public static Plan PlanOf(int customer) => customer switch
    {
        0 => Plan.Enterprise,
        2 => Plan.Wallet,
        _ => Plan.SelfServe,
    };

    public static string NameOf(Plan plan) => plan switch
    {
        Plan.SelfServe => "Pay as you go",
        Plan.Enterprise => "Enterprise",
        Plan.Wallet => "Prepaid wallet",
        _ => throw new ArgumentOutOfRangeException(nameof(plan), plan, "Unknown plan."),
    };

    /// <summary>The first of the n-th month of the traffic; beyond its end too.</summary>
    public static Instant Month(TrafficPlan traffic, int month) => traffic.Months[0].InUtc().Date.PlusMonths(month).AtStartOfDayInZone(DateTimeZone.Utc).ToInstant();

    /// <summary>The 15th of the first month: prices and seats change.</summary>
    public static Instant Change(TrafficPlan traffic) => traffic.Months[0] + Duration.FromDays(14);

    /// <summary>Requests that are sent when their invoice is final: the last tenth of one customer's last month.</summary>
    public static IReadOnlySet<int> HeldBack(TrafficPlan traffic)
    {
        var own = Enumerable.Range(0, traffic.Requests.Count)
            .Where(i => traffic.Requests[i].Customer == LateCustomer && traffic.Requests[i].At >= traffic.Months[^2])
            .OrderBy(i => traffic.Requests[i].At).ThenBy(i => i).ToList();
        return own.TakeLast((own.Count + 9) / 10).ToHashSet();
    }
}
