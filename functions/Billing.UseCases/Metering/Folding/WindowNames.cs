using System.Globalization;
using Billing.Domain.Metering.Windows;
using Billing.UseCases.Documents;
using NodaTime;
using NodaTime.Text;

namespace Billing.UseCases.Metering;

/// <summary>Where windows and day documents are: partition (key, month), ids that sort by time.</summary>
/// <remarks>
/// <c>d:2026-11-03</c> is a day's header, <c>e:2026-11-03:{run}:{prefix}</c> its parts, <c>h:2026-11-03T05:{log partition}:{prefix}</c> an hour.
/// A key is <c>c:</c> and the customer key as the producer sent it, or <c>total</c>.
/// </remarks>
public static class WindowNames
{
    public const string Total = "total";

    public const string WindowKind = "window";

    /// <summary>What is left of a window's first document after it was split: nothing but its id, so that nobody makes it again.</summary>
    public const string SplitKind = "window-split";

    public const string DayKind = "day";
    public const string DayPartKind = "day-part";

    private static readonly InstantPattern Hour = InstantPattern.CreateWithInvariantCulture("uuuu'-'MM'-'dd'T'HH");

    /// <summary>The key of what a producer sent as customer id or subject.</summary>
    public static string KeyOf(string customerKey) => "c:" + customerKey;

    /// <summary>Length of a cell in an hour of this key.</summary>
    public static int CellMinutes(string key) => key == Total ? 15 : 1;

    /// <summary>Hours since 1970 UTC, rounded down.</summary>
    public static int HourOf(long ticks) => (int)Math.DivRem(ticks, NodaConstants.TicksPerHour, out var rest) - (rest < 0 ? 1 : 0);

    public static Instant Start(int hour) => Instant.FromUnixTimeTicks(hour * NodaConstants.TicksPerHour);

    public static Place PlaceOf(string key, int hour) => new(Container.Usage, key, Format(Start(hour), "uuuu'-'MM"));

    /// <summary>The part of an id that names the hour, with its closing colon.</summary>
    public static string HourPrefix(int hour) => Format(Start(hour), "'h:'uuuu'-'MM'-'dd'T'HH':'");

    public static string HourId(int hour, string partition, HashRange range) => $"{HourPrefix(hour)}{partition}:{range}";

    public static int HourOfId(string id) => HourOf(Hour.Parse(id.Substring(2, 13)).GetValueOrThrow().ToUnixTimeTicks());

    /// <summary>The partition's name in ids: no slash, which Cosmos refuses.</summary>
    public static string PartitionId(LogPartition partition) => $"{partition.LogId}~{partition.Number}";

    /// <summary>The name in ids of what a meter counts of messages from before it.</summary>
    public static string BackfillId(string meterId, LogPartition partition) => $"backfill~{meterId}~{PartitionId(partition)}";

    /// <summary>Hour ids of a partition: all with this prefix.</summary>
    public static (string From, string Until) ShardsOf(int hour, string partition) =>
        ($"{HourPrefix(hour)}{partition}:", $"{HourPrefix(hour)}{partition};");

    public static int DayOf(int hour) => (hour < 0 ? hour - 23 : hour) / 24;

    public static string DayId(int day) => Format(Start(day * 24), "'d:'uuuu'-'MM'-'dd");

    public static int DayOfId(string id) => DayOf(HourOf(Hour.Parse(string.Concat(id.AsSpan(2, 10), "T00")).GetValueOrThrow().ToUnixTimeTicks()));

    public static string DayPartPrefix(int day) => Format(Start(day * 24), "'e:'uuuu'-'MM'-'dd':'");

    /// <summary>The part of an id that names the day and the build, with its closing colon.</summary>
    public static string DayRunPrefix(int day, string run) => $"{DayPartPrefix(day)}{run}:";

    public static string DayPartId(int day, string run, HashRange range) => DayRunPrefix(day, run) + range;

    public static HashRange RangeOfId(string id) => HashRange.Parse(id[(id.LastIndexOf(':') + 1)..]);

    /// <summary>The header of a day that must be read from its hours.</summary>
    public static Document StaleDay(string key, int day, Instant due) =>
        new(PlaceOf(key, day * 24), DayId(day), DayKind, StoredJson.Write(new DayHeader(Stale: true, Run: null, Parts: null)), due);

    private static string Format(Instant at, string pattern) => at.ToString(pattern, CultureInfo.InvariantCulture);
}

/// <summary>What a day document says: stale (read the hours), or which parts hold its hour cells.</summary>
/// <param name="Stale">True: an event was folded since it was built, or it was never built.</param>
/// <param name="Run">Names the build; its parts carry it.</param>
/// <param name="Parts">Prefixes of the parts.</param>
public sealed record DayHeader(bool Stale, string? Run, IReadOnlyList<string>? Parts);
