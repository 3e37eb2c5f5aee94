using Billing.UseCases.Metering;
using NodaTime;

namespace Billing.Functions.Api.OpenMeter;

/// <summary>A part of an answer: usage that is told apart by subject, customer or both.</summary>
/// <param name="Subject">Null when subjects are not told apart.</param>
/// <param name="CustomerId">Null when customers are not told apart, and for usage that is nobody's yet.</param>
/// <param name="Keys">Whose usage; null: everybody's.</param>
internal sealed record QueryPart(string? Subject, string? CustomerId, IReadOnlyList<KeySpan>? Keys);

/// <summary>Divides a question as OpenMeter does: subjects and customers that are asked for are told apart, and so are those that are grouped by.</summary>
public sealed class QueryParts(AskUsage ask, ReadCustomerKeys customerKeys, ListUsageOwners owners)
{
    /// <summary>The reserved names of groupBy.</summary>
    public const string Subject = "subject", CustomerId = "customer_id";

    /// <summary>The first of the customers asked for that does not exist; null when all do.</summary>
    internal async Task<string?> UnknownCustomerAsync(MeterQueryApi.Question question, CancellationToken stop)
    {
        foreach (var customer in question.FilterCustomerId ?? [])
            if (await customerKeys(customer, stop) is null) return customer;
        return null;
    }

    /// <summary>The parts.</summary>
    internal async IAsyncEnumerable<QueryPart> OfAsync(
        MeterQueryApi.Question question, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken stop)
    {
        var bySubject = question.Subject is { Count: > 0 } || question.GroupBy?.Contains(Subject) == true;
        if (question.FilterCustomerId is not { Count: > 0 } && question.GroupBy?.Contains(CustomerId) != true)
        {
            if (!bySubject) yield return new QueryPart(null, null, null);
            else
                await foreach (var subject in SubjectsAsync(question, stop)) yield return new QueryPart(subject, null, [SpanOf(subject, (Instant.MinValue, Instant.MaxValue))]);
            yield break;
        }
        var owned = new List<KeySpan>();
        await foreach (var customer in CustomersAsync(question, stop))
        {
            var keys = (await customerKeys(customer, stop) ?? []).Where(k => question.Subject is not { Count: > 0 } subjects || subjects.Contains(SubjectOf(k))).ToList();
            owned.AddRange(keys);
            if (!bySubject) yield return new QueryPart(null, customer, keys);
            else
                foreach (var key in keys.GroupBy(SubjectOf)) yield return new QueryPart(key.Key, customer, [.. key]);
        }
        if (question.FilterCustomerId is { Count: > 0 }) yield break;
        var nobodys = new List<KeySpan>();
        await foreach (var subject in SubjectsAsync(question, stop))
        {
            var free = Free(owned.Where(k => SubjectOf(k) == subject)).Select(time => SpanOf(subject, time)).ToList();
            if (!bySubject) nobodys.AddRange(free);
            else if (free.Count > 0) yield return new QueryPart(subject, null, free);
        }
        if (nobodys.Count > 0) yield return new QueryPart(null, null, nobodys);
    }

    /// <summary>The parts of time that no span covers.</summary>
    private static IEnumerable<(Instant From, Instant Until)> Free(IEnumerable<KeySpan> spans)
    {
        var from = Instant.MinValue;
        foreach (var span in spans.OrderBy(s => s.From))
        {
            if (from < span.From) yield return (from, span.From);
            from = Instant.Max(from, span.Until);
        }
        if (from < Instant.MaxValue) yield return (from, Instant.MaxValue);
    }

    private static string SubjectOf(KeySpan span) => span.Key[WindowNames.KeyOf("").Length..];

    private static KeySpan SpanOf(string subject, (Instant From, Instant Until) time) => new(WindowNames.KeyOf(subject), time.From, time.Until);

    private IAsyncEnumerable<string> SubjectsAsync(MeterQueryApi.Question question, CancellationToken stop) =>
        question.Subject is { Count: > 0 } subjects ? subjects.Distinct().ToAsyncEnumerable() : ask.SubjectsAsync(stop);

    private async IAsyncEnumerable<string> CustomersAsync(
        MeterQueryApi.Question question, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken stop)
    {
        foreach (var customer in question.FilterCustomerId?.Distinct() ?? []) yield return customer;
        if (question.FilterCustomerId is { Count: > 0 }) yield break;
        for (string? next = null; ;)
        {
            var page = await owners(next, 1_000, stop);
            foreach (var customer in page.Ids) yield return customer;
            if ((next = page.Next) is null) yield break;
        }
    }
}
