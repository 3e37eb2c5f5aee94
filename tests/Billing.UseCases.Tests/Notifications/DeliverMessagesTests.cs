using Billing.Domain.Contracts;
using Billing.Domain.Credits;
using Billing.UseCases.Notifications;
using NodaTime;
using Xunit;

namespace Billing.UseCases.Tests.Notifications;

/// <summary>Messages of a town with one contract, delivered to endpoints that answer as a test says.</summary>
public sealed class DeliverMessagesTests
{
    private readonly Town town = new() { Now = Town.At("2026-01-01") };
    private readonly List<(string Url, string Body, Instant At)> sent = [];
    private readonly HashSet<string> down = [];
    private TimeSpan firstTakes;
    private readonly WebhookEndpoints endpoints;
    private readonly DeliverMessages deliver;
    private Instant real = Town.At("2026-11-26");

    public DeliverMessagesTests()
    {
        endpoints = new WebhookEndpoints(town.Store, town);
        deliver = new DeliverMessages(town.Store, endpoints, SendAsync, () => 0);
    }

    private async Task<SendResult> SendAsync(string url, string date, string signature, string body, CancellationToken stop)
    {
        var takes = firstTakes;
        firstTakes = TimeSpan.Zero;
        if (takes > TimeSpan.Zero) await Task.Delay(takes, stop);
        // Several customers are told at once.
        lock (sent) sent.Add((url, body, real));
        return down.Contains(url) ? new SendResult(503, "The endpoint answered 503.", 1) : new SendResult(200, null, 1);
    }

    private async Task<WebhookEndpoint> EndpointAsync(string name, params string[] types) => (await endpoints.CreateAsync($"https://{name}.example/hook", types, town.Ids, default)).Value;

    private async Task<Contract> ContractAsync() => await town.ContractAsync(await town.CustomerAsync("Acme"), await town.CardAsync());

    private async Task RunAsync(Duration later = default)
    {
        real += later;
        while (await deliver.RunAsync(real, default))
        {
        }
    }

    private List<string> Types(string? name = null) =>
        [.. sent.Where(s => name is null || s.Url.Contains(name, StringComparison.Ordinal)).Select(s => System.Text.Json.JsonDocument.Parse(s.Body).RootElement.GetProperty("type").GetString()!)];

    [Fact]
    public async Task Each_change_of_terms_is_told_of_once_in_order()
    {
        await EndpointAsync("a");
        var contract = await ContractAsync();
        await town.GrantAsync(contract, CommitType.Prepaid, 100, "2026-01-01", "2027-01-01");
        await town.GrantAsync(contract, CommitType.Credit, 100, "2026-01-01", "2027-01-01");
        await town.Archive.ArchiveAsync(contract.CustomerId, contract.Id, false, default);
        await RunAsync();
        await RunAsync(Duration.FromHours(1));
        Assert.Equal(["contract.create", "commit.create", "credit.create"], Types().Take(3));
        Assert.Equal(["commit.archive", "contract.archive", "credit.archive"], Types().Skip(3).Order());
    }

    [Fact]
    public async Task What_happened_to_one_customer_is_told_in_the_order_in_which_it_happened()
    {
        await EndpointAsync("a");
        firstTakes = TimeSpan.FromMilliseconds(100); // what is sent beside it would overtake it
        var contract = await ContractAsync();
        var types = Enumerable.Range(0, 40).Select(i => i % 3 == 0 ? CommitType.Credit : CommitType.Prepaid).ToList();
        foreach (var type in types) await town.GrantAsync(contract, type, 100, "2026-01-01", "2027-01-01");
        await RunAsync();
        Assert.Equal(["contract.create", .. types.Select(t => t == CommitType.Credit ? "credit.create" : "commit.create")], Types());
    }

