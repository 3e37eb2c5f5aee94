using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Billing.AzureStandIns;
using Billing.AzureStandIns.CosmosServer;
using Billing.Storage.Azure.Connecting;
using Microsoft.AspNetCore.Builder;
using Microsoft.Azure.Cosmos;
using Xunit;

namespace Billing.Storage.Tests.Azure;

/// <summary>What our Cosmos stand-in and a server that others wrote can both do is asked of both, by the official client; they answer alike.</summary>
/// <remarks>
/// The other one is npm's @vercel/cosmosdb-server 1.0.1. Only our stand-in is asked for the rest of what the store needs, since the other
/// <list type="bullet">
/// <item>cannot read transactional batches, by which the store writes everything: it takes their HybridRow for JSON and answers 500;</item>
/// <item>goes by the first path of a hierarchical partition key alone, as usage and catalog have;</item>
/// <item>looks into all partitions when a query names one beside its text, so a range of one place has the documents of others;</item>
/// <item>answers the change feed's first page only;</item>
/// <item>answers 200 to a read whose If-None-Match fits, and takes a body whose partition key is not the request's;</item>
/// <item>knows no COUNT, SUM, GROUP BY and OFFSET, and forgets nothing when its time to live is over.</item>
/// </list>
/// It answers a read of what is missing with 500 unless the request may cross partitions; so all requests here may.
/// </remarks>
public sealed class TwoCosmosServersTests : IAsyncLifetime
{
    private WebApplication ours = null!;
    private Side[] sides = [];

    public async Task InitializeAsync()
    {
        Environment.SetEnvironmentVariable("COSMOS_DISABLE_IMDS_ACCESS", "true");
        // The other one cannot plan queries.
        Environment.SetEnvironmentVariable("AZURE_COSMOS_USE_QUERY_PLAN_INTEROP_LINUX", "true");
        (ours, var url, _) = await CosmosStandIn.StartAsync();
        var database = StorageAccount.NewName();
        sides = [await Side.OpenAsync("ours", new Uri(url), database), await Side.OpenAsync("theirs", await OtherCosmosServer.RunningAsync(), database)];
    }

    public async Task DisposeAsync()
    {
        foreach (var side in sides) side.Client.Dispose();
        await ours.DisposeAsync();
    }

    [Fact]
    public async Task What_exists_is_not_created_again_but_in_another_partition()
    {
        await SameAsync(201, s => s.Items.CreateItemStreamAsync(Item("a", "p", 1), new("p")));
        await SameAsync(409, s => s.Items.CreateItemStreamAsync(Item("a", "p", 2), new("p")));
        await SameAsync(201, s => s.Items.CreateItemStreamAsync(Item("a", "q", 3), new("q")));
        await SameAsync(200, s => s.Items.ReadItemStreamAsync("a", new("p")));
        await SameAsync(200, s => s.Items.ReadItemStreamAsync("a", new("q")));
    }

    [Fact]
    public async Task What_is_missing_or_in_another_partition_is_not_found()
    {
        await SameAsync(201, s => s.Items.CreateItemStreamAsync(Item("a", "p", 1), new("p")));
        await SameAsync(404, s => s.Items.ReadItemStreamAsync("b", new("p")));
        await SameAsync(404, s => s.Items.ReadItemStreamAsync("a", new("q")));
        await SameAsync(404, s => s.Items.ReplaceItemStreamAsync(Item("b", "p", 1), "b", new("p")));
        await SameAsync(404, s => s.Items.DeleteItemStreamAsync("b", new("p")));
    }

    [Fact]
    public async Task Replacing_and_deleting_need_the_newest_ETag()
    {
        await SameAsync(201, s => s.Items.CreateItemStreamAsync(Item("a", "p", 1), new("p")));
        foreach (var side in sides) side.Old = side.Newest;
        await SameAsync(200, s => s.Items.ReplaceItemStreamAsync(Item("a", "p", 2), "a", new("p"), If(s.Newest)));
        await SameAsync(412, s => s.Items.ReplaceItemStreamAsync(Item("a", "p", 3), "a", new("p"), If(s.Old)));
        await SameAsync(412, s => s.Items.UpsertItemStreamAsync(Item("a", "p", 3), new("p"), If(s.Old)));
        await SameAsync(412, s => s.Items.DeleteItemStreamAsync("a", new("p"), If(s.Old)));
        await SameAsync(200, s => s.Items.ReadItemStreamAsync("a", new("p")));
        await SameAsync(204, s => s.Items.DeleteItemStreamAsync("a", new("p"), If(s.Newest)));
        await SameAsync(404, s => s.Items.ReadItemStreamAsync("a", new("p")));
    }

