using Billing.Domain.Values;
using Billing.Functions.Hosting;
using Billing.Functions.Hosting.Access;
using Billing.UseCases.Access;
using Billing.UseCases.Cost;
using NodaTime;
using NodaTime.Text;

namespace Billing.Functions.Api;

/// <summary>What Azure takes for the work that was done. On one machine nothing is counted.</summary>
public static class CostApi
{
    private const int DefaultDays = 7;
    private const int MaxDays = 366;
    private const string Formula = "dollars = sum of count x price_per_million / 1000000 + hours x price_per_hour; dollars_per_million_events = dollars / events x 1000000";

    public static void Map(IEndpointRouteBuilder app) =>
        app.MapGet("/v1/operations/cost", GetAsync).Needs(Scope.Read).WithName("getCost").WithTags("Operations");

    /// <summary>What the UTC days from <c>from</c> to <c>to</c> (both included, as YYYY-MM-DD; default: the last seven) cost, by unit and for a million events. What an instance counted in its last minute may be missing; stored gigabytes and data transfer are not counted.</summary>
    internal static async Task<Answer<Data<ShownCost>>> GetAsync(CostDays days, Settings settings, TimeProvider realTime, string? from, string? to, CancellationToken stop)
    {
        if (!Day(to, "to", days.Today()).Is(out var last, out var refusal) || !Day(from, "from", last.PlusDays(1 - DefaultDays)).Is(out var first, out refusal)) return Answers.Of<ShownCost>(refusal);
        if (first > last) return Answers.Of<ShownCost>(new Refusal("period_invalid", "The period ends before it begins.", "from"));
        if (Period.DaysBetween(first, last) >= MaxDays) return Answers.Of<ShownCost>(new Refusal("period_invalid", $"A period has at most {MaxDays} days.", "from"));
        await days.AddAsync();
        var (counts, begun) = await days.ReadAsync(first, last, stop);
        var now = Instant.FromDateTimeOffset(realTime.GetUtcNow());
        var start = (begun ?? last).AtMidnight().InUtc().ToInstant();
        var end = Instant.Min(now, last.PlusDays(1).AtMidnight().InUtc().ToInstant());
        var hours = begun is null ? 0 : Math.Max(1, (decimal)(long)Math.Ceiling((end - start).TotalHours));
        return Answers.Of<ShownCost>(ShownCost.Of(first, last, CostReport.Of(counts, hours, settings.Prices ?? PriceTable.List)));
    }

    private static Outcome<LocalDate> Day(string? text, string name, LocalDate otherwise) =>
        text is null ? otherwise
        : LocalDatePattern.Iso.Parse(text) is { Success: true } parsed ? parsed.Value
        : new Refusal("parameter_invalid", $"{name}: a day as YYYY-MM-DD is needed here, not \"{text}\".", name);

    /// <param name="From">The first day.</param>
    /// <param name="To">The last day.</param>
    /// <param name="Events">Usage events that were folded in it.</param>
    /// <param name="Hours">From the first day that has counts to its end, or to now; begun hours count.</param>
    /// <param name="DollarsPerMillionEvents">Null without events.</param>
    internal sealed record ShownCost(
        string From, string To, long Events, decimal Dollars, decimal? DollarsPerMillionEvents, IReadOnlyList<CostLine> Lines, decimal Hours, decimal PricePerHour, string Formula)
    {
        public static ShownCost Of(LocalDate from, LocalDate to, CostReport report) => new(
            LocalDatePattern.Iso.Format(from), LocalDatePattern.Iso.Format(to), report.Events, report.Dollars, report.DollarsPerMillionEvents, report.Lines, report.Hours, report.PricePerHour, CostApi.Formula);
    }
}
