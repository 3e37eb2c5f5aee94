using System.Globalization;
using System.Text;
using Billing.Domain.Values;

namespace Billing.Domain.Metering;

/// <summary>The least and the most that one event adds to a SUM: a value below or above them counts as the bound.</summary>
/// <param name="Minimum">Null: none. A value below 0 counts as the minimum too, so give none where events take back.</param>
/// <param name="Maximum">Null: none.</param>
/// <remarks>Where the value is an amount, they are the least and the most that is charged for one event.</remarks>
public sealed record EventBounds(decimal? Minimum, decimal? Maximum)
{
    private readonly Int128 least = Scaled(Minimum) ?? Int128.MinValue;
    private readonly Int128 most = Scaled(Maximum) ?? Int128.MaxValue;

    /// <summary>What a value counts as.</summary>
    /// <param name="scaled">As <see cref="Quantity.Read"/> reads it.</param>
    public Int128 Within(Int128 scaled) => scaled < least ? least : scaled > most ? most : scaled;

    /// <summary>The refusal of bounds that can't be kept, or null.</summary>
    public Refusal? Check()
    {
        if (Minimum is { } least && !IsQuantity(least)) return NoQuantity("/event_minimum");
        if (Maximum is { } most && !IsQuantity(most)) return NoQuantity("/event_maximum");
        return Minimum > Maximum ? new Refusal("invalid_meter", "event_minimum lies above event_maximum.", "/event_minimum") : null;
    }

    private static Refusal NoQuantity(string field) => new("invalid_meter", $"A bound is below 10^15 and has at most {Quantity.Decimals} decimals.", field);

    private static bool IsQuantity(decimal value) => Read(value, out _) == QuantityReading.Exact;

    private static Int128? Scaled(decimal? value) => value is { } bound && Read(bound, out var scaled) == QuantityReading.Exact ? scaled : null;

    private static QuantityReading Read(decimal value, out Int128 scaled) => Quantity.Read(Encoding.UTF8.GetBytes(value.ToString(CultureInfo.InvariantCulture)), out scaled);
}