    [Fact]
    public async Task An_upsert_creates_and_then_replaces()
    {
        await SameAsync(201, s => s.Items.UpsertItemStreamAsync(Item("a", "p", 1), new("p")));
        await SameAsync(200, s => s.Items.UpsertItemStreamAsync(Item("a", "p", 2), new("p")));
        await SameAsync(200, s => s.Items.ReadItemStreamAsync("a", new("p")));
    }

    [Fact]
    public async Task Every_write_changes_the_ETag_also_of_the_same_body_and_after_a_deletion()
    {
        var seen = sides.ToDictionary(s => s, _ => new HashSet<string>());
        await SameAsync(201, s => s.Items.CreateItemStreamAsync(Item("a", "p", 1), new("p")));
        foreach (var side in sides) Assert.True(seen[side].Add(side.Newest!));
        await SameAsync(200, s => s.Items.ReplaceItemStreamAsync(Item("a", "p", 1), "a", new("p")));
        foreach (var side in sides) Assert.True(seen[side].Add(side.Newest!));
        await SameAsync(204, s => s.Items.DeleteItemStreamAsync("a", new("p")));
        await SameAsync(201, s => s.Items.CreateItemStreamAsync(Item("a", "p", 1), new("p")));
        foreach (var side in sides) Assert.True(seen[side].Add(side.Newest!));
    }

    [Fact]
    public async Task A_patch_changes_its_fields_when_its_condition_holds()
    {
        await SameAsync(201, s => s.Items.CreateItemStreamAsync(Item("a", "p", 1), new("p")));
        PatchOperation[] changes = [PatchOperation.Set("/name", "new"), PatchOperation.Increment("/amount", 2)];
        await SameAsync(200, s => s.Items.PatchItemStreamAsync("a", new("p"), changes, new PatchItemRequestOptions { FilterPredicate = "FROM c WHERE c.amount = 1" }));
        await SameAsync(412, s => s.Items.PatchItemStreamAsync("a", new("p"), changes, new PatchItemRequestOptions { FilterPredicate = "FROM c WHERE c.amount = 1" }));
        await SameAsync(404, s => s.Items.PatchItemStreamAsync("b", new("p"), changes));
        await SameAsync(200, s => s.Items.ReadItemStreamAsync("a", new("p")));
    }

    [Fact]
    public async Task A_unique_key_is_unique_in_its_partition()
    {
        await SameAsync(201, s => s.Unique.CreateItemStreamAsync(Item("a", "p", 1), new("p")));
        await SameAsync(409, s => s.Unique.CreateItemStreamAsync(Item("b", "p", 1), new("p")));
        await SameAsync(201, s => s.Unique.CreateItemStreamAsync(Item("b", "q", 1), new("q")));
        await SameAsync(201, s => s.Unique.CreateItemStreamAsync(Item("b", "p", 2), new("p")));
    }

    [Theory]
    [InlineData("a b")]
    [InlineData("100%")]
    [InlineData("über:ß")]
    public async Task An_id_may_have_any_characters_but_a_few(string id)
    {
        await SameAsync(201, s => s.Items.CreateItemStreamAsync(Item(id, "p", 1), new("p")));
        await SameAsync(200, s => s.Items.ReadItemStreamAsync(id, new("p")));
        await SameAsync(204, s => s.Items.DeleteItemStreamAsync(id, new("p")));
    }

    [Fact]
    public async Task A_number_is_a_double()
    {
        await SameAsync(201, s => s.Items.CreateItemStreamAsync(Item("a", "p", 9_007_199_254_740_993), new("p")));
        foreach (var side in sides)
        {
            using var read = await side.Items.ReadItemStreamAsync("a", new("p"));
            Assert.Equal(9_007_199_254_740_992, (await ContentAsync(read))!["amount"]!.GetValue<long>());
        }
    }

    [Theory]
    [InlineData("SELECT * FROM c WHERE c.pk = 'p' AND c.amount >= 3 AND c.amount < 7 ORDER BY c.amount", 4)]
    [InlineData("SELECT * FROM c WHERE c.amount >= 3 ORDER BY c.id", 10)]
    [InlineData("SELECT * FROM c WHERE c.pk = 'q' ORDER BY c.amount DESC", 3)]
    [InlineData("SELECT VALUE c.id FROM c WHERE c.amount IN (1, 2) ORDER BY c.id", 2)]
    [InlineData("SELECT c.id, c.amount FROM c WHERE STARTSWITH(c.id, 'd1') ORDER BY c.id", 3)]
    [InlineData("SELECT * FROM c WHERE c.amount > 100", 0)]
    public async Task A_query_finds_the_same_page_by_page(string query, int expected)
    {
        for (var i = 0; i < 13; i++) await SameAsync(201, s => s.Items.CreateItemStreamAsync(Item($"d{i:00}", i < 10 ? "p" : "q", i), new(i < 10 ? "p" : "q")));
        var found = await Task.WhenAll(sides.Select(s => QueryAsync(s, query)));
        Assert.Equal(expected, found[0].Count);
        Assert.Equal(found[0], found[1]);
    }

