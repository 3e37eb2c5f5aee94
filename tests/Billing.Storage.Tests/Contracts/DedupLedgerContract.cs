using Billing.Testing;
using Billing.UseCases.Metering;
using NodaTime;
using Xunit;

namespace Billing.Storage.Tests.Contracts;

/// <summary>What every adapter of <see cref="IDedupLedger"/> promises; subclasses only say how to build one.</summary>
public abstract class DedupLedgerContract : IAsyncLifetime
{
    private static readonly LogPartition First = new("log-aaaaaaaa", 0);
    private static readonly LogPartition Second = new("log-aaaaaaaa", 1);
    private static readonly Instant Noon = Instant.FromUtc(2026, 3, 1, 12, 0);
    private static CancellationToken Never => CancellationToken.None;

    protected IDedupLedger Ledger { get; private set; } = null!;

    protected abstract Task<IDedupLedger> BuildAsync();

    /// <summary>Closes the adapter and opens it on the same data; null for one that keeps nothing.</summary>
    protected virtual Task<IDedupLedger?> ReopenAsync() => Task.FromResult<IDedupLedger?>(null);

    protected abstract Task DropAsync();

    public async Task InitializeAsync() => Ledger = await BuildAsync();

    public Task DisposeAsync() => DropAsync();

    [Fact]
    public async Task The_first_copy_of_a_key_is_fresh_and_the_same_claim_again_is_a_replay()
    {
        Assert.Equal([Verdict.Fresh, Verdict.Fresh], await Claim(First, new(1, 7, 10, 0), new(2, 7, 10, 1)));
        Assert.Equal([Verdict.Replay, Verdict.Replay], await Claim(First, new(1, 7, 10, 0), new(2, 7, 10, 1)));
        Assert.Equal([Verdict.Replay], await Claim(First, new Claim(1, 7, 10, 0)));
    }

    [Fact]
    public async Task Another_copy_with_the_same_content_is_a_duplicate_and_with_other_content_a_conflict()
    {
        await Claim(First, new Claim(1, 7, 10, 0));
        Assert.Equal([Verdict.Duplicate, Verdict.Conflict], await Claim(First, new(1, 7, 11, 0), new(1, 8, 11, 1)));
    }

    [Fact]
    public async Task The_same_sequence_with_another_index_is_another_copy()
    {
        await Claim(First, new Claim(1, 7, 10, 0));
        Assert.Equal([Verdict.Duplicate], await Claim(First, new Claim(1, 7, 10, 1)));
    }

    [Fact]
    public async Task The_lowest_of_a_batch_wins()
    {
        Assert.Equal(
            [Verdict.Fresh, Verdict.Duplicate, Verdict.Conflict, Verdict.Duplicate],
            await Claim(First, new(1, 7, 10, 0), new(1, 7, 10, 3), new(1, 9, 11, 0), new(1, 7, 12, 0)));
        Assert.Equal(
            [Verdict.Replay, Verdict.Duplicate, Verdict.Conflict, Verdict.Duplicate],
            await Claim(First, new(1, 7, 10, 0), new(1, 7, 10, 3), new(1, 9, 11, 0), new(1, 7, 12, 0)));
    }

    [Fact]
    public async Task A_duplicate_or_conflict_asked_again_is_that_again_and_not_counted_twice()
    {
        await Claim(First, new Claim(1, 7, 10, 0));
        for (var times = 0; times < 3; times++)
            Assert.Equal([Verdict.Duplicate, Verdict.Conflict], await Claim(First, new(1, 7, 11, 0), new(1, 8, 12, 0)));
        Assert.Equal(3, (await Ledger.FindAsync(1, LostClaims.None, Never)).Count);
    }

    [Fact]
    public async Task A_copy_from_another_partition_or_another_log_is_a_duplicate_even_at_the_same_sequence()
    {
        await Claim(First, new Claim(1, 7, 10, 0));
        Assert.Equal([Verdict.Duplicate], await Claim(Second, new Claim(1, 7, 10, 0)));
        Assert.Equal([Verdict.Conflict], await Claim(new LogPartition("log-bbbbbbbb", 0), new Claim(1, 8, 10, 0)));
        Assert.Equal([Verdict.Duplicate], await Claim(Second, new Claim(1, 7, 10, 0)));
        Assert.Equal([Verdict.Replay], await Claim(First, new Claim(1, 7, 10, 0)));
    }

    [Fact]
    public async Task Redelivery_in_other_batches_gives_the_same_verdicts()
    {
        Claim[] claims = [new(1, 7, 1, 0), new(2, 7, 1, 1), new(1, 7, 2, 0), new(3, 7, 3, 0), new(2, 8, 4, 0)];
        Assert.Equal([Verdict.Fresh, Verdict.Fresh, Verdict.Duplicate], await Claim(First, claims[..3]));
        Assert.Equal([Verdict.Replay, Verdict.Duplicate, Verdict.Fresh, Verdict.Conflict], await Claim(First, claims[1..]));
        Assert.Equal([Verdict.Replay, Verdict.Replay, Verdict.Duplicate, Verdict.Replay, Verdict.Conflict], await Claim(First, claims));
    }

