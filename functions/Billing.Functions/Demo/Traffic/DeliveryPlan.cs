using NodaTime;

namespace Billing.Functions.Demo.Traffic;

/// <summary>One copy of a request on its way to the ingest.</summary>
/// <param name="Request">Position in the traffic.</param>
/// <param name="ArrivesAt">Never before the request happened.</param>
internal readonly record struct Delivery(int Request, Instant ArrivesAt);

/// <summary>How requests reach the ingest: out of order, some late, some twice, as a network has it.</summary>
/// <param name="InOrder">By arrival.</param>
/// <param name="Late">Requests that arrive an hour or more after they happened.</param>
/// <param name="Repeated">Copies beyond the first.</param>
internal sealed record DeliveryPlan(IReadOnlyList<Delivery> InOrder, int Late, int Repeated)
{
    private const int LatePerThousand = 10;
    private const int RepeatedPerThousand = 20;
    private const int MostHoursLate = 72;

    /// <summary>A late request still comes so long after the end of its month: within the grace of a day, and so onto the month's invoice.</summary>
    private static readonly Duration AfterMonth = Duration.FromHours(20);

    /// <summary>Deliveries of one request body must lie this close together, so that the clock of the last suits them all.</summary>
    private static readonly Duration BatchSpan = Duration.FromHours(2);

    public static DeliveryPlan Of(TrafficPlan traffic, int seed)
    {
        // Another stream of chance than the traffic's, of the same seed.
        var random = new Random(seed ^ 0x5EED);
        var deliveries = new List<Delivery>(traffic.Requests.Count + traffic.Requests.Count / 40);
        var (late, repeated) = (0, 0);
        for (var i = 0; i < traffic.Requests.Count; i++)
        {
            var at = traffic.Requests[i].At;
            var arrives = at + Duration.FromMilliseconds(random.Next(60_000));
            if (random.Next(1000) < LatePerThousand)
            {
                late++;
                arrives = Instant.Min(at + Duration.FromMinutes(random.Next(60, MostHoursLate * 60)), LastArrival(traffic, at));
            }
            deliveries.Add(new Delivery(i, arrives));
            if (random.Next(1000) >= RepeatedPerThousand) continue;
            repeated++;
            deliveries.Add(new Delivery(i, Instant.Min(arrives + Duration.FromSeconds(random.Next(1, 6 * 3600)), LastArrival(traffic, at))));
        }
        deliveries.Sort((a, b) => a.ArrivesAt != b.ArrivesAt ? a.ArrivesAt.CompareTo(b.ArrivesAt) : a.Request.CompareTo(b.Request));
        return new DeliveryPlan(deliveries, late, repeated);
    }

    /// <summary>The deliveries of some requests alone, or of all others.</summary>
    public DeliveryPlan Only(IReadOnlySet<int> requests, bool others) => this with { InOrder = [.. InOrder.Where(d => requests.Contains(d.Request) != others)] };

    /// <summary>What is sent together, in order.</summary>
    public IEnumerable<ArraySegment<Delivery>> Batches(int most)
    {
        var all = InOrder.ToArray();
        for (var from = 0; from < all.Length;)
        {
            var until = from + 1;
            while (until < all.Length && until - from < most && all[until].ArrivesAt - all[from].ArrivesAt <= BatchSpan) until++;
            yield return new ArraySegment<Delivery>(all, from, until - from);
            from = until;
        }
    }

    private static Instant LastArrival(TrafficPlan traffic, Instant at) => traffic.Months[traffic.MonthOf(at) + 1] + AfterMonth;
}
