using System.Diagnostics.Metrics;
using System.Text.Json;
using Billing.Domain.Invoicing;

namespace Billing.UseCases.Telemetry;

/// <summary>What is measured, by the meter <see cref="Name"/>. Attributes have few values, and none says whose usage or account it is.</summary>
/// <remarks>Costs next to nothing while nobody listens; each is added to once a request, batch or answer, never once an event.</remarks>
public static class Measures
{
    /// <summary>Name of the meter, and of the source of <see cref="Spans"/>.</summary>
    public const string Name = "Billing";

    private const string Events = "{event}";
    private const string Kind = "billing.kind";

    private static readonly Meter Meter = new(Name);

    private static readonly Counter<long> EventsAccepted = Meter.CreateCounter<long>(
        "billing.events.accepted", Events, "Events that ingest requests made durable, copies included.");

    private static readonly Counter<long> EventsCounted = Meter.CreateCounter<long>(
        "billing.events.counted", Events, "Events that were counted, each once.");

    private static readonly Counter<long> EventsDuplicate = Meter.CreateCounter<long>(
        "billing.events.duplicate", Events, "Further copies of counted events, those with other content included.");

    private static readonly Counter<long> EventsRejected = Meter.CreateCounter<long>(
        "billing.events.rejected", Events, "Events that can't be used.");

    private static readonly Counter<long> DeadLetters = Meter.CreateCounter<long>(
        "billing.deadletters", "{entry}", "Entries of the list of what was not counted, by kind: rejected, conflict, unreadable (by one meter).");

    private static readonly Histogram<double> FoldDuration = Meter.CreateHistogram(
        "billing.fold.duration", "s", "From reading a batch to its written progress.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] });

    private static readonly Histogram<double> Freshness = Meter.CreateHistogram(
        "billing.freshness", "s", "From when the log took the newest message of a batch to the batch's written progress.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600, 21_600] });

    private static readonly Counter<double> RequestCharge = Meter.CreateCounter<double>(
        "billing.cosmos.request_charge", "{request_unit}", "Request units that Cosmos DB charged, failed and repeated requests included.");

    private static readonly Counter<long> InvoicesIssued = Meter.CreateCounter<long>(
        "billing.invoices.issued", "{invoice}", "Invoices made final, those made anew included.");

    private static readonly Counter<long> AccountsParked = Meter.CreateCounter<long>(
        "billing.accounts.parked", "{account}", "Accounts that were parked because they could not be billed; released ones are not taken off.");

    /// <summary>A response of Cosmos DB.</summary>
    /// <param name="requestUnits">What it was charged.</param>
    /// <param name="container">The container's name; empty for what belongs to none.</param>
    /// <param name="status">HTTP status.</param>
    public static void Charged(double requestUnits, string container, int status) =>
        RequestCharge.Add(requestUnits, new("billing.container", container), new("http.response.status_code", status));

    internal static void Accepted(int events) => EventsAccepted.Add(events);

    /// <summary>A batch whose progress is written.</summary>
    /// <param name="before">The progress before it.</param>
    /// <param name="after">The progress with it.</param>
    /// <param name="took">From its reading to the written progress.</param>
    internal static void Folded(Metering.Progress before, Metering.Progress after, TimeSpan took)
    {
        var partition = new KeyValuePair<string, object?>(Spans.Partition, after.Partition);
        EventsCounted.Add(after.Counted - before.Counted, partition);
        EventsDuplicate.Add(after.Duplicate - before.Duplicate, partition);
        EventsRejected.Add(after.Rejected - before.Rejected, partition);
        Listed("rejected", after.Rejected - before.Rejected, partition);
        Listed("conflict", after.Conflict - before.Conflict, partition);
        Listed("unreadable", after.Unreadable - before.Unreadable, partition);
        FoldDuration.Record(took.TotalSeconds, partition);
    }

    internal static void Fresh(TimeSpan behind, int partition) => Freshness.Record(behind.TotalSeconds, new KeyValuePair<string, object?>(Spans.Partition, partition));

    internal static void Issued(InvoiceType type) => InvoicesIssued.Add(1, new KeyValuePair<string, object?>(Kind, JsonNamingPolicy.SnakeCaseLower.ConvertName(type.ToString())));

    internal static void Parked() => AccountsParked.Add(1);

    private static void Listed(string kind, long entries, KeyValuePair<string, object?> partition)
    {
        if (entries > 0) DeadLetters.Add(entries, partition, new(Kind, kind));
    }
}
