namespace Billing.Functions.Demo;

/// <summary>Writes cents as dollars.</summary>
internal static class Dollars
{
    /// <summary>To the cent. Rounding: half away from zero, for display only.</summary>
    public static string Rounded(decimal cents) => $"${decimal.Round(cents / 100, 2, MidpointRounding.AwayFromZero):N2}";

    /// <summary>With every digit there is, at least two after the point.</summary>
    public static string Exact(decimal cents) => (cents / 100).ToString("$#,##0.00##########################", System.Globalization.CultureInfo.InvariantCulture);
}
