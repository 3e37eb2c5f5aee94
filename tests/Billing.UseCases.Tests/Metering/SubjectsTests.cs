using Billing.UseCases.Metering;
using Xunit;
using static Billing.UseCases.Tests.Town;

namespace Billing.UseCases.Tests.Metering;

public sealed class SubjectsTests
{
    private readonly Town town = new();
    private readonly Subjects subjects;
    private readonly KnownKeys known;

    public SubjectsTests()
    {
        subjects = new Subjects(town.Store, town);
        known = new KnownKeys(town.Store);
    }

    private async Task<string> ListedAsync()
    {
        var keys = new List<string>();
        await foreach (var (key, _) in subjects.ListAsync(default)) keys.Add(key);
        return string.Join(' ', keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Those_with_usage_and_those_that_were_written_are_one_list()
    {
        await known.AddAsync([WindowNames.KeyOf("used"), WindowNames.KeyOf("both")], default);
        await subjects.WriteAsync("both", s => s with { DisplayName = "Both" }, default);
        await subjects.WriteAsync("written", s => s, default);
        await known.AddAsync([WindowNames.KeyOf("written")], default);
        Assert.Equal("both used written", await ListedAsync());
        Assert.Equal("Both", (await subjects.FindAsync("both", default)).Value.DisplayName);
        Assert.Null((await subjects.FindAsync("used", default)).Value.CreatedAt);
        Assert.Equal("subject_not_found", (await subjects.FindAsync("nobody", default)).Refusal?.Code);
    }

    [Fact]
    public async Task A_second_write_changes_what_it_says_and_keeps_when_it_was_made()
    {
        town.Now = At("2026-01-01");
        await subjects.WriteAsync("acme", s => s with { DisplayName = "Acme", StripeCustomerId = "cus_1" }, default);
        town.Now = At("2026-01-02");
        var changed = await subjects.WriteAsync("acme", s => s with { DisplayName = null }, default);
        Assert.Equal(new SubjectFacts(StripeCustomerId: "cus_1", CreatedAt: At("2026-01-01"), UpdatedAt: At("2026-01-02")), changed);
    }

    [Fact]
    public async Task A_deleted_subject_is_off_the_list_keeps_its_usage_and_begins_anew_when_it_is_written_again()
    {
        await known.AddAsync([WindowNames.KeyOf("acme")], default);
        await subjects.WriteAsync("acme", s => s with { DisplayName = "Acme" }, default);
        Assert.Null((await subjects.DeleteAsync("acme", default)).Refusal);
        Assert.Equal("", await ListedAsync());
        Assert.Equal("subject_not_found", (await subjects.FindAsync("acme", default)).Refusal?.Code);
        Assert.Equal("subject_not_found", (await subjects.DeleteAsync("acme", default)).Refusal?.Code);
        // Usage is still read under the key.
        Assert.Equal(["acme"], (await known.ListAsync(null, 10, default)).Keys);
        town.Now = At("2026-02-01");
        var again = await subjects.WriteAsync("acme", s => s, default);
        Assert.Equal((null, At("2026-02-01")), (again.DisplayName, again.CreatedAt));
        Assert.Equal("acme", await ListedAsync());
    }

    [Fact]
    public async Task Two_writes_at_once_are_both_kept()
    {
        await subjects.WriteAsync("acme", s => s, default);
        var once = false;
        town.Store.BeforeCommit = async _ =>
        {
            if (once) return;
            once = true;
            await subjects.WriteAsync("acme", s => s with { StripeCustomerId = "cus_1" }, default);
        };
        await subjects.WriteAsync("acme", s => s with { DisplayName = "Acme" }, default);
        var facts = (await subjects.FindAsync("acme", default)).Value;
        Assert.Equal(("Acme", "cus_1"), (facts.DisplayName, facts.StripeCustomerId));
    }
}
