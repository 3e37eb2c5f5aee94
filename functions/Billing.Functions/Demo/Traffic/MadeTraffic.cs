using NodaTime;

namespace Billing.Functions.Demo.Traffic;

/// <summary>Makes up a month of an AI company: few large customers and many small ones, busy by day, quiet at weekends.</summary>
/// <remarks>The same seed and sizes make the same requests.</remarks>
internal static class MadeTraffic
{
    public static readonly IReadOnlyList<string> Models = ["small", "medium", "large"];
    public static readonly IReadOnlyList<string> Regions = ["us", "eu"];

    private static readonly Instant Month = Instant.FromUtc(2026, 1, 1, 0, 0);
    private const int MonthHours = 31 * 24;

    // How fast customers get smaller: the n-th has 1 / n^1.1 of the first one's traffic.
    private const double Decline = 1.1;

    private static readonly string[] First =
    [
        "Amber", "Birch", "Cobalt", "Delta", "Ember", "Fjord", "Granite", "Harbor", "Indigo", "Juniper",
        "Kestrel", "Lumen", "Maple", "Nimbus", "Orchid", "Pebble", "Quartz", "Raven", "Saffron", "Tundra",
    ];

    private static readonly string[] Second =
    [
        "Robotics", "Labs", "Health", "Legal", "Games", "Logistics", "Media", "Travel", "Insurance", "Energy", "Foods", "Learning", "Security", "Design", "Bank",
    ];

    /// <summary>Makes exactly so many requests; of few requests the smallest customers may have none.</summary>
    public static TrafficPlan Make(int seed, int customers, int count)
    {
        var random = new Random(seed);
        var weights = Enumerable.Range(1, customers).Select(n => Math.Pow(n, -Decline)).ToArray();
        var all = weights.Sum();
        var requests = new List<UsageRequest>(count);
        var upTo = 0d;
        for (var customer = 0; customer < customers; customer++)
        {
            upTo += weights[customer];
            // What is rounded away here is made up for by the next one, so that the sum is what was asked for.
            var until = customer == customers - 1 ? count : (int)Math.Round(count * upTo / all, MidpointRounding.AwayFromZero);
            AddCustomer(random, customer, until - requests.Count, requests);
        }
        return new TrafficPlan([.. Enumerable.Range(0, customers).Select(NameOf)], requests);
    }

    private static string NameOf(int customer)
    {
        var (first, round) = (customer % First.Length, customer / First.Length);
        var name = $"{First[first]} {Second[(round + first * 7) % Second.Length]}";
        return round < Second.Length ? name : $"{name} {round / Second.Length + 1}";
    }

    private static void AddCustomer(Random random, int customer, int count, List<UsageRequest> requests)
    {
        var home = random.Next(100) < 60 ? 0 : 1;
        var (small, medium) = (random.Next(30, 90), random.Next(10, 60));
        var longest = 48 + count / 300;
        while (count > 0)
        {
            // Requests come in sessions: somebody works, or a job runs.
            var session = Math.Min(count, random.Next(1, longest));
            var at = Month + Duration.FromHours(BusyHour(random)) + Duration.FromMilliseconds(random.Next(3_600_000));
            for (var i = 0; i < session && at < Month + Duration.FromHours(MonthHours); i++, count--)
            {
                var draw = random.Next(100);
                var model = draw < small ? 0 : draw < small + medium ? 1 : 2;
                var region = random.Next(100) < 90 ? home : 1 - home;
                var context = (long)Math.Exp(4.5 + 4.2 * random.NextDouble());
                var cached = random.Next(100) < 35 ? context * random.Next(30, 90) / 100 : 0;
                var output = (long)Math.Exp(2.5 + 4.5 * random.NextDouble());
                requests.Add(new UsageRequest($"req-{requests.Count + 1}", customer, at, Models[model], Regions[region], context - cached, cached, output));
                at += Duration.FromMilliseconds(random.Next(20_000));
            }
        }
    }

    // 1 January 2026 is a Thursday, so the third and fourth days of each week are its weekend.
    private static int BusyHour(Random random)
    {
        while (true)
        {
            var hour = random.Next(MonthHours);
            var (day, ofDay) = (hour / 24 % 7, hour % 24);
            var busy = ofDay is >= 8 and < 20 ? 100 : ofDay is >= 6 and < 23 ? 50 : 15;
            if (random.Next(100) < (day is 2 or 3 ? busy / 2 : busy)) return hour;
        }
    }
}