    [Fact]
    public async Task A_query_that_is_none_is_refused()
    {
        foreach (var side in sides)
        {
            using var pages = side.Items.GetItemQueryStreamIterator("SELECT FROM WHERE");
            using var answer = await pages.ReadNextAsync();
            Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        }
    }

    private static MemoryStream Item(string id, string pk, long amount) => new(Encoding.UTF8.GetBytes(new JsonObject { ["id"] = id, ["pk"] = pk, ["amount"] = amount }.ToJsonString()));

    private static ItemRequestOptions If(string? etag) => new() { IfMatchEtag = etag };

    // The same call to both; the same answer of both, but for what each makes up itself.
    private async Task SameAsync(int status, Func<Side, Task<ResponseMessage>> call)
    {
        var contents = new List<JsonNode?>();
        foreach (var side in sides)
        {
            using var answer = await call(side);
            Assert.True(status == (int)answer.StatusCode, $"{side.Name} answered {(int)answer.StatusCode}, not {status}: {answer.ErrorMessage}");
            if (status >= 300 || answer.Content is null) continue;
            var content = await ContentAsync(answer);
            if (content?["_etag"] is { } etag) side.Newest = etag.GetValue<string>();
            contents.Add(WithoutSystem(content));
        }
        if (contents.Count > 0) Assert.True(contents.Count == 2 && JsonNode.DeepEquals(contents[0], contents[1]), string.Join(" and ", contents.Select(c => c?.ToJsonString())));
    }

    private static async Task<List<string>> QueryAsync(Side side, string query)
    {
        var found = new List<string>();
        using var pages = side.Items.GetItemQueryStreamIterator(query, null, new QueryRequestOptions { MaxItemCount = 3, MaxConcurrency = 1 });
        while (pages.HasMoreResults)
        {
            using var answer = await pages.ReadNextAsync();
            Assert.True(answer.IsSuccessStatusCode, $"{side.Name} answered {(int)answer.StatusCode}: {answer.ErrorMessage}");
            found.AddRange((await ContentAsync(answer))!["Documents"]!.AsArray().Select(d => WithoutSystem(d)!.ToJsonString()));
        }
        return found;
    }

    private static async Task<JsonNode?> ContentAsync(ResponseMessage answer) => answer.Content is null or { Length: 0 } ? null : await JsonNode.ParseAsync(answer.Content);

    private static JsonNode? WithoutSystem(JsonNode? content)
    {
        if (content is not JsonObject item) return content;
        foreach (var name in (string[])["_rid", "_self", "_etag", "_attachments", "_ts"]) item.Remove(name);
        // In one order, since only arrays have one.
        return new JsonObject(item.OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => KeyValuePair.Create(m.Key, m.Value?.DeepClone())));
    }

    private sealed class Side(string name, CosmosClient client, Container items, Container unique)
    {
        public string Name => name;

        public CosmosClient Client => client;

        public Container Items => items;

        public Container Unique => unique;

        public string? Newest { get; set; }

        public string? Old { get; set; }

        public static async Task<Side> OpenAsync(string name, Uri url, string database)
        {
            var options = new CosmosClientOptions { ConnectionMode = ConnectionMode.Gateway, LimitToEndpoint = true };
            options.CustomHandlers.Add(new AcrossPartitions());
            var client = new CosmosClient(url.AbsoluteUri, AzureAccess.EmulatorCosmosKey, options);
            var made = (await client.CreateDatabaseAsync(database)).Database;
            var unique = new ContainerProperties("unique", "/pk") { UniqueKeyPolicy = new UniqueKeyPolicy { UniqueKeys = { new UniqueKey { Paths = { "/amount" } } } } };
            return new Side(name, client, (await made.CreateContainerAsync(new ContainerProperties("items", "/pk"))).Container, (await made.CreateContainerAsync(unique)).Container);
        }
    }

    private sealed class AcrossPartitions : RequestHandler
    {
        public override Task<ResponseMessage> SendAsync(RequestMessage request, CancellationToken cancellationToken)
        {
            request.Headers.Set("x-ms-documentdb-query-enablecrosspartition", "True");
            return base.SendAsync(request, cancellationToken);
        }
    }
}
