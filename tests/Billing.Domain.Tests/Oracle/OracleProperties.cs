using System.Globalization;
using Billing.Domain.Credits;
using Billing.Domain.Invoicing;
using FsCheck;
using FsCheck.Fluent;
using NodaTime;
using Xunit;

namespace Billing.Domain.Tests.Oracle;

/// <summary>The engine against the oracle, on made-up customers.</summary>
/// <remarks>The same 3,000 each time; BILLING_ORACLE_CASES asks for as many new ones. A case that fails shrinks to a page that can be pasted into <see cref="LedgerPage.Check"/>.</remarks>
public class OracleProperties
{
    private static readonly string? Cases = Environment.GetEnvironmentVariable("BILLING_ORACLE_CASES");

    private static readonly Config Config = Cases is null
        ? Config.QuickThrowOnFailure.WithMaxTest(3_000).WithReplay(20261125, 1)
        : Config.QuickThrowOnFailure.WithMaxTest(int.Parse(Cases, CultureInfo.InvariantCulture));

    private static readonly Arbitrary<World> Worlds = Arb.From(Gen.Choose(0, int.MaxValue - 1).Select(WorldMaker.Make), WorldShrinker.Shrink);

    [Fact]
    public void The_engine_comes_to_what_the_oracle_comes_to() => Check(Config, LedgerPage.Difference);

    [Fact]
    public void Slices_of_a_statement_sum_to_it_line_by_line() => Check(Config.WithMaxTest(150), world =>
    {
        var now = world.Until;
        var run = new EngineRun(world, [], now);
        var open = AccountRating.Open(run.Contracts(_ => (null, new HashSet<string>())), now);
        foreach (var (statement, i) in open.Select((s, i) => (s, i)).Where(s => s.s.Type == InvoiceType.Usage))
        {
            var period = statement.Period;
            RatedStatement Upto(Instant until) => run.Rate([.. open.Select(s => s.UpTo(until))], LedgerTotals.Empty, until, Instant.Min(now, until)).Statements[i].Rated;
            Instant[] cuts = [period.Start, period.Start + period.Duration / 3, period.Start + period.Duration * 2 / 3, period.End];
            var sum = 0m;
            for (var n = 1; n < cuts.Length; n++)
            {
                var slice = Slices.Between(n == 1 ? null : Upto(cuts[n - 1]), Upto(cuts[n]), new NodaTime.Interval(cuts[n - 1], cuts[n]));
                var lines = slice.Lines.Where(l => l.Counts && statement.Terms.IsFiat(l.CreditTypeId)).Sum(l => l.Total);
                if (lines != slice.Total) return $"{Words.Time(period.Start)} slice {n}: lines come to {lines}, the slice to {slice.Total}";
                if (slice.Lines.Any(l => l.StartingAt > l.EndingBefore)) return $"{Words.Time(period.Start)} slice {n}: a line ends before it starts";
                sum += slice.Total;
            }
            if (sum != Upto(period.End).Total) return $"{Words.Time(period.Start)}: slices come to {sum}, the statement to {Upto(period.End).Total}";
        }
        return null;
    });

    private static void Check(Config config, Func<World, string?> difference) =>
        FsCheck.Check.One(config.WithRunner(new PageRunner(difference)), Prop.ForAll(Worlds, world => difference(world) is null));
}
