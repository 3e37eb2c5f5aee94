namespace Billing.UseCases.Documents;

/// <summary>Ids for a decision that may run many times: each run draws the same ones.</summary>
public sealed class DrawnIds(IdSource ids)
{
    private readonly List<string> drawn = [];
    private int next;

    /// <summary>Begins a run.</summary>
    public void Again() => next = 0;

    /// <summary>The next id of this run.</summary>
    public string New()
    {
        if (next == drawn.Count) drawn.Add(ids.New());
        return drawn[next++];
    }
}
