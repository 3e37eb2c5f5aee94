using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Billing.Domain.Tests.Oracle;

/// <summary>The engine against the oracle, on made-up customers.</summary>
/// <remarks>BILLING_ORACLE_CASES says how many (2,000 unless it is set); a case that fails shrinks to a page that can be pasted into <see cref="LedgerPage.Check"/>.</remarks>
public class OracleProperties
{
    private static readonly int Cases = int.Parse(Environment.GetEnvironmentVariable("BILLING_ORACLE_CASES") ?? "2000", CultureInfo.InvariantCulture);

    private static readonly Arbitrary<World> Worlds = Arb.From(Gen.Choose(0, int.MaxValue - 1).Select(WorldMaker.Make), WorldShrinker.Shrink);

    [Fact]
    public void The_engine_comes_to_what_the_oracle_comes_to() => Check(LedgerPage.Difference);

    private static void Check(Func<World, string?> difference) =>
        FsCheck.Check.One(Config.QuickThrowOnFailure.WithMaxTest(Cases).WithRunner(new PageRunner(difference)), Prop.ForAll(Worlds, world => difference(world) is null));
}