    [Fact]
    public async Task An_invoice_is_told_of_with_its_total()
    {
        await EndpointAsync("a", "invoice.*");
        var contract = await ContractAsync();
        town.Use(contract.CustomerId, "2026-01-10", 10);
        town.Now = Town.At("2026-02-02");
        await town.RunAsync();
        await RunAsync();
        // 10 × 10 = 100
        Assert.Equal(["invoice.finalized"], Types());
        Assert.Contains("\"total\":100", sent[0].Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failed_delivery_waits_longer_each_time_and_is_given_up_after_three_days()
    {
        var endpoint = await EndpointAsync("a");
        down.Add(endpoint.Url);
        await ContractAsync();
        var first = real;
        for (var minutes = 0; minutes < 80 * 60; minutes++) await RunAsync(Duration.FromMinutes(1));
        var waits = sent.Zip(sent.Skip(1), (a, b) => (b.At - a.At).TotalMinutes).ToList();
        // 5 s, 15 s and 45 s are a minute here, since it looks once a minute; then 2 m 15 s, 6 m 45 s, 15 m.
        Assert.Equal([1, 1, 1, 3, 7, 15, 15], waits.Take(7));
        Assert.True(sent[^1].At <= first + BackOff.Patience + Duration.FromMinutes(1));
        Assert.True(sent[^1].At > first + BackOff.Patience - Duration.FromMinutes(16));
        var attempts = (await deliver.AttemptsAsync(_ => true, null, 1_000, default)).Items;
        Assert.Equal(sent.Count, attempts.Count);
        Assert.Single(attempts, a => a.IsLast);
    }

    [Fact]
    public async Task A_dead_endpoint_holds_up_no_other()
    {
        var dead = await EndpointAsync("dead");
        await EndpointAsync("alive");
        down.Add(dead.Url);
        for (var i = 0; i < 20; i++) await ContractAsync();
        await RunAsync();
        Assert.Equal(20, Types("alive").Count);
        // After the first failures nobody waits for it again in the same run.
        Assert.InRange(Types("dead").Count, 1, 8);
        down.Clear();
        for (var i = 0; i < 60; i++) await RunAsync(Duration.FromMinutes(1));
        Assert.Equal(20, sent.Where(s => s.Url == dead.Url).Select(s => s.Body).Distinct().Count());
        Assert.Equal(20, Types("alive").Count);
    }

    [Fact]
    public async Task An_endpoint_takes_what_comes_after_it_and_a_replay_sends_the_rest()
    {
        await ContractAsync();
        town.Now = Town.At("2026-01-02");
        var endpoint = await EndpointAsync("a");
        await RunAsync();
        Assert.Empty(sent);
        Assert.Equal(1, await deliver.ReplayAsync(endpoint, m => m.Type == "contract.create", real, default));
        await RunAsync();
        Assert.Equal(["contract.create"], Types());
        // Again, by its id: the same id.
        var id = System.Text.Json.JsonDocument.Parse(sent[0].Body).RootElement.GetProperty("id").GetString();
        Assert.Equal(1, await deliver.ReplayAsync(endpoint, m => m.Id == id, real, default));
        await RunAsync();
        Assert.Equal(sent[0].Body, sent[1].Body);
    }

    [Fact]
    public async Task What_was_sent_before_a_crash_is_sent_again_and_never_lost()
    {
        await EndpointAsync("a");
        await ContractAsync();
        var crash = new DeliverMessages(town.Store, endpoints, async (url, date, signature, body, stop) =>
        {
            _ = await SendAsync(url, date, signature, body, stop);
            throw new InvalidOperationException("The process dies before it can write that it sent.");
        }, () => 0);
        await Assert.ThrowsAsync<InvalidOperationException>(() => crash.RunAsync(real, default));
        await RunAsync();
        await RunAsync(Duration.FromHours(1));
        Assert.Equal(["contract.create", "contract.create"], Types());
    }

    [Fact]
    public void A_signature_is_that_of_the_published_example()
    {
        const string Body = """
            {
              "id": "b2c9e307-624e-4e7d-a5a4-1b74107d78c4",
              "type": "widget_created",
              "properties": {
                "customer_id": "5f794d50-085a-4db6-8d15-286e518b7225",
                "widget_id": "0891458d-b6f0-4fdd-a41e-380aae1a1e38"
              }
            }
            """;
        Assert.Equal("Mon, 02 Jan 2006 22:04:05 GMT", WebhookSignature.Date(Instant.FromUtc(2006, 1, 2, 22, 4, 5)));
        Assert.Equal(
            "b82652fa2246cf1d8a27e591f155c865f68b46c19b9213fd9c052f2419b4742b",
            WebhookSignature.Of("correct-horse-battery-staple", "Mon, 02 Jan 2006 22:04:05 GMT", Body.ReplaceLineEndings("\n")));
    }

    [Theory]
    [InlineData("ftp://a.example/")]
    [InlineData("https://user:word@a.example/")]
    [InlineData("/hook")]
    public async Task An_address_that_is_none_is_refused(string url) =>
        Assert.Equal("/url", (await endpoints.CreateAsync(url, [], town.Ids, default)).Refusal!.Field);
}
