using System.Globalization;
using System.Text;
using Billing.UseCases.Documents;
using NodaTime;
using Xunit;

namespace Billing.Storage.Tests.Contracts;

/// <summary>What every adapter of <see cref="IDocumentStore"/> promises; subclasses only say how to build one.</summary>
public abstract partial class DocumentStoreContract : IAsyncLifetime
{
    private static readonly Place Acme = new(Container.Accounts, "acme");
    private static readonly Place Zeta = new(Container.Accounts, "zeta");
    private static readonly Instant Noon = Instant.FromUtc(2026, 3, 1, 12, 0);
    private static CancellationToken Never => CancellationToken.None;

    protected IDocumentStore Store { get; private set; } = null!;

    protected abstract Task<IDocumentStore> BuildAsync();

    /// <summary>Closes the adapter and opens it on the same data; null for one that keeps nothing.</summary>
    protected virtual Task<IDocumentStore?> ReopenAsync() => Task.FromResult<IDocumentStore?>(null);

    protected abstract Task DropAsync();

    public async Task InitializeAsync() => Store = await BuildAsync();

    public Task DisposeAsync() => DropAsync();

    [Fact]
    public async Task A_document_is_read_back_as_it_was_written()
    {
        var document = new Document(new Place(Container.Usage, "c:acme", "2026-03"), "2026-03-01T12", "window", new byte[] { 1, 0, 255 }, Noon);
        var commit = await Store.CommitAsync(document.Place, [new Write.Create(document)], Never);
        var stored = (await Store.ReadAsync(document.Place, document.Id, Never))!;
        Assert.True(commit.Done);
        Assert.Equal(document.Place, stored.Document.Place);
        Assert.Equal("2026-03-01T12", stored.Document.Id);
        Assert.Equal("window", stored.Document.Kind);
        Assert.Equal(new byte[] { 1, 0, 255 }, stored.Document.Body.ToArray());
        Assert.Equal(Noon, stored.Document.Due);
        Assert.Equal(Assert.Single(commit.ETags), stored.ETag);
    }

    [Fact]
    public async Task An_empty_body_is_a_body()
    {
        await Done(new Write.Create(Doc("empty", "")));
        Assert.Equal(0, (await Store.ReadAsync(Acme, "empty", Never))!.Document.Body.Length);
    }

    [Fact]
    public async Task The_store_keeps_its_own_copy_of_a_body()
    {
        var body = "before"u8.ToArray();
        await Store.CommitAsync(Acme, [new Write.Create(new Document(Acme, "a", "thing", body))], Never);
        body[0] = (byte)'X';
        Assert.Equal("before", await Body("a"));
    }

    [Fact]
    public async Task What_was_never_written_is_null()
    {
        Assert.Null(await Store.ReadAsync(Acme, "nothing", Never));
        Assert.Empty((await Store.RangeAsync(Acme, "a", "z", 10, Never)).Items);
    }

    [Fact]
    public async Task Creating_what_exists_is_a_conflict()
    {
        await Done(new Write.Create(Doc("a", "one")));
        await Conflict(0, new Write.Create(Doc("a", "two")));
        Assert.Equal("one", await Body("a"));
    }

    [Fact]
    public async Task Replacing_needs_the_newest_ETag()
    {
        var first = await Done(new Write.Create(Doc("a", "one")));
        var second = await Done(new Write.Replace(Doc("a", "two"), first));
        Assert.NotEqual(first, second);
        await Conflict(0, new Write.Replace(Doc("a", "three"), first));
        await Conflict(0, new Write.Replace(Doc("a", "three"), "no etag"));
        await Conflict(0, new Write.Replace(Doc("a", "three"), ""));
        Assert.Equal("two", await Body("a"));
    }

    [Fact]
    public async Task Replacing_or_deleting_what_is_missing_is_a_conflict()
    {
        await Conflict(0, new Write.Replace(Doc("a", "one"), "1"));
        await Conflict(0, new Write.Delete("a", "1"));
        await Conflict(0, new Write.Delete("a", ""));
    }

    [Fact]
    public async Task Deleting_needs_the_newest_ETag()
    {
        var first = await Done(new Write.Create(Doc("a", "one")));
        var second = await Done(new Write.Upsert(Doc("a", "two")));
        await Conflict(0, new Write.Delete("a", first));
        Assert.Equal("", await Done(new Write.Delete("a", second)));
        Assert.Null(await Store.ReadAsync(Acme, "a", Never));
    }

    [Fact]
    public async Task A_document_made_again_after_its_deletion_has_a_new_ETag()
    {
        var first = await Done(new Write.Create(Doc("a", "one")));
        await Done(new Write.Delete("a", first));
        await Done(new Write.Create(Doc("a", "two")));
        await Conflict(0, new Write.Replace(Doc("a", "three"), first));
    }

