namespace Billing.Functions.Hosting;

/// <summary>Whether the server has started.</summary>
public sealed class StartUp
{
    private volatile bool done;

    /// <summary>Set once, when it listens.</summary>
    public bool Done
    {
        get => done;
        set => done = value;
    }
}
