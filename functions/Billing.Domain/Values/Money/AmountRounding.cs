namespace Billing.Domain.Values;

/// <summary>What a contract says of fractions of the smallest coin.</summary>
public enum AmountRounding
{
    /// <summary>They stay on the invoice; whoever collects rounds.</summary>
    Exact,

    /// <summary>Each line is rounded to the currency's minor unit.</summary>
    MinorUnit,
}

/// <summary>The one place where an amount is rounded.</summary>
public static class AmountRoundings
{
    /// <summary>A line's amount as it leaves the rating.</summary>
    /// <remarks>Rounding: none, or half away from zero, once for a line.</remarks>
    public static decimal Of(this AmountRounding rounding, decimal exactAmount, CreditType creditType) => rounding switch
    {
        AmountRounding.Exact => exactAmount,
        AmountRounding.MinorUnit => Exact.Normal(decimal.Round(exactAmount, creditType.MinorUnitDecimals, MidpointRounding.AwayFromZero)),
        _ => throw new ArgumentOutOfRangeException(nameof(rounding), rounding, "Unknown rounding."),
    };

    /// <summary>What can be drawn of a balance for a line that is rounded: as much of it as can be paid out, so that both parts of the line stay rounded.</summary>
    /// <remarks>Rounding: none, or down to the minor unit; the fraction stays in the balance.</remarks>
    public static decimal Drawable(this AmountRounding rounding, decimal left, CreditType creditType) => rounding switch
    {
        AmountRounding.Exact => left,
        AmountRounding.MinorUnit => Exact.Normal(decimal.Round(left, creditType.MinorUnitDecimals, MidpointRounding.ToNegativeInfinity)),
        _ => throw new ArgumentOutOfRangeException(nameof(rounding), rounding, "Unknown rounding."),
    };
}
