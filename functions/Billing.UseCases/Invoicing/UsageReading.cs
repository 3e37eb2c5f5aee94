using Billing.Domain.Pricing;
using Billing.Domain.Values;
using NodaTime;

namespace Billing.UseCases.Invoicing;

/// <summary>Reads metered usage of a customer, for each product, segment and group that has some. Order is free.</summary>
/// <param name="customerId">Their keys, each in the time it is theirs, decide what counts.</param>
/// <param name="products">What to read, and by which keys.</param>
/// <param name="segments">On the hour, half-open, in order; each is answered by itself.</param>
/// <param name="stop">Gives up.</param>
/// <remarks>Errors: <see cref="UsageNotReadyException"/> while a metric is still being filled.</remarks>
public delegate Task<IReadOnlyList<UsageQuantity>> ReadUsage(
    string customerId, IReadOnlyList<MeteredProduct> products, IReadOnlyList<Interval> segments, CancellationToken stop);

/// <summary>The instant up to which every event that was accepted has been counted.</summary>
public delegate Task<Instant> ReadCut(CancellationToken stop);

/// <summary>Usage cannot be told yet; asking later helps.</summary>
public sealed class UsageNotReadyException(string message) : Exception(message)
{
    /// <summary>What somebody who asked for it is told.</summary>
    internal Refusal Refusal => new("usage_not_ready", Message + " Ask again in a moment.", Kind: RefusalKind.NotReady);
}
