using Billing.Domain.Contracts;
using Billing.Domain.Credits;
using Billing.Domain.Pricing;
using Billing.Domain.Values;
using NodaTime;

namespace Billing.Domain.Tests.Oracle;

/// <summary>Something that was used.</summary>
/// <param name="Metric">What counts it.</param>
/// <param name="At">When; not always on the hour.</param>
/// <param name="Group">Properties of the event.</param>
internal sealed record Use(string Metric, Instant At, decimal Quantity, IReadOnlyDictionary<string, string?> Group);

/// <summary>A rate card with its rates in the order they were added.</summary>
internal sealed record Card(string Id, CreditType Currency, IReadOnlyList<Rate> Rates, IReadOnlyList<CreditTypeConversion> Conversions);

/// <summary>A customer: all terms, all usage, and the instant up to which it is looked at. Nothing but data.</summary>
/// <param name="Commits">Those that were agreed; what recurring commits grant and renewals take over is left to whoever calculates.</param>
/// <param name="Until">Usage from here on is not known, and everything before it that can be final is.</param>
internal sealed record World(
    IReadOnlyList<PricedMetric> Metrics,
    IReadOnlyList<Product> Products,
    IReadOnlyList<Card> Cards,
    IReadOnlyList<Contract> Contracts,
    IReadOnlyList<Commit> Commits,
    IReadOnlyList<Use> Uses,
    Instant Until)
{
    public override string ToString() => PageWriter.Write(this);
}
