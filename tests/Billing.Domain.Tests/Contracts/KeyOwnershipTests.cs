using Billing.Domain.Contracts;
using Billing.Domain.Values;
using FsCheck;
using FsCheck.Fluent;
using NodaTime;
using Xunit;

namespace Billing.Domain.Tests.Contracts;

public class KeyOwnershipTests
{
    private static readonly Instant March = Instant.FromUtc(2026, 3, 1, 0, 0);

    private static KeyOwnership Key => KeyOwnership.Unclaimed("acme");

    [Fact]
    public void The_first_owner_has_the_key_from_the_beginning() =>
        Assert.Equal([new OwnershipSpan("a", null, null)], Key.Claim("a").Value.Spans);

    [Fact]
    public void A_key_that_is_taken_names_its_owner()
    {
        var refusal = Key.Claim("a").Value.Claim("b").Refusal!;
        Assert.Equal((RefusalKind.Conflict, "alias_taken"), (refusal.Kind, refusal.Code));
        Assert.Contains("customer a", refusal.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void The_old_owner_keeps_what_is_final_and_the_next_has_it_from_there() =>
        Assert.Equal(
            [new OwnershipSpan("a", null, March), new OwnershipSpan("b", March, null)],
            Key.Claim("a").Value.Release("a", March).Claim("b").Value.Spans);

    [Fact]
    public void An_owner_with_nothing_final_keeps_nothing() =>
        Assert.Equal([new OwnershipSpan("b", null, null)], Key.Claim("a").Value.Release("a", null).Claim("b").Value.Spans);

    [Fact]
    public void Who_takes_the_key_back_goes_on_where_they_left() =>
        Assert.Equal([new OwnershipSpan("a", null, null)], Key.Claim("a").Value.Release("a", March).Claim("a").Value.Spans);

    [Fact]
    public void Only_the_owner_can_release() =>
        Assert.Equal("a", Key.Claim("a").Value.Release("b", March).Owner);

    [Fact]
    public void Spans_follow_one_another_without_gap_or_overlap_whatever_happens()
    {
        var steps = from who in Gen.Elements("a", "b", "c")
                    from through in Gen.Choose(-1, 60)
                    select (who, through);
        Prop.ForAll(steps.ListOf().ToArbitrary(), moves =>
        {
            var key = Key;
            foreach (var (who, through) in moves)
            {
                key = key.Owner == who
                    ? key.Release(who, through < 0 ? null : March + Duration.FromDays(through))
                    : key.Claim(who) is { Refusal: null } claimed ? claimed.Value : key;
            }
            return (key.Spans.Count == 0 || key.Spans[0].From is null)
                && key.Spans.Zip(key.Spans.Skip(1)).All(p => p.First.Until is not null && p.First.Until == p.Second.From)
                && key.Spans.All(s => s.From is null || s.Until is null || s.From < s.Until);
        }).QuickCheckThrowOnFailure();
    }
}
