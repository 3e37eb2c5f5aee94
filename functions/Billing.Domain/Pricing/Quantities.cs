using Billing.Domain.Values;

namespace Billing.Domain.Pricing;

public enum ConversionOperation
{
    Multiply,
    Divide,
}

/// <summary>Turns metered units into billed units (tokens into millions of tokens).</summary>
/// <param name="Operation">What is done with the factor.</param>
/// <param name="ConversionFactor">Above 0.</param>
/// <param name="Name">Of the billed unit, for display.</param>
public sealed record QuantityConversion(ConversionOperation Operation, decimal ConversionFactor, string? Name = null);

/// <summary>Which way a quantity is rounded; the words are those of decimal arithmetic: up is away from zero, also below zero.</summary>
public enum QuantityRoundingMethod
{
    RoundUp,
    RoundDown,
    RoundHalfUp,
}

/// <summary>How a billed quantity is rounded.</summary>
/// <param name="RoundingMethod">Which way.</param>
/// <param name="DecimalPlaces">0 to 20.</param>
public sealed record QuantityRounding(QuantityRoundingMethod RoundingMethod, int DecimalPlaces);

/// <summary>The billed quantity of a metered one.</summary>
public static class BilledQuantity
{
    /// <summary>round(convert(metered)): conversion first, then rounding, once for a line.</summary>
    /// <remarks>Rounding: a division at 20 decimals, half-even; then as the product says. Errors: <see cref="InexactAmountException"/>.</remarks>
    public static decimal Of(decimal metered, QuantityConversion? conversion, QuantityRounding? rounding) =>
        Round(Convert(metered, conversion), rounding);

    private static decimal Convert(decimal metered, QuantityConversion? conversion) => conversion?.Operation switch
    {
        null => Exact.Normal(metered),
        ConversionOperation.Multiply => Exact.Multiply(metered, conversion.ConversionFactor),
        ConversionOperation.Divide => Exact.Quotient(metered, conversion.ConversionFactor),
        _ => throw new ArgumentOutOfRangeException(nameof(conversion), conversion.Operation, "Unknown conversion."),
    };

    private static decimal Round(decimal quantity, QuantityRounding? rounding) => rounding is null ? quantity : Exact.Normal(rounding.RoundingMethod switch
    {
        QuantityRoundingMethod.RoundUp => decimal.Round(
            quantity, rounding.DecimalPlaces, quantity < 0 ? MidpointRounding.ToNegativeInfinity : MidpointRounding.ToPositiveInfinity),
        QuantityRoundingMethod.RoundDown => decimal.Round(quantity, rounding.DecimalPlaces, MidpointRounding.ToZero),
        QuantityRoundingMethod.RoundHalfUp => decimal.Round(quantity, rounding.DecimalPlaces, MidpointRounding.AwayFromZero),
        _ => throw new ArgumentOutOfRangeException(nameof(rounding), rounding.RoundingMethod, "Unknown rounding."),
    });

    /// <summary>The refusal for a conversion or rounding that cannot be used, or null.</summary>
    public static Refusal? Check(QuantityConversion? conversion, QuantityRounding? rounding)
    {
        if (conversion is { ConversionFactor: <= 0 })
        {
            return new Refusal("bad_conversion_factor", "The conversion factor must be above 0.", "/quantity_conversion/conversion_factor");
        }
        return rounding is { DecimalPlaces: < 0 or > 20 }
            ? new Refusal("bad_decimal_places", "Decimal places go from 0 to 20.", "/quantity_rounding/decimal_places")
            : null;
    }
}
