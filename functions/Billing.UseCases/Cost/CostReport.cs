namespace Billing.UseCases.Cost;

/// <summary>What one unit cost.</summary>
/// <param name="Unit">The unit's name.</param>
/// <param name="Count">How many.</param>
/// <param name="PricePerMillion">Dollars.</param>
/// <param name="Dollars">Count × price ÷ 1,000,000.</param>
public sealed record CostLine(string Unit, decimal Count, decimal PricePerMillion, decimal Dollars);

/// <summary>What a stretch of time cost.</summary>
/// <remarks>dollars = Σ count × price per million ÷ 1,000,000 + hours × price per hour; per million events = dollars ÷ events × 1,000,000.</remarks>
/// <param name="Events">Usage events that were folded.</param>
/// <param name="Lines">By unit.</param>
/// <param name="Hours">How long.</param>
/// <param name="PricePerHour">Dollars, of what stands there whether it is used or not.</param>
/// <param name="Dollars">Of all; exact.</param>
/// <param name="DollarsPerMillionEvents">Exact to 12 decimals; null without events.</param>
public sealed record CostReport(long Events, IReadOnlyList<CostLine> Lines, decimal Hours, decimal PricePerHour, decimal Dollars, decimal? DollarsPerMillionEvents)
{
    private const decimal Million = 1_000_000m;
    private const int Decimals = 12;

    public static CostReport Of(UnitCounts counts, decimal hours, PriceTable prices)
    {
        var lines = counts.Units.OrderBy(u => u.Key).Select(u => new CostLine(PriceTable.NameOf(u.Key), u.Value, prices.PerMillion[u.Key], u.Value * prices.PerMillion[u.Key] / Million)).ToList();
        var dollars = lines.Sum(l => l.Dollars) + hours * prices.PerHour;
        return new CostReport(counts.Events, lines, hours, prices.PerHour, dollars, counts.Events == 0 ? null : decimal.Round(dollars * Million / counts.Events, Decimals, MidpointRounding.ToEven));
    }
}
