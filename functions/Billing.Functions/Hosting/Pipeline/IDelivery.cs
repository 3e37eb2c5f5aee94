namespace Billing.Functions.Hosting.Pipeline;

/// <summary>What brings the log's messages to the fold: the pump of the embedded log, or the triggers of the Functions host.</summary>
public interface IDelivery
{
    /// <summary>Null while every partition is being folded; else why one is not, in a sentence for anyone to read.</summary>
    string? StoppedBecause { get; }

    /// <summary>Bodies that were accepted and wait to be counted, as far as this process knows.</summary>
    long WaitingBytes { get; }

    /// <summary>Bodies that all partitions together fold in a second, as the last batches went.</summary>
    double BytesPerSecond { get; }

    /// <summary>Completes when the next batch of any partition is folded.</summary>
    Task NextFoldAsync();

    /// <summary>Completes when every message appended before the call is folded; where other processes fold, it waits for a while at the most.</summary>
    Task DrainAsync(CancellationToken stop);
}
