using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Billing.Domain.Tests.Oracle;

/// <summary>The engine against the oracle, on made-up customers.</summary>
/// <remarks>The same 1,000 each time; BILLING_ORACLE_CASES asks for as many new ones. A case that fails shrinks to a page that can be pasted into <see cref="LedgerPage.Check"/>.</remarks>
public class OracleProperties
{
    private static readonly string? Cases = Environment.GetEnvironmentVariable("BILLING_ORACLE_CASES");

    private static readonly Config Config = Cases is null
        ? Config.QuickThrowOnFailure.WithMaxTest(1000).WithReplay(20261125, 1)
        : Config.QuickThrowOnFailure.WithMaxTest(int.Parse(Cases, CultureInfo.InvariantCulture));

    private static readonly Arbitrary<World> Worlds = Arb.From(Gen.Choose(0, int.MaxValue - 1).Select(WorldMaker.Make), WorldShrinker.Shrink);

    [Fact]
    public void The_engine_comes_to_what_the_oracle_comes_to() => Check(LedgerPage.Difference);

    private static void Check(Func<World, string?> difference) =>
        FsCheck.Check.One(Config.WithRunner(new PageRunner(difference)), Prop.ForAll(Worlds, world => difference(world) is null));
}
