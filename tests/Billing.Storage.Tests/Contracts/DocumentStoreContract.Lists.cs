using System.Text;
using Billing.UseCases.Documents;
using NodaTime;
using Xunit;

namespace Billing.Storage.Tests.Contracts;

/// <summary>Ranges, kinds, what is due and what has changed.</summary>
public abstract partial class DocumentStoreContract
{
    [Fact]
    public async Task A_range_has_its_start_and_not_its_end_in_ordinal_order()
    {
        foreach (var id in (string[])["b", "B", "a", "a-1", "a.1", "c", "_", "1"]) await Done(new Write.Create(Doc(id, "")));
        await Store.CommitAsync(Zeta, [new Write.Create(new Document(Zeta, "b", "thing", default))], Never);
        Assert.Equal(["1", "B", "_", "a", "a-1", "a.1", "b", "c"], Ids((await Store.RangeAsync(Acme, "", "~", 20, Never)).Items));
        Assert.Equal(["a", "a-1", "a.1"], Ids((await Store.RangeAsync(Acme, "a", "b", 20, Never)).Items));
        Assert.Empty((await Store.RangeAsync(Acme, "b", "b", 20, Never)).Items);
        Assert.Empty((await Store.RangeAsync(Acme, "c", "a", 20, Never)).Items);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(8)]
    public async Task Pages_of_a_range_show_each_document_once(int limit)
    {
        string[] ids = ["a", "a+", "a-", "aa", "b", "b1", "c"];
        foreach (var id in ids) await Done(new Write.Create(Doc(id, "")));
        var seen = new List<string>();
        var pages = 0;
        for (var from = "a"; from is not null; pages++)
        {
            var page = await Store.RangeAsync(Acme, from, "z", limit, Never);
            Assert.True(page.Items.Count <= limit);
            seen.AddRange(Ids(page.Items));
            from = page.Next!;
        }
        Assert.Equal(ids, seen);
        Assert.Equal((7 + limit - 1) / limit, pages);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(10)]
    public async Task Pages_of_a_kind_show_each_document_once_while_others_write(int limit)
    {
        foreach (var n in Enumerable.Range(0, 10))
        {
            var place = n % 2 == 0 ? Acme : Zeta;
            await Store.CommitAsync(place, [new Write.Create(new Document(place, $"d{n}", "thing", default))], Never);
        }
        await Done(new Write.Create(new Document(Acme, "other", "another kind", default)));
        var seen = new List<string>();
        string? after = null;
        do
        {
            var page = await Store.OfKindAsync(Container.Accounts, "thing", after, limit, Never);
            seen.AddRange(Ids(page.Items));
            after = page.Next;
            await Done(new Write.Upsert(new Document(Acme, "d0", "thing", "again"u8.ToArray())));
            await Store.CommitAsync(Zeta, [new Write.Upsert(new Document(Zeta, "d9", "thing", "again"u8.ToArray(), Noon))], Never);
        }
        while (after is not null);
        Assert.Equal(["d0", "d1", "d2", "d3", "d4", "d5", "d6", "d7", "d8", "d9"], seen.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(50)]
    public async Task Documents_of_every_kind_are_read_as_they_were_written(int limit)
    {
        var made = Enumerable.Range(0, 7).Select(n => new Document(n % 2 == 0 ? Acme : Zeta, $"d{n}", $"kind{n % 3}", Encoding.UTF8.GetBytes($$"""{"n":{{n}},"ü":"\""}"""), n == 3 ? Noon : null)).ToList();
        foreach (var document in made) await Store.CommitAsync(document.Place, [new Write.Create(document)], Never);
        await Store.CommitAsync(new Place(Container.Catalog, "kind0"), [new Write.Create(new Document(new Place(Container.Catalog, "kind0"), "x", "kind0", default))], Never);
        var seen = new List<Document>();
        string? after = null;
        do
        {
            var page = await Store.OfKindAsync(Container.Accounts, null, after, limit, Never);
            seen.AddRange(page.Items.Select(s => s.Document));
            after = page.Next;
        }
        while (after is not null);
        Assert.Equal(
            made.Select(d => (d.Place, d.Id, d.Kind, Encoding.UTF8.GetString(d.Body.Span), d.Due)),
            seen.Select(d => (d.Place, d.Id, d.Kind, Encoding.UTF8.GetString(d.Body.Span), d.Due)).OrderBy(d => d.Id, StringComparer.Ordinal));
    }

    [Fact]
    public async Task What_is_due_comes_earliest_first_then_by_id()
    {
        await Done(new Write.Create(Due("late", Noon + Duration.FromHours(1))));
        await Done(new Write.Create(Due("b", Noon)));
        await Done(new Write.Create(Due("a", Noon)));
        await Done(new Write.Create(Due("early", Noon - Duration.FromHours(1))));
        await Done(new Write.Create(Due("never", null)));
        await Done(new Write.Create(new Document(Acme, "other", "other", default, Noon)));
        Assert.Equal(["early", "a", "b"], Ids(await Store.DueAsync(Container.Accounts, "job", Noon, 10, Never)));
        Assert.Equal(["early", "a"], Ids(await Store.DueAsync(Container.Accounts, "job", Noon, 2, Never)));
        Assert.Equal(["early"], Ids(await Store.DueAsync(Container.Accounts, "job", Noon - Duration.FromTicks(1), 10, Never)));
        Assert.Empty(await Store.DueAsync(Container.Catalog, "job", Noon, 10, Never));
        await Done(new Write.Upsert(Due("early", null)));
        await Done(new Write.Upsert(Due("a", Noon + Duration.FromHours(2))));
        await Done(new Write.Upsert(Due("never", Noon)));
        Assert.Equal(["b", "never"], Ids(await Store.DueAsync(Container.Accounts, "job", Noon, 10, Never)));
    }

    [Fact]
    public async Task Nothing_comes_due_before_its_time_even_by_nanoseconds()
    {
        await Done(new Write.Create(Due("a", Noon + Duration.FromNanoseconds(1L))));
        Assert.Empty(await Store.DueAsync(Container.Accounts, "job", Noon, 10, Never));
        var due = Assert.Single(await Store.DueAsync(Container.Accounts, "job", Noon + Duration.FromTicks(1), 10, Never));
        // 1 ns rounded up to the next 100 ns.
        Assert.Equal(Noon + Duration.FromNanoseconds(100L), due.Document.Due);
    }

    [Fact]
    public async Task Changes_show_the_newest_version_of_each_document_in_order_of_change()
    {
        await Done(new Write.Create(Doc("a", "1")));
        await Done(new Write.Create(Doc("b", "1")));
        var c = await Done(new Write.Create(Doc("c", "1")));
        await Done(new Write.Upsert(Doc("a", "2")));
        await Done(new Write.Delete("c", c));
        await Done(new Write.Create(new Document(Acme, "x", "other", default)));
        var (changes, cursor) = await Store.ChangesAsync(Container.Accounts, "thing", null, 10, Never);
        Assert.Equal(["b", "a"], Ids(changes));
        Assert.Equal("2", Encoding.UTF8.GetString(changes[1].Document.Body.Span));
        var first = await Store.ChangesAsync(Container.Accounts, "thing", null, 1, Never);
        Assert.Equal(["b"], Ids(first.Items));
        Assert.Equal(["a"], Ids((await Store.ChangesAsync(Container.Accounts, "thing", first.Cursor, 10, Never)).Items));
        var end = await Store.ChangesAsync(Container.Accounts, "thing", cursor, 10, Never);
        Assert.Empty(end.Items);
        Assert.Empty((await Store.ChangesAsync(Container.Catalog, "thing", null, 10, Never)).Items);
        await Done(new Write.Upsert(Doc("b", "2")));
        Assert.Equal(["b"], Ids((await Store.ChangesAsync(Container.Accounts, "thing", end.Cursor, 10, Never)).Items));
    }

    [Fact]
    public async Task A_cursor_taken_at_any_time_misses_no_later_change()
    {
        string? cursor = null;
        var seen = new HashSet<string>();
        using var writing = new CancellationTokenSource();
        var writers = Enumerable.Range(0, 4).Select(w => Task.Run(async () =>
        {
            var place = new Place(Container.Accounts, $"w{w}");
            for (var n = 0; n < 50; n++)
                await Store.CommitAsync(place, [new Write.Create(new Document(place, $"{w}-{n}", "thing", default))], Never);
        })).ToArray();
        var all = Task.WhenAll(writers);
        for (var last = false; !last;)
        {
            last = all.IsCompleted;
            var changes = await Store.ChangesAsync(Container.Accounts, "thing", cursor, 7, Never);
            foreach (var change in changes.Items) Assert.True(seen.Add(change.Document.Id));
            cursor = changes.Cursor;
            if (changes.Items.Count > 0) last = false;
            else await Task.Yield();
        }
        await all;
        Assert.Equal(200, seen.Count);
    }
}
