namespace Billing.UseCases.Cost;

/// <summary>What Azure bills by the piece, and the stores and the host count.</summary>
public enum BilledUnit
{
    /// <summary>Request units of Cosmos DB, as each answer says.</summary>
    RequestUnits,

    /// <summary>Requests to Table storage; a transaction of a hundred rows is one.</summary>
    TableTransactions,

    /// <summary>Blobs put, and pages of names listed, which are billed alike.</summary>
    BlobWrites,

    /// <summary>Blobs read or looked at.</summary>
    BlobReads,

    /// <summary>Messages that came through the event hub, in units of 64 KB each.</summary>
    HubIngress,

    /// <summary>Calls of functions, those of the API included.</summary>
    Executions,

    /// <summary>Seconds in which an instance had a call to work on.</summary>
    InstanceSeconds,
}

/// <summary>Counts of one process since they were last taken.</summary>
public sealed class BilledUnits
{
    /// <summary>How finely a count is kept: a thousandth.</summary>
    private const int Fraction = 1_000;

    private readonly long[] thousandths = new long[Enum.GetValues<BilledUnit>().Length];
    private long events;

    /// <summary>Usage events that were folded.</summary>
    public void AddEvents(long count) => Interlocked.Add(ref events, count);

    public void Add(BilledUnit unit, double count = 1) => Interlocked.Add(ref thousandths[(int)unit], (long)(count * Fraction));

    /// <summary>What was counted; from here on it begins at nothing.</summary>
    public UnitCounts Take() => new(
        Interlocked.Exchange(ref events, 0),
        Enum.GetValues<BilledUnit>().ToDictionary(u => u, u => (decimal)Interlocked.Exchange(ref thousandths[(int)u], 0) / Fraction));

    /// <summary>Gives back what was taken and could not be kept.</summary>
    public void Return(UnitCounts counts)
    {
        AddEvents(counts.Events);
        foreach (var (unit, count) in counts.Units) Interlocked.Add(ref thousandths[(int)unit], (long)(count * Fraction));
    }
}

/// <summary>Counts of a stretch of time.</summary>
/// <param name="Events">Usage events that were folded, whatever became of them.</param>
/// <param name="Units">How many of each unit.</param>
public sealed record UnitCounts(long Events, IReadOnlyDictionary<BilledUnit, decimal> Units)
{
    public static readonly UnitCounts None = new(0, new Dictionary<BilledUnit, decimal>());

    /// <summary>Both together.</summary>
    public UnitCounts Plus(UnitCounts other) => new(
        Events + other.Events, Units.Keys.Union(other.Units.Keys).ToDictionary(u => u, u => Units.GetValueOrDefault(u) + other.Units.GetValueOrDefault(u)));
}
