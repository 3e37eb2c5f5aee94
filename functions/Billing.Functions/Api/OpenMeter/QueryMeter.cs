using Billing.Domain.Metering;
using Billing.Domain.Values;
using Billing.UseCases.Documents;
using Billing.UseCases.Metering;
using NodaTime;

namespace Billing.Functions.Api.OpenMeter;

/// <summary>Answers a meter question of OpenMeter's API.</summary>
public sealed class QueryMeter(Meters meters, AskUsage ask, IDocumentStore documents, IClock clock)
{
    private const string Subject = "subject";
    private static readonly Duration Ahead = Duration.FromHours(25);

    internal async Task<Outcome<MeterQueryApi.QueryAnswer>> AskAsync(string idOrSlug, MeterQueryApi.Question question, CancellationToken stop)
    {
        if (!(await meters.FindAsync(idOrSlug, stop)).Is(out var meter, out var refusal)) return refusal;
        if (!BoundsOf(question, question.From ?? await Installation.EarliestUsageAsync(documents, stop)).Is(out var bounds, out refusal)) return refusal;
        var by = (question.GroupBy ?? []).Where(g => g != Subject).Distinct().ToList();
        var grouping = new UsageGrouping(by, question.FilterGroupBy ?? UsageGrouping.None.Only);
        var rows = new List<MeterQueryApi.QueryRow>();
        await foreach (var (subject, answer) in AnswersAsync(meter.Meter, question, bounds, grouping, stop))
        {
            if (!answer.Is(out var found, out refusal)) return refusal;
            rows.AddRange(found.Select(r => new MeterQueryApi.QueryRow(
                r.State.Result(meter.Meter.Aggregation), r.Start, r.End, subject, by.Select((k, i) => (k, v: r.Group[i])).ToDictionary(p => p.k, p => p.v))));
        }
        return new MeterQueryApi.QueryAnswer(question.From, question.To, question.WindowSize, [.. rows.OrderBy(r => r.WindowStart)]);
    }

    // One answer for all, or one for each subject that is asked for or grouped by.
    private async IAsyncEnumerable<(string? Subject, Outcome<IReadOnlyList<UsageRow>> Answer)> AnswersAsync(
        Meter meter, MeterQueryApi.Question question, IReadOnlyList<Instant> bounds, UsageGrouping grouping,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken stop)
    {
        if (question.FilterCustomerId is { Count: > 0 } customers)
        {
            foreach (var customer in customers.Distinct()) yield return (null, await ask.OfCustomerAsync(meter, customer, bounds, grouping, stop));
            yield break;
        }
        var grouped = question.GroupBy?.Contains(Subject) == true;
        if (question.Subject is { Count: > 0 } subjects)
        {
            // Subjects that are asked for are told apart, as OpenMeter does.
            foreach (var subject in subjects.Distinct()) yield return (subject, await ask.OfSubjectAsync(meter, subject, bounds, grouping, stop));
        }
        else if (grouped)
        {
            await foreach (var subject in ask.SubjectsAsync(stop)) yield return (subject, await ask.OfSubjectAsync(meter, subject, bounds, grouping, stop));
        }
        else yield return (null, await ask.OfAllAsync(meter, bounds, grouping, stop));
    }

    private Outcome<IReadOnlyList<Instant>> BoundsOf(MeterQueryApi.Question question, Instant start)
    {
        var size = WindowSize.None;
        if (question.WindowSize is { } text && (!Enum.TryParse(text, ignoreCase: true, out size) || size == WindowSize.None || int.TryParse(text, out _)))
            return new Refusal("invalid_window_size", "windowSize is MINUTE, HOUR, DAY or MONTH.", "windowSize");
        var zone = DateTimeZoneProviders.Tzdb.GetZoneOrNull(question.WindowTimeZone ?? "UTC");
        if (zone is null) return new Refusal("invalid_time_zone", $"There is no time zone '{question.WindowTimeZone}': use an IANA name such as Europe/Berlin.", "windowTimeZone");
        var from = Down(start);
        var until = Up(question.To ?? clock.GetCurrentInstant() + Ahead);
        if (from >= until) return new Refusal("invalid_range", "from must be before to.", "from");
        // Without a start, windows begin at the first month that can have usage.
        if (question.From is null && size == WindowSize.Minute) return new Refusal("invalid_range", "Windows of a minute need a from.", "from");
        return UsageWindows.Bounds(from, until, size, zone, widen: true) is { } bounds
            ? new Outcome<IReadOnlyList<Instant>>(bounds)
            : new Refusal("too_many_windows", $"The range has more than {UsageWindows.MaxWindows} windows: ask for less time or larger windows.", "windowSize");
    }

    private static Instant Down(Instant at) => at - Duration.FromTicks(((at.ToUnixTimeTicks() % NodaConstants.TicksPerMinute) + NodaConstants.TicksPerMinute) % NodaConstants.TicksPerMinute);

    private static Instant Up(Instant at) => Down(at) == at ? at : Down(at) + Duration.FromMinutes(1);
}
