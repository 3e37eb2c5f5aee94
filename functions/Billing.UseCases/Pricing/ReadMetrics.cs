using Billing.Domain.Pricing;

namespace Billing.UseCases.Pricing;

/// <summary>Reads what pricing must know of billable metrics, archived ones too; a metric that does not exist is left out.</summary>
public delegate Task<IReadOnlyList<PricedMetric>> ReadMetrics(IReadOnlyCollection<string> billableMetricIds, CancellationToken stop);

/// <summary>Which of a list's things are wanted.</summary>
public enum ArchiveFilter
{
    NotArchived,
    Archived,
    All,
}

internal static class ArchiveFilters
{
    public static bool Fits(this ArchiveFilter filter, NodaTime.Instant? archivedAt) => filter switch
    {
        ArchiveFilter.All => true,
        ArchiveFilter.Archived => archivedAt is not null,
        _ => archivedAt is null,
    };
}
