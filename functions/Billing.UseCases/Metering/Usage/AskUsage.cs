using Billing.Domain.Metering;
using Billing.Domain.Values;
using NodaTime;

namespace Billing.UseCases.Metering;

/// <summary>The keys of a customer and the time each is theirs; null when there is no such customer.</summary>
public delegate Task<IReadOnlyList<KeySpan>?> ReadCustomerKeys(string customerId, CancellationToken stop);

/// <summary>Whose the usage under a key is at an instant; null when it is nobody's yet.</summary>
public delegate Task<UsageOwner?> FindUsageOwner(string customerKey, Instant at, CancellationToken stop);

/// <summary>The billing period that a customer is in now; null without a contract in force.</summary>
public delegate Task<Interval?> ReadCurrentPeriod(string customerId, CancellationToken stop);

/// <summary>Customer ids, a page in a stable order.</summary>
public delegate Task<(IReadOnlyList<string> Ids, string? Next)> ListUsageOwners(string? after, int limit, CancellationToken stop);

/// <summary>A customer as far as metering knows one.</summary>
public sealed record UsageOwner(string Id, string Name);

/// <summary>How an answer is grouped and narrowed.</summary>
/// <param name="By">Dimensions of the answer's groups, in order.</param>
/// <param name="Only">By dimension: true for the values that are wanted, null for events that have none; a dimension that is not named: all.</param>
public sealed record UsageGrouping(IReadOnlyList<string> By, IReadOnlyDictionary<string, Func<string?, bool>> Only)
{
    public static readonly UsageGrouping None = new([], new Dictionary<string, Func<string?, bool>>());

    /// <summary>Wants the values of a list; of an empty one, all.</summary>
    public static Func<string?, bool> AnyOf(IReadOnlyList<string> values)
    {
        var wanted = values.ToHashSet(StringComparer.Ordinal);
        return value => wanted.Count == 0 || (value is not null && wanted.Contains(value));
    }
}

/// <summary>Answers questions about usage: of a customer, of subjects, of all.</summary>
public sealed class AskUsage(UsageReader reader, KnownKeys keys, ReadCustomerKeys customerKeys)
{
    /// <summary>Usage of a customer, whatever keys it came under.</summary>
    public async Task<Outcome<IReadOnlyList<UsageRow>>> OfCustomerAsync(
        Meter meter, string customerId, IReadOnlyList<Instant> bounds, UsageGrouping grouping, CancellationToken stop)
    {
        if (await customerKeys(customerId, stop) is not { } spans)
            return new Refusal("customer_not_found", $"There is no customer '{customerId}'.", null, RefusalKind.NotFound);
        return await OfKeysAsync(meter, spans, bounds, grouping, stop);
    }

    /// <summary>Usage under one key as producers sent it.</summary>
    public Task<Outcome<IReadOnlyList<UsageRow>>> OfSubjectAsync(
        Meter meter, string subject, IReadOnlyList<Instant> bounds, UsageGrouping grouping, CancellationToken stop) =>
        OfKeysAsync(meter, [new KeySpan(WindowNames.KeyOf(subject), Instant.MinValue, Instant.MaxValue)], bounds, grouping, stop);

    /// <summary>Usage of everybody: from the total's quarter hours, or from all keys where a bound is finer than that.</summary>
    public async Task<Outcome<IReadOnlyList<UsageRow>>> OfAllAsync(Meter meter, IReadOnlyList<Instant> bounds, UsageGrouping grouping, CancellationToken stop)
    {
        if (bounds.All(b => b.ToUnixTimeTicks() % (15 * NodaConstants.TicksPerMinute) == 0))
            return await OfKeysAsync(meter, [new KeySpan(WindowNames.Total, Instant.MinValue, Instant.MaxValue)], bounds, grouping, stop);
        var spans = new List<KeySpan>();
        await foreach (var subject in SubjectsAsync(stop)) spans.Add(new KeySpan(WindowNames.KeyOf(subject), Instant.MinValue, Instant.MaxValue));
        return await OfKeysAsync(meter, spans, bounds, grouping, stop);
    }

    /// <summary>All keys that usage came under.</summary>
    public async IAsyncEnumerable<string> SubjectsAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken stop)
    {
        for (string? next = null; ;)
        {
            var page = await keys.ListAsync(next, 1_000, stop);
            foreach (var key in page.Keys) yield return key;
            if ((next = page.Next) is null) yield break;
        }
    }

    /// <summary>Usage under keys, each in its part of time, added up.</summary>
    public async Task<Outcome<IReadOnlyList<UsageRow>>> OfKeysAsync(
        Meter meter, IReadOnlyList<KeySpan> spans, IReadOnlyList<Instant> bounds, UsageGrouping grouping, CancellationToken stop)
    {
        if (meter.GroupingWith([.. grouping.By.Concat(grouping.Only.Keys).Distinct()]) is not { } position)
            return new Refusal("not_a_group_key", $"The meter has no group key with all of: {string.Join(", ", grouping.By.Concat(grouping.Only.Keys).Distinct())}.");
        var names = meter.KeptGroupings[position].Select(d => d.Name).ToList();
        var by = grouping.By.Select(name => names.IndexOf(name)).ToArray();
        var only = grouping.Only.Select(o => (At: names.IndexOf(o.Key), Wants: o.Value)).ToArray();
        var rows = await reader.ReadAsync(new UsageScope(spans, bounds), new UsageQuery(meter, position, values =>
        {
            foreach (var (at, wants) in only)
                if (!wants(values[at])) return null;
            return Array.ConvertAll(by, at => values[at]);
        }), stop);
        return new Outcome<IReadOnlyList<UsageRow>>(rows);
    }
}