    [Fact]
    public async Task Writing_the_same_body_again_changes_the_ETag()
    {
        var first = await Done(new Write.Upsert(Doc("a", "same")));
        var second = await Done(new Write.Upsert(Doc("a", "same")));
        Assert.NotEqual(first, second);
    }

    [Fact]
    public async Task A_late_conflict_leaves_nothing_of_the_commit()
    {
        var kept = await Done(new Write.Create(Doc("kept", "old")));
        var gone = await Done(new Write.Create(Doc("gone", "old")));
        await Conflict(
            3, new Write.Create(Doc("new", "x")), new Write.Replace(Doc("kept", "x"), kept), new Write.Delete("gone", gone),
            new Write.Replace(Doc("missing", "x"), "7"), new Write.Upsert(Doc("never", "x")));
        Assert.Null(await Store.ReadAsync(Acme, "new", Never));
        Assert.Null(await Store.ReadAsync(Acme, "never", Never));
        Assert.Equal("old", await Body("kept"));
        Assert.Equal("old", await Body("gone"));
        Assert.Equal(["kept", "gone"], Ids((await Store.ChangesAsync(Container.Accounts, "thing", null, 10, Never)).Items));
    }

    [Fact]
    public async Task A_commit_answers_one_ETag_a_write_in_order()
    {
        var old = await Done(new Write.Create(Doc("old", "")));
        var commit = await Store.CommitAsync(
            Acme, [new Write.Create(Doc("b", "")), new Write.Delete("old", old), new Write.Upsert(Doc("a", ""))], Never);
        Assert.Equal(3, commit.ETags.Count);
        Assert.Equal((await Store.ReadAsync(Acme, "b", Never))!.ETag, commit.ETags[0]);
        Assert.Equal("", commit.ETags[1]);
        Assert.Equal((await Store.ReadAsync(Acme, "a", Never))!.ETag, commit.ETags[2]);
        Assert.NotEqual(commit.ETags[0], commit.ETags[2]);
    }

    [Fact]
    public async Task An_empty_commit_does_nothing()
    {
        var commit = await Store.CommitAsync(Acme, [], Never);
        Assert.True(commit.Done);
        Assert.Empty(commit.ETags);
    }

    [Fact]
    public async Task Two_places_whose_parts_join_to_the_same_text_are_two_places()
    {
        Place[] places =
        [
            new(Container.Usage, "ab", "c"), new(Container.Usage, "a", "bc"), new(Container.Usage, "abc"), new(Container.Catalog, "ab", "c"),
            new(Container.Usage, "ab\u0001c"), new(Container.Usage, "ab", "\u0001c"), new(Container.Usage, "2:ab", "c"), new(Container.Usage, "", "abc"),
            new(Container.Usage, "æ/#?", "日本"),
        ];
        foreach (var place in places)
            await Store.CommitAsync(place, [new Write.Create(new Document(place, "x", "part", Encoding.UTF8.GetBytes(place.ToString())))], Never);
        foreach (var place in places)
        {
            var stored = (await Store.ReadAsync(place, "x", Never))!;
            Assert.Equal(place.ToString(), Encoding.UTF8.GetString(stored.Document.Body.Span));
            Assert.Equal(place, stored.Document.Place);
        }
        var listed = (await Store.OfKindAsync(Container.Usage, "part", null, 20, Never)).Items.Select(stored => stored.Document.Place);
        Assert.Equal(places.Where(place => place.Container == Container.Usage).ToHashSet(), listed.ToHashSet());
    }

    [Fact]
    public async Task A_document_can_change_its_kind()
    {
        await Done(new Write.Create(Doc("a", "1")));
        await Done(new Write.Upsert(new Document(Acme, "a", "other", default)));
        Assert.Empty((await Store.OfKindAsync(Container.Accounts, "thing", null, 10, Never)).Items);
        Assert.Empty((await Store.ChangesAsync(Container.Accounts, "thing", null, 10, Never)).Items);
        Assert.Equal(["a"], Ids((await Store.OfKindAsync(Container.Accounts, "other", null, 10, Never)).Items));
        Assert.Equal(["a"], Ids((await Store.ChangesAsync(Container.Accounts, "other", null, 10, Never)).Items));
    }

    [Fact]
    public async Task A_commit_of_100_writes_passes_and_101_throws()
    {
        Write[] writes = [.. Enumerable.Range(0, 101).Select(n => new Write.Create(Doc($"d{n}", "")))];
        await Assert.ThrowsAsync<ArgumentException>(() => Store.CommitAsync(Acme, writes, Never));
        Assert.Null(await Store.ReadAsync(Acme, "d0", Never));
        Assert.True((await Store.CommitAsync(Acme, writes[..100], Never)).Done);
    }