    [Fact]
    public async Task Keys_that_share_their_upper_or_lower_half_are_different_keys()
    {
        UInt128[] keys = [new(0, 1), new(1, 0), new(1, 1), new(ulong.MaxValue, 1), new(1, ulong.MaxValue), UInt128.MaxValue, UInt128.Zero];
        Assert.All(await Claim(First, [.. keys.Select((key, index) => new Claim(key, 7, 1, index))]), verdict => Assert.Equal(Verdict.Fresh, verdict));
        foreach (var (key, index) in keys.Select((key, index) => (key, index)))
            Assert.Equal(new ClaimedCopy(First, 1, index, Verdict.Fresh), Assert.Single(await Ledger.FindAsync(key, LostClaims.None, Never)));
    }

    [Fact]
    public async Task Extreme_contents_sequences_and_indexes_are_kept()
    {
        var high = new Claim(5, ulong.MaxValue, (1L << 47) + 3, 99_999);
        Assert.Equal([Verdict.Fresh], await Claim(First, high));
        Assert.Equal([Verdict.Replay], await Claim(First, high));
        Assert.Equal([Verdict.Conflict], await Claim(First, high with { Content = 0, Index = 100_000 }));
        Assert.Equal(new ClaimedCopy(First, (1L << 47) + 3, 99_999, Verdict.Fresh), (await Ledger.FindAsync(5, LostClaims.None, Never))[0]);
    }

    [Fact]
    public async Task A_key_is_found_with_all_its_copies_the_first_one_first()
    {
        await Claim(Second, new(1, 7, 50, 2), new Claim(2, 7, 50, 3));
        await Claim(First, new(1, 8, 3, 0), new Claim(1, 7, 4, 1));
        var copies = await Ledger.FindAsync(1, LostClaims.None, Never);
        Assert.Equal(new ClaimedCopy(Second, 50, 2, Verdict.Fresh), copies[0]);
        Assert.Equal(
            [new ClaimedCopy(First, 3, 0, Verdict.Conflict), new ClaimedCopy(First, 4, 1, Verdict.Duplicate)],
            copies.Skip(1).OrderBy(copy => copy.Sequence));
        Assert.Empty(await Ledger.FindAsync(99, LostClaims.None, Never));
    }

    [Fact]
    public async Task No_claims_give_no_verdicts() => Assert.Empty(await Claim(First));

    [Fact]
    public async Task A_sweep_never_forgets_what_was_accepted_at_or_after_its_instant()
    {
        await Ledger.ClaimAsync(First, [new Claim(1, 7, 1, 0)], Noon - Duration.FromDays(40), LostClaims.None, Never);
        await Ledger.ClaimAsync(First, [new Claim(2, 7, 2, 0)], Noon, LostClaims.None, Never);
        await Ledger.ClaimAsync(First, [new Claim(3, 7, 3, 0)], Noon + Duration.FromDays(1), LostClaims.None, Never);
        await Ledger.SweepAsync(Noon, Never);
        Assert.Single(await Ledger.FindAsync(2, LostClaims.None, Never));
        Assert.Equal([Verdict.Replay, Verdict.Duplicate], await Claim(First, new(2, 7, 2, 0), new Claim(3, 7, 4, 0)));
    }

    [Fact]
    public async Task A_sweep_forgets_what_is_long_past()
    {
        await Ledger.ClaimAsync(First, [new Claim(1, 7, 1, 0)], Noon - Duration.FromDays(40), LostClaims.None, Never);
        await Ledger.ClaimAsync(First, [new Claim(2, 7, 2, 0)], Noon, LostClaims.None, Never);
        await Ledger.SweepAsync(Noon - Duration.FromDays(1), Never);
        Assert.Empty(await Ledger.FindAsync(1, LostClaims.None, Never));
        Assert.Equal([Verdict.Fresh], await Claim(First, new Claim(1, 7, 5, 0)));
    }

