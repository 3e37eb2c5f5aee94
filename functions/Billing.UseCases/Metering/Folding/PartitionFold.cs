using Billing.Domain.Metering;
using Billing.Domain.Metering.Events;
using Billing.Domain.Values;

namespace Billing.UseCases.Metering;

/// <summary>What is kept in memory for one log partition between batches; all of it can be lost.</summary>
internal sealed class PartitionFold(FoldWindows windows)
{
    private readonly List<ParsedMessage> parsed = [];
    private MeterSet set = new([], default);
    private HashSet<string> setIds = [];

    /// <summary>One batch at a time.</summary>
    public SemaphoreSlim Turn { get; } = new(1, 1);

    public FoldWindows Windows { get; } = windows;

    public EventParser Parser { get; } = new();

    /// <summary>Space for the claims of a batch, used again by the next.</summary>
    public List<Claim> Claims { get; } = [];

    /// <summary>Space for the archive's blob of a batch, used again by the next.</summary>
    public MemoryStream Archived { get; } = new();

    /// <summary>The message read at a position of the batch; its memory is used again by the next batch.</summary>
    public ParsedMessage ParsedAt(int position)
    {
        while (parsed.Count <= position) parsed.Add(new ParsedMessage());
        return parsed[position];
    }

    /// <summary>The meters with these ids, made again only when there are new ones.</summary>
    public async Task<MeterSet> MetersOfAsync(IReadOnlyCollection<string> ids, MeterCatalog catalog, HashKey secret, CancellationToken stop)
    {
        if (setIds.Count == ids.Count && ids.All(setIds.Contains)) return set;
        var definitions = new List<Meter>();
        foreach (var id in ids.Order(StringComparer.Ordinal))
            definitions.Add(await catalog.DefinitionAsync(id, stop) ?? throw new InvalidOperationException($"The progress names meter {id}, which the catalog has not."));
        setIds = [.. ids];
        return set = new MeterSet(definitions, secret);
    }
}
