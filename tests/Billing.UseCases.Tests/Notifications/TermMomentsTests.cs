using Billing.Domain.Contracts;
using Billing.Domain.Credits;
using Billing.UseCases.Contracts;
using Billing.UseCases.Documents;
using Billing.UseCases.Notifications;
using Xunit;

namespace Billing.UseCases.Tests.Notifications;

/// <summary>Starts and ends of contracts and access segments: a contract of February and March, with a commit for each of the months and a credit for all of the year.</summary>
public sealed class TermMomentsTests
{
    private readonly Town town = new() { Now = Town.At("2026-01-10") };
    private Contract contract = null!;

    private async Task SetUpAsync()
    {
        contract = await town.ContractAsync(await town.CustomerAsync("Acme"), await town.CardAsync(), "2026-02-01T00", "2026-04-01T00");
        await town.GrantAsync(contract, CommitType.Prepaid, 100, "2026-02-01", "2026-03-01", c => c with
        {
            Access = [c.Access[0], new AccessSegment("march", 50, Town.At("2026-03-01"), Town.At("2026-04-01"))],
        });
        await town.GrantAsync(contract, CommitType.Credit, 10, "2026-01-01", "2027-01-01");
        await town.RunAsync();
    }

    /// <summary>The account is only looked at when it is due.</summary>
    private async Task<string> AtAsync(string now)
    {
        town.Now = Town.At(now);
        await town.RunAsync();
        return await SaidAsync();
    }

    private async Task<string> SaidAsync() => string.Join(' ', (await town.Store.OfKindAsync(Container.Accounts, "outbox", null, 1_000, default)).Items.SelectMany(s => s.Value<OutboxEntry>().Messages)
        .Where(m => m.Type.EndsWith("start", StringComparison.Ordinal) || m.Type.EndsWith("end", StringComparison.Ordinal))
        .OrderBy(m => m.At).ThenBy(m => m.Type, StringComparer.Ordinal).Select(m => $"{m.Type}@{m.At.InUtc().Date.ToString("MM-dd", null)}"));

    [Fact]
    public async Task Each_is_told_once_when_it_comes()
    {
        await SetUpAsync();
        var said = "credit.segment.start@01-01"; // before it was made: at once
        Assert.Equal(said, await AtAsync("2026-01-31T23"));
        said += " commit.segment.start@02-01 contract.start@02-01";
        Assert.Equal(said, await AtAsync("2026-02-01"));
        Assert.Equal(said, await AtAsync("2026-02-20"));
        said += " commit.segment.end@03-01 commit.segment.start@03-01";
        Assert.Equal(said, await AtAsync("2026-03-01"));
        await town.Accounts.FenceAsync(contract.CustomerId, default);
        Assert.Equal(said, await AtAsync("2026-03-05"));
        // The credit would go on, but ends with its contract.
        said += " commit.segment.end@04-01 contract.end@04-01 credit.segment.end@04-01";
        Assert.Equal(said, await AtAsync("2026-04-01"));
        Assert.Equal(said, await AtAsync("2027-01-01"));
    }

    [Fact]
    public async Task An_end_that_is_moved_is_told_when_the_new_one_comes_and_an_archived_contract_tells_nothing()
    {
        await SetUpAsync();
        await AtAsync("2026-03-02");
        Assert.Null((await town.Edits.EditAsync(new EditContract(contract.CustomerId, contract.Id) { UpdateContractEndDate = new Billing.Domain.Pricing.Changed<NodaTime.Instant?>(Town.At("2026-05-01")) }, town.Ids, default)).Refusal);
        Assert.DoesNotContain("contract.end", await AtAsync("2026-04-01T01"), StringComparison.Ordinal);
        Assert.EndsWith("contract.end@05-01 credit.segment.end@05-01", await AtAsync("2026-05-01"), StringComparison.Ordinal);

        var other = await town.ContractAsync(await town.CustomerAsync("Other"), await town.CardAsync(), "2026-06-01T00");
        await town.Archive.ArchiveAsync(other.CustomerId, other.Id, false, default);
        Assert.DoesNotContain("06-01", await AtAsync("2026-06-02"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task More_than_go_into_one_commit_are_told_by_the_next_ones()
    {
        contract = await town.ContractAsync(await town.CustomerAsync("Acme"), await town.CardAsync(), "2026-02-01T00");
        for (var i = 0; i < 90; i++) await town.GrantAsync(contract, CommitType.Credit, 1, "2026-02-01", "2027-01-01");
        Assert.Equal(91, (await AtAsync("2026-02-01")).Split(' ').Length);
    }

    [Fact]
    public async Task A_run_killed_before_or_after_any_commit_and_many_at_once_tell_each_once()
    {
        async Task<(string Said, int Commits)> Run(int killAt, bool after)
        {
            var world = new TermMomentsTests();
            await world.SetUpAsync();
            world.town.Now = Town.At("2026-03-03");
            var commits = await world.town.RunKilledAsync(killAt, after);
            await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Task.Run(world.town.RunAsync)));
            return (await world.SaidAsync(), commits);
        }
        var (whole, commits) = await Run(-1, false);
        Assert.Equal(5, whole.Split(' ').Length);
        for (var i = 0; i < commits; i++)
        {
            Assert.Equal(whole, (await Run(i, false)).Said);
            Assert.Equal(whole, (await Run(i, true)).Said);
        }
    }
}
