using NodaTime;

namespace Billing.Domain.Metering;

/// <summary>How long a bucket is whose peak is counted; buckets start on full hours and at midnight UTC.</summary>
public enum BucketSize
{
    Hour,
    Day,
}

/// <summary>Where buckets begin.</summary>
public static class Buckets
{
    /// <summary>Length in ticks.</summary>
    public static long Ticks(this BucketSize size) => size switch
    {
        BucketSize.Hour => NodaConstants.TicksPerHour,
        BucketSize.Day => NodaConstants.TicksPerDay,
        _ => throw new ArgumentOutOfRangeException(nameof(size), size, null),
    };

    /// <summary>Start of the bucket that an instant lies in; ticks since 1970 UTC, also before.</summary>
    public static long StartOf(this BucketSize size, long at) => at - ((at % size.Ticks()) + size.Ticks()) % size.Ticks();
}
