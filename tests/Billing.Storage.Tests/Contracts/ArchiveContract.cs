using Billing.UseCases.Metering;
using Xunit;

namespace Billing.Storage.Tests.Contracts;

/// <summary>What every adapter of <see cref="IArchive"/> promises; subclasses only say how to build one.</summary>
public abstract class ArchiveContract : IAsyncLifetime
{
    private static CancellationToken Never => CancellationToken.None;

    protected IArchive Archive { get; private set; } = null!;

    protected abstract Task<IArchive> BuildAsync();

    /// <summary>Closes the adapter and opens it on the same data; null for one that keeps nothing.</summary>
    protected virtual Task<IArchive?> ReopenAsync() => Task.FromResult<IArchive?>(null);

    protected abstract Task DropAsync();

    public async Task InitializeAsync() => Archive = await BuildAsync();

    public Task DisposeAsync() => DropAsync();

    [Fact]
    public async Task A_blob_is_stored_once_and_the_first_content_stays()
    {
        Assert.True(await Archive.PutIfAbsentAsync("log/0/1-5", new byte[] { 1, 0, 2 }, Never));
        Assert.False(await Archive.PutIfAbsentAsync("log/0/1-5", new byte[] { 9 }, Never));
        Assert.Equal(new byte[] { 1, 0, 2 }, (await Archive.GetAsync("log/0/1-5", Never))!.Value.ToArray());
    }

    [Fact]
    public async Task An_empty_blob_is_not_an_absent_one()
    {
        Assert.True(await Archive.PutIfAbsentAsync("empty", default, Never));
        Assert.Equal(0, (await Archive.GetAsync("empty", Never))!.Value.Length);
        Assert.Null(await Archive.GetAsync("absent", Never));
    }

    [Fact]
    public async Task The_archive_keeps_its_own_copy()
    {
        var content = new byte[] { 1 };
        await Archive.PutIfAbsentAsync("a", content, Never);
        content[0] = 2;
        Assert.Equal(1, (await Archive.GetAsync("a", Never))!.Value.Span[0]);
    }

    [Fact]
    public async Task Names_with_a_prefix_are_listed_in_ordinal_order_and_in_pages()
    {
        foreach (var name in (string[])["log/10/1", "log/1/2", "log/1/10", "log/1/1", "log/1", "Log/1/1", "log/1/a", "log/1/B"])
            await Archive.PutIfAbsentAsync(name, default, Never);
        Assert.Equal(["log/1/1", "log/1/10", "log/1/2", "log/1/B", "log/1/a"], await Archive.ListAsync("log/1/", null, 10, Never));
        Assert.Equal(["log/1/1", "log/1/10"], await Archive.ListAsync("log/1/", null, 2, Never));
        Assert.Equal(["log/1/2", "log/1/B"], await Archive.ListAsync("log/1/", "log/1/10", 2, Never));
        Assert.Equal(["log/1/2", "log/1/B"], await Archive.ListAsync("log/1/", "log/1/11", 2, Never));
        Assert.Empty(await Archive.ListAsync("log/1/", "log/1/a", 2, Never));
        Assert.Equal(["log/1/1"], await Archive.ListAsync("log/1/", "a", 1, Never));
        Assert.Empty(await Archive.ListAsync("log/2", null, 10, Never));
        Assert.Equal(8, (await Archive.ListAsync("", null, 10, Never)).Count);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("ü")]
    public async Task A_name_that_not_every_archive_takes_throws(string name) =>
        await Assert.ThrowsAsync<ArgumentException>(() => Archive.PutIfAbsentAsync(name, default, Never));

    [Fact]
    public async Task Of_many_who_put_one_name_at_once_one_is_told_it_was_stored()
    {
        var stored = await Task.WhenAll(Enumerable.Range(0, 20).Select(n => Task.Run(
            () => Archive.PutIfAbsentAsync("race", new[] { (byte)n }, Never))));
        Assert.Equal(1, stored.Count(done => done));
        Assert.Equal(Array.IndexOf(stored, true), (await Archive.GetAsync("race", Never))!.Value.Span[0]);
    }

    [Fact]
    public async Task Blobs_survive_reopening()
    {
        await Archive.PutIfAbsentAsync("a", new byte[100_000], Never);
        if (await ReopenAsync() is not { } reopened) return;
        Assert.Equal(100_000, (await reopened.GetAsync("a", Never))!.Value.Length);
        Assert.False(await reopened.PutIfAbsentAsync("a", default, Never));
    }
}