    [Fact]
    public async Task A_commit_of_1_400_000_bytes_passes_and_one_more_throws()
    {
        var half = new Document(Acme, "a", "thing", new byte[700_000]);
        await Assert.ThrowsAsync<ArgumentException>(() => Store.CommitAsync(
            Acme, [new Write.Create(half), new Write.Create(half with { Id = "b", Body = new byte[700_001] })], Never));
        Assert.Null(await Store.ReadAsync(Acme, "a", Never));
        Assert.True((await Store.CommitAsync(Acme, [new Write.Create(half), new Write.Create(half with { Id = "b" })], Never)).Done);
        Assert.Equal(700_000, (await Store.ReadAsync(Acme, "b", Never))!.Document.Body.Length);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a/b")]
    [InlineData("a b")]
    [InlineData("ü")]
    public async Task An_id_that_not_every_store_takes_throws(string id)
    {
        await Assert.ThrowsAsync<ArgumentException>(() => Store.CommitAsync(Acme, [new Write.Upsert(Doc(id, ""))], Never));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.CommitAsync(Acme, [new Write.Delete(id, "1")], Never));
    }

    [Fact]
    public async Task An_id_of_255_characters_passes_and_256_throws()
    {
        await Assert.ThrowsAsync<ArgumentException>(() => Store.CommitAsync(Acme, [new Write.Upsert(Doc(new string('a', 256), ""))], Never));
        Assert.NotEqual("", await Done(new Write.Upsert(Doc(new string('a', 255), ""))));
    }

    [Fact]
    public async Task An_id_twice_in_a_commit_throws()
    {
        await Assert.ThrowsAsync<ArgumentException>(
            () => Store.CommitAsync(Acme, [new Write.Upsert(Doc("a", "1")), new Write.Upsert(Doc("a", "2"))], Never));
        Assert.Null(await Store.ReadAsync(Acme, "a", Never));
    }

    [Fact]
    public async Task A_document_of_another_place_throws() =>
        await Assert.ThrowsAsync<ArgumentException>(() => Store.CommitAsync(Zeta, [new Write.Upsert(Doc("a", "1"))], Never));

    [Fact]
    public async Task A_hundred_increments_at_once_end_at_100()
    {
        await Done(new Write.Create(Doc("counter", "0")));
        await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => Task.Run(async () =>
        {
            while (true)
            {
                var stored = (await Store.ReadAsync(Acme, "counter", Never))!;
                var next = 1 + int.Parse(Encoding.UTF8.GetString(stored.Document.Body.Span), CultureInfo.InvariantCulture);
                var write = new Write.Replace(Doc("counter", next.ToString(CultureInfo.InvariantCulture)), stored.ETag);
                if ((await Store.CommitAsync(Acme, [write], Never)).Done) return;
            }
        })));
        Assert.Equal("100", await Body("counter"));
    }

    [Fact]
    public async Task A_cancelled_caller_changes_nothing()
    {
        var cancelled = new CancellationToken(canceled: true);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Store.CommitAsync(Acme, [new Write.Create(Doc("a", "1"))], cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Store.ReadAsync(Acme, "a", cancelled));
        Assert.Null(await Store.ReadAsync(Acme, "a", Never));
    }

    [Fact]
    public async Task Documents_ETags_and_changes_survive_reopening()
    {
        var a = await Done(new Write.Create(Doc("a", "one")));
        await Done(new Write.Create(Due("job", Noon)));
        var (_, cursor) = await Store.ChangesAsync(Container.Accounts, "thing", null, 10, Never);
        if (await ReopenAsync() is not { } reopened) return;
        Store = reopened;
        Assert.Equal("one", await Body("a"));
        Assert.Equal(["job"], Ids(await Store.DueAsync(Container.Accounts, "job", Noon, 10, Never)));
        await Done(new Write.Replace(Doc("a", "two"), a));
        Assert.Equal(["a"], Ids((await Store.ChangesAsync(Container.Accounts, "thing", cursor, 10, Never)).Items));
    }

    private static Document Doc(string id, string body) => new(Acme, id, "thing", Encoding.UTF8.GetBytes(body));

    private static Document Due(string id, Instant? due) => new(Acme, id, "job", default, due);

    private static List<string> Ids(IReadOnlyList<Stored> items) => [.. items.Select(stored => stored.Document.Id)];

    private async Task<string> Done(Write write)
    {
        var commit = await Store.CommitAsync(Acme, [write], Never);
        Assert.True(commit.Done);
        return Assert.Single(commit.ETags);
    }

    private async Task Conflict(int index, params Write[] writes)
    {
        var commit = await Store.CommitAsync(Acme, writes, Never);
        Assert.False(commit.Done);
        Assert.Equal(index, commit.ConflictIndex);
        Assert.Empty(commit.ETags);
    }

    private async Task<string> Body(string id) => Encoding.UTF8.GetString((await Store.ReadAsync(Acme, id, Never))!.Document.Body.Span);
}