    [Fact]
    public async Task Partitions_that_claim_the_same_key_at_once_have_one_winner()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 32).Select(partition => Task.Run(() => Ledger.ClaimAsync(
            new LogPartition("log-aaaaaaaa", partition), [.. Enumerable.Range(0, 50).Select(n => new Claim((UInt128)n, 7, 1, n))], Noon, LostClaims.None, Never))));
        for (var n = 0; n < 50; n++)
        {
            Assert.Equal(1, answers.Count(verdicts => verdicts[n] == Verdict.Fresh));
            Assert.Equal(31, answers.Count(verdicts => verdicts[n] == Verdict.Duplicate));
        }
    }

    [Fact]
    public async Task Claims_survive_reopening()
    {
        await Claim(First, new(1, 7, 10, 0), new(1, 7, 11, 0), new Claim(1, 8, 12, 0));
        var before = await Ledger.FindAsync(1, LostClaims.None, Never);
        if (await ReopenAsync() is not { } reopened) return;
        Ledger = reopened;
        Assert.Equal(before, await Ledger.FindAsync(1, LostClaims.None, Never));
        Assert.Equal(
            [Verdict.Replay, Verdict.Duplicate, Verdict.Conflict, Verdict.Fresh, Verdict.Duplicate],
            await Claim(First, new(1, 7, 10, 0), new(1, 7, 11, 0), new(1, 8, 12, 0), new(2, 7, 13, 0), new(1, 7, 14, 0)));
    }

    [Fact]
    public async Task All_that_is_remembered_is_read_once_and_says_the_same_in_another_ledger()
    {
        var other = new InMemoryDedupLedger();
        foreach (var ledger in (IDedupLedger[])[Ledger, other])
        {
            await ledger.ClaimAsync(First, [.. Enumerable.Range(0, 250).Select(n => new Claim(KeyOf(n), 7, 10, n))], Noon, LostClaims.None, Never);
            await ledger.ClaimAsync(Second, [.. Enumerable.Range(0, 250).Where(n => n % 3 == 0).Select(n => new Claim(KeyOf(n), n % 2 == 0 ? 7ul : 8ul, 4, n))], Noon, LostClaims.None, Never);
        }
        var all = await AllAsync(Ledger);
        Assert.Equal(250 + 84, all.Count);
        Assert.Equal(250 + 84, all.Select(c => (c.Key, c.Copy)).Distinct().Count());
        Assert.All(all, c => Assert.True(c.AcceptedAt >= Noon && c.AcceptedAt < Noon + Duration.FromHours(1)));
        Assert.Equal(Sorted(await AllAsync(other)), Sorted(all));
    }

    [Fact]
    public async Task What_another_ledger_remembered_is_remembered_as_it_was_there()
    {
        var other = new InMemoryDedupLedger();
        await other.ClaimAsync(First, [.. Enumerable.Range(0, 250).Select(n => new Claim(KeyOf(n), 7, 10, n))], Noon, LostClaims.None, Never);
        await other.ClaimAsync(Second, [.. Enumerable.Range(0, 250).Where(n => n % 3 == 0).Select(n => new Claim(KeyOf(n), n % 2 == 0 ? 7ul : 8ul, 4, n))], Noon, LostClaims.None, Never);
        var all = await AllAsync(other);
        // In two halves, of which one is brought twice, as after a crash.
        await Ledger.RestoreAsync([.. all.Take(200)], Never);
        await Ledger.RestoreAsync([.. all.Take(200)], Never);
        await Ledger.RestoreAsync([.. all.Skip(200)], Never);
        Assert.Equal(Sorted(all), Sorted(await AllAsync(Ledger)));
        Assert.Equal([Verdict.Replay, Verdict.Duplicate], await Claim(First, new(KeyOf(3), 7, 10, 3), new(KeyOf(3), 7, 99, 0)));
        Assert.Equal([Verdict.Conflict, Verdict.Duplicate], await Claim(Second, new(KeyOf(3), 8, 4, 3), new(KeyOf(6), 7, 4, 6)));
    }

    [Fact]
    public async Task A_claim_whose_claimant_is_lost_is_taken_over_and_the_taker_replays()
    {
        await Claim(First, new Claim(1, 7, 10, 0), new Claim(2, 7, 13, 0));
        var lost = Lost(First, 10, 12);
        Assert.Equal([Verdict.Fresh, Verdict.Duplicate], await ClaimPast(lost, Second, new(1, 7, 4, 0), new(2, 7, 4, 1)));
        Assert.Equal([Verdict.Replay, Verdict.Duplicate], await ClaimPast(lost, Second, new(1, 7, 4, 0), new(2, 7, 4, 1)));
        Assert.Equal([new ClaimedCopy(Second, 4, 0, Verdict.Fresh)], await Ledger.FindAsync(1, lost, Never));
    }

    [Fact]
    public async Task Who_takes_over_is_the_first_that_later_copies_are_held_against()
    {
        await Claim(First, new Claim(1, 7, 10, 0));
        var lost = Lost(First, 10, 10);
        Assert.Equal([Verdict.Fresh], await ClaimPast(lost, First, new Claim(1, 8, 11, 0)));
        Assert.Equal([Verdict.Conflict, Verdict.Duplicate], await ClaimPast(lost, Second, new(1, 7, 1, 0), new(1, 8, 2, 0)));
        Assert.Equal(
            [new ClaimedCopy(First, 11, 0, Verdict.Fresh), new ClaimedCopy(Second, 1, 0, Verdict.Conflict), new ClaimedCopy(Second, 2, 0, Verdict.Duplicate)],
            await Ledger.FindAsync(1, lost, Never));
    }

    [Fact]
    public async Task Copies_judged_before_the_first_one_was_lost_stay_as_they_were_judged()
    {
        await Claim(First, new Claim(1, 7, 10, 0));
        await Claim(Second, new(1, 7, 1, 0), new Claim(1, 8, 2, 0));
        var lost = Lost(First, 1, 20);
        Assert.Equal([Verdict.Duplicate, Verdict.Conflict], await ClaimPast(lost, Second, new(1, 7, 1, 0), new(1, 8, 2, 0)));
        Assert.Equal([Verdict.Duplicate, Verdict.Conflict], (await Ledger.FindAsync(1, lost, Never)).Select(c => c.Verdict));
        Assert.Equal([Verdict.Fresh, Verdict.Duplicate], await ClaimPast(lost, Second, new(1, 7, 3, 0), new(1, 7, 4, 0)));
    }

    [Fact]
    public async Task A_lost_duplicate_is_looked_past_too()
    {
        await Claim(First, new(1, 7, 10, 0), new Claim(1, 7, 11, 0));
        var lost = Lost(First, 11, 11);
        Assert.Equal([Verdict.Replay], await ClaimPast(lost, First, new Claim(1, 7, 10, 0)));
        Assert.Equal([new ClaimedCopy(First, 10, 0, Verdict.Fresh)], await Ledger.FindAsync(1, lost, Never));
        Assert.Equal(2, (await Ledger.FindAsync(1, LostClaims.None, Never)).Count);
    }

    [Fact]
    public async Task A_claim_beyond_the_end_of_a_closed_log_is_taken_over_once_and_by_the_lowest_of_a_batch()
    {
        await Claim(First, new(1, 7, 10, 0), new Claim(2, 7, 11, 0));
        var lost = Lost(First, 11, long.MaxValue);
        Assert.Equal([Verdict.Duplicate, Verdict.Fresh, Verdict.Duplicate], await ClaimPast(lost, Second, new(1, 7, 1, 0), new(2, 7, 1, 1), new(2, 7, 1, 2)));
        Assert.Equal([Verdict.Duplicate], await ClaimPast(lost, new LogPartition("log-bbbbbbbb", 0), new Claim(2, 7, 1, 0)));
    }

    [Fact]
    public async Task A_claim_can_be_taken_over_again_and_the_takeover_lives_from_its_own_time()
    {
        await Ledger.ClaimAsync(First, [new Claim(1, 7, 10, 0)], Noon - Duration.FromDays(40), LostClaims.None, Never);
        var lost = Lost(First, 10, 10);
        await Ledger.ClaimAsync(Second, [new Claim(1, 7, 1, 0)], Noon, lost, Never);
        await Ledger.SweepAsync(Noon - Duration.FromDays(1), Never);
        Assert.Equal([Verdict.Duplicate], await ClaimPast(lost, Second, new Claim(1, 7, 2, 0)));
        var both = new LostClaims([new(First, 10, 10), new(Second, 1, 1)]);
        Assert.Equal([Verdict.Fresh], await ClaimPast(both, Second, new Claim(1, 7, 3, 0)));
        if (await ReopenAsync() is not { } reopened) return;
        Ledger = reopened;
        Assert.Equal([Verdict.Replay, Verdict.Duplicate], await ClaimPast(both, Second, new(1, 7, 3, 0), new(1, 7, 2, 0)));
    }

    private static UInt128 KeyOf(int n) => (UInt128)(n + 1) << 120 | (UInt128)n;

    private static async Task<List<RememberedClaim>> AllAsync(IDedupLedger ledger)
    {
        var all = new List<RememberedClaim>();
        for (string? after = null; ;)
        {
            var stretch = await ledger.AllAsync(after, Never);
            all.AddRange(stretch.Items);
            if ((after = stretch.Next) is null) return all;
        }
    }

    private static List<(UInt128, ulong, ClaimedCopy)> Sorted(List<RememberedClaim> claims) =>
        [.. claims.Select(c => (c.Key, c.Content, c.Copy)).OrderBy(c => c.Key).ThenBy(c => c.Copy.Sequence)];

    private static LostClaims Lost(LogPartition partition, long first, long last) => new([new LostRange(partition, first, last)]);

    private Task<Verdict[]> ClaimPast(LostClaims lost, LogPartition partition, params Claim[] claims) => Ledger.ClaimAsync(partition, claims, Noon, lost, Never);

    private Task<Verdict[]> Claim(LogPartition partition, params Claim[] claims) => Ledger.ClaimAsync(partition, claims, Noon, LostClaims.None, Never);
}
