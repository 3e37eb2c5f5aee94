using Billing.Testing;
using Billing.UseCases.Cost;
using Billing.UseCases.Documents;
using Billing.UseCases.Tests.Metering;
using NodaTime;
using Xunit;

namespace Billing.UseCases.Tests.Cost;

/// <summary>Counts of what Azure bills, kept by day and priced.</summary>
public sealed class CostTests
{
    private static readonly LocalDate Today = Instant.FromDateTimeOffset(TimeProvider.System.GetUtcNow()).InUtc().Date;

    [Fact]
    public void A_report_adds_up_what_each_unit_cost_and_what_the_hours_did()
    {
        // 12,000,000 RU at $0.25 a million = 3.00; 40,000 transactions at $0.036 a million = 0.00144; 10 hours at $0.03 = 0.30.
        var report = CostReport.Of(
            new UnitCounts(2_000_000, new Dictionary<BilledUnit, decimal> { [BilledUnit.RequestUnits] = 12_000_000m, [BilledUnit.TableTransactions] = 40_000m }), 10, PriceTable.List);
        Assert.Equal([("requestUnits", 3.00m), ("tableTransactions", 0.00144m)], report.Lines.Select(l => (l.Unit, l.Dollars)));
        Assert.Equal(3.30144m, report.Dollars);
        Assert.Equal(1.65072m, report.DollarsPerMillionEvents);
    }

    [Fact]
    public void Without_events_there_is_no_price_of_a_million() => Assert.Null(CostReport.Of(UnitCounts.None, 1, PriceTable.List).DollarsPerMillionEvents);

    [Fact]
    public void Prices_that_are_named_replace_those_of_the_list()
    {
        var table = PriceTable.Read("""{"requestUnits":0.5,"perHour":2}""");
        Assert.Equal((0.5m, 2m, PriceTable.List.PerMillion[BilledUnit.BlobWrites]), (table.PerMillion[BilledUnit.RequestUnits], table.PerHour, table.PerMillion[BilledUnit.BlobWrites]));
    }

    [Theory]
    [InlineData("""{"requestUnit":1}""", "There is no price 'requestUnit'")]
    [InlineData("""{"requestUnits":-1}""", "0 or more")]
    [InlineData("""{"requestUnits":"a"}""", "The prices are JSON")]
    [InlineData("cheap", "The prices are JSON")]
    public void Prices_that_are_none_are_refused(string json, string said) => Assert.Contains(said, Assert.Throws<FormatException>(() => PriceTable.Read(json)).Message, StringComparison.Ordinal);

    [Fact]
    public async Task Counts_of_processes_that_write_at_once_are_all_in_their_day()
    {
        var documents = new InMemoryDocumentStore();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(process => Task.Run(async () =>
        {
            var units = new BilledUnits();
            var days = new CostDays(documents, units, TimeProvider.System);
            for (var n = 0; n < 5; n++)
            {
                units.AddEvents(10);
                units.Add(BilledUnit.RequestUnits, 1.25);
                await days.AddAsync();
            }
        })));
        var (counts, first) = await new CostDays(documents, new BilledUnits(), TimeProvider.System).ReadAsync(Today.PlusDays(-1), Today.PlusDays(1), default);
        // 8 processes × 5 × 10 events, and × 1.25.
        Assert.Equal((400, 50.000m), (counts.Events, counts.Units[BilledUnit.RequestUnits]));
        Assert.InRange(first!.Value, Today, Today.PlusDays(1));
    }

    [Fact]
    public async Task What_could_not_be_written_is_counted_the_next_time()
    {
        var documents = new InMemoryDocumentStore();
        var fails = true;
        var units = new BilledUnits();
        var days = new CostDays(new InterruptedDocuments(documents, _ => fails ? throw new IOException("no") : Task.CompletedTask), units, TimeProvider.System);
        units.AddEvents(3);
        units.Add(BilledUnit.BlobReads, 2);
        await Assert.ThrowsAsync<IOException>(() => days.AddAsync());
        fails = false;
        await days.AddAsync();
        await days.AddAsync();
        var (counts, _) = await days.ReadAsync(Today, Today.PlusDays(1), default);
        Assert.Equal((3, 2m), (counts.Events, counts.Units[BilledUnit.BlobReads]));
        Assert.Single((await documents.OfKindAsync(Container.Catalog, null, null, 10, default)).Items);
    }
}
