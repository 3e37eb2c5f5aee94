using System.Text.Json;
using Billing.Domain.Values;
using Billing.UseCases.Metering;
using NodaTime;

namespace Billing.Functions.Api.OpenMeter;

/// <summary>Reads the filter of the event list: an object of field → <see cref="FilterJson"/>; all must hold.</summary>
/// <remarks>Fields: id, source, subject, type, time, ingestedAt.</remarks>
internal static class EventFilterJson
{
    private const string Parameter = "filter";

    public static Outcome<Func<FoundEvent, bool>> Read(string? json)
    {
        if (string.IsNullOrEmpty(json)) return new Outcome<Func<FoundEvent, bool>>(_ => true);
        if (!FilterJson.Parse(json, Parameter).Is(out var filter, out var refusal)) return refusal;
        var tests = new List<Func<FoundEvent, bool>>();
        foreach (var field in filter.EnumerateObject())
        {
            if (!Test(field.Name, field.Value).Is(out var test, out refusal)) return refusal;
            tests.Add(test);
        }
        return new Outcome<Func<FoundEvent, bool>>(found => tests.TrueForAll(t => t(found)));
    }

    private static Outcome<Func<FoundEvent, bool>> Test(string field, JsonElement filter) => field switch
    {
        "id" => Text(e => e.Id, field, filter),
        "source" => Text(e => e.Source, field, filter),
        "subject" => Text(e => e.Key, field, filter),
        "type" => Text(e => e.Type, field, filter),
        "time" => Time(e => e.Time, field, filter),
        "ingestedAt" => Time(e => e.EnqueuedAt, field, filter),
        _ => new Refusal("invalid_filter", $"{Parameter}: '{field}' is no field that is filtered by; id, source, subject, type, time and ingestedAt are.", Parameter),
    };

    private static Outcome<Func<FoundEvent, bool>> Text(Func<FoundEvent, string> of, string field, JsonElement filter) =>
        FilterJson.Text(filter, $"{Parameter}/{field}").Is(out var test, out var refusal) ? new Outcome<Func<FoundEvent, bool>>(e => test(of(e))) : refusal;

    private static Outcome<Func<FoundEvent, bool>> Time(Func<FoundEvent, Instant> of, string field, JsonElement filter) =>
        FilterJson.Time(filter, $"{Parameter}/{field}").Is(out var test, out var refusal) ? new Outcome<Func<FoundEvent, bool>>(e => test(of(e))) : refusal;
}
