using System.Text.Json;

namespace Billing.UseCases.Cost;

/// <summary>What Azure takes, in dollars.</summary>
/// <param name="PerMillion">For a million of each unit.</param>
/// <param name="PerHour">For what stands there whether it is used or not: units of the event hub, the alerts.</param>
public sealed record PriceTable(IReadOnlyDictionary<BilledUnit, decimal> PerMillion, decimal PerHour)
{
    private const string Hourly = "perHour";

    /// <summary>List prices of one region, for orientation: serverless Cosmos DB, instances of 2 GB on Flex Consumption, one unit of the Standard event hub.</summary>
    public static readonly PriceTable List = new(
        new Dictionary<BilledUnit, decimal>
        {
            [BilledUnit.RequestUnits] = 0.25m,
            [BilledUnit.TableTransactions] = 0.036m,
            [BilledUnit.BlobWrites] = 5.00m,
            [BilledUnit.BlobReads] = 0.40m,
            [BilledUnit.HubIngress] = 0.028m,
            [BilledUnit.Executions] = 0.40m,
            [BilledUnit.InstanceSeconds] = 52.00m,
        },
        0.03m);

    /// <summary>The list with other prices in it.</summary>
    /// <param name="json">As <c>{"requestUnits":0.25,"perHour":0.03}</c>: dollars a million by unit, and an hour; what is not named stays.</param>
    /// <exception cref="FormatException">It is no such text, or names what there is not, or a price below 0.</exception>
    public static PriceTable Read(string json)
    {
        Dictionary<string, decimal>? given;
        try
        {
            given = JsonSerializer.Deserialize<Dictionary<string, decimal>>(json);
        }
        catch (JsonException bad)
        {
            throw new FormatException($"The prices are JSON as {{\"requestUnits\":0.25}}, not '{json}'.", bad);
        }
        var table = List;
        foreach (var (name, price) in given ?? [])
        {
            if (price < 0) throw new FormatException($"The price of {name} is 0 or more, not {price}.");
            if (name == Hourly) table = table with { PerHour = price };
            else if (Enum.GetValues<BilledUnit>().Where(u => NameOf(u) == name).Cast<BilledUnit?>().FirstOrDefault() is { } unit)
                table = table with { PerMillion = new Dictionary<BilledUnit, decimal>(table.PerMillion) { [unit] = price } };
            else throw new FormatException($"There is no price '{name}', but {string.Join(", ", Enum.GetValues<BilledUnit>().Select(NameOf))} and {Hourly}.");
        }
        return table;
    }

    /// <summary>A unit's name in the table and in answers.</summary>
    public static string NameOf(BilledUnit unit) => JsonNamingPolicy.CamelCase.ConvertName(unit.ToString());
}
