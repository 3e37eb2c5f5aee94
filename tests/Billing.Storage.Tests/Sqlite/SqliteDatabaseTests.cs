using Billing.Storage.Sqlite.Database;
using Billing.Storage.Sqlite.Documents;
using Billing.UseCases.Documents;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Billing.Storage.Tests.Sqlite;

public sealed class SqliteDatabaseTests : IAsyncLifetime
{
    private static readonly Place Acme = new(Container.Accounts, "acme");
    private readonly TestFolder folder = new();

    private SqliteDatabase Database => folder.Database;

    public Task InitializeAsync() => Database.WriteAsync(connection =>
    {
        connection.Prepare("CREATE TABLE note (text TEXT)").Execute();
        return true;
    });

    public Task DisposeAsync() => folder.DropAsync();

    [Fact]
    public async Task Work_that_throws_is_undone_alone_and_its_caller_gets_the_exception()
    {
        using var hold = new ManualResetEventSlim();
        var first = await HeldAsync(hold, "first");
        // These three wait behind the first and share a transaction.
        var before = Database.WriteAsync(connection => Note(connection, "before"));
        var broken = Database.WriteAsync<bool>(connection =>
        {
            Note(connection, "broken");
            throw new InvalidDataException("broken on purpose");
        });
        var after = Database.WriteAsync(connection => Note(connection, "after"));
        var commits = Database.Commits;
        hold.Set();
        await Task.WhenAll(first[0], before, after);
        Assert.Equal("broken on purpose", (await Assert.ThrowsAsync<InvalidDataException>(() => broken)).Message);
        Assert.Equal(["first", "before", "after"], Database.Read(Notes));
        Assert.Equal(commits + 2, Database.Commits);
    }

    [Fact]
    public async Task Work_that_throws_when_it_is_alone_is_undone_too()
    {
        await Assert.ThrowsAsync<InvalidDataException>(() => Database.WriteAsync<bool>(connection =>
        {
            Note(connection, "broken");
            throw new InvalidDataException();
        }));
        await Database.WriteAsync(connection => Note(connection, "next"));
        Assert.Equal(["next"], Database.Read(Notes));
    }

    [Fact]
    public async Task A_statement_that_fails_tells_its_caller_what_SQLite_said()
    {
        var failure = await Assert.ThrowsAsync<SqliteException>(() => Database.WriteAsync(connection =>
        {
            connection.Prepare("INSERT INTO document (row) VALUES (1)").Execute();
            return true;
        }));
        Assert.Contains("NOT NULL", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task When_SQLite_undoes_the_transaction_everyone_in_it_is_told()
    {
        using var hold = new ManualResetEventSlim();
        var first = await HeldAsync(hold, "first");
        var before = Database.WriteAsync(connection => Note(connection, "before"));
        // Stands for what SQLite does by itself on a full disk.
        var fatal = Database.WriteAsync<bool>(connection =>
        {
            connection.Prepare("ROLLBACK").Execute();
            throw new InvalidDataException("disk full");
        });
        var after = Database.WriteAsync(connection => Note(connection, "after"));
        hold.Set();
        await first[0];
        foreach (var lost in (Task[])[before, fatal, after]) await Assert.ThrowsAsync<InvalidDataException>(() => lost);
        await Database.WriteAsync(connection => Note(connection, "next"));
        Assert.Equal(["first", "next"], Database.Read(Notes));
    }

    [Fact]
    public async Task A_commit_of_text_that_is_no_Unicode_fails_alone()
    {
        var store = new SqliteDocumentStore(Database);
        using var hold = new ManualResetEventSlim();
        var first = await HeldAsync(hold, "first");
        var before = store.CommitAsync(Acme, [new Write.Upsert(new Document(Acme, "a", "thing", default))], CancellationToken.None);
        var broken = store.CommitAsync(Acme, [new Write.Upsert(new Document(Acme, "b", "\ud800", default))], CancellationToken.None);
        var after = store.CommitAsync(Acme, [new Write.Upsert(new Document(Acme, "c", "thing", default))], CancellationToken.None);
        hold.Set();
        await Task.WhenAll(first[0], before, after);
        await Assert.ThrowsAnyAsync<ArgumentException>(() => broken);
        var kept = await store.RangeAsync(Acme, "a", "z", 10, CancellationToken.None);
        Assert.Equal(["a", "c"], kept.Items.Select(stored => stored.Document.Id));
    }

    [Fact]
    public async Task Many_writes_at_once_share_few_commits()
    {
        var before = Database.Commits;
        await Task.WhenAll(Enumerable.Range(0, 1_000).Select(n => Database.WriteAsync(connection => Note(connection, $"{n}"))));
        Assert.Equal(1_000, Database.Read(Notes).Count);
        Assert.InRange(Database.Commits - before, 1, 999);
    }

    [Fact]
    public async Task A_read_is_one_snapshot_and_sees_every_write_that_completed()
    {
        await Database.WriteAsync(connection => Note(connection, "one"));
        var (before, during) = Database.Read(connection =>
        {
            var seen = Notes(connection).Count;
            Task.Run(() => Database.WriteAsync(writer => Note(writer, "two"))).Wait();
            return (seen, Notes(connection).Count);
        });
        Assert.Equal((1, 1), (before, during));
        Assert.Equal(2, Database.Read(Notes).Count);
    }

    [Fact]
    public void A_reader_cannot_write() =>
        Assert.Throws<SqliteException>(() => Database.Read(connection => Note(connection, "no")));

    [Fact]
    public void A_second_opening_of_the_folder_is_refused_in_clear_words()
    {
        var refusal = Assert.Throws<InvalidOperationException>(() => SqliteDatabase.Open(folder.Path));
        Assert.Contains("in use by another process", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(folder.Path, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Closing_finishes_what_is_queued_and_then_refuses()
    {
        var queued = Enumerable.Range(0, 200).Select(n => Database.WriteAsync(connection => Note(connection, $"{n}"))).ToArray();
        var database = Database;
        await folder.ReopenAsync();
        Assert.All(queued, task => Assert.True(task.IsCompletedSuccessfully));
        Assert.Equal(200, Database.Read(Notes).Count);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => database.WriteAsync(connection => Note(connection, "late")));
        Assert.Throws<ObjectDisposedException>(() => database.Read(Notes));
        await database.DisposeAsync();
    }

    [Fact]
    public async Task A_file_of_a_newer_version_is_refused()
    {
        await Database.WriteAsync(connection =>
        {
            connection.Prepare("PRAGMA user_version = 999").Execute();
            return true;
        });
        var refusal = await Assert.ThrowsAsync<InvalidOperationException>(folder.ReopenAsync);
        Assert.Contains("schema 999", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Change_numbers_go_on_after_the_newest_document_was_deleted_and_the_file_reopened()
    {
        var store = new SqliteDocumentStore(Database);
        var document = new Document(Acme, "a", "thing", default);
        var first = await store.CommitAsync(Acme, [new Write.Create(document)], CancellationToken.None);
        await store.CommitAsync(Acme, [new Write.Delete("a", first.ETags[0])], CancellationToken.None);
        store = new SqliteDocumentStore(await folder.ReopenAsync());
        var second = await store.CommitAsync(Acme, [new Write.Create(document)], CancellationToken.None);
        Assert.NotEqual(first.ETags[0], second.ETags[0]);
        Assert.Single((await store.ChangesAsync(Container.Accounts, "thing", first.ETags[0], 10, CancellationToken.None)).Items);
    }

    [Fact]
    public async Task Two_stores_on_one_database_never_give_out_the_same_change()
    {
        var (one, two) = (new SqliteDocumentStore(Database), new SqliteDocumentStore(Database));
        var first = await one.CommitAsync(Acme, [new Write.Upsert(new Document(Acme, "a", "thing", default))], CancellationToken.None);
        var second = await two.CommitAsync(Acme, [new Write.Upsert(new Document(Acme, "b", "thing", default))], CancellationToken.None);
        Assert.NotEqual(first.ETags[0], second.ETags[0]);
    }

    [Fact]
    public async Task A_temporary_database_leaves_nothing_behind()
    {
        var temporary = SqliteDatabase.OpenTemporary();
        var parent = Path.GetDirectoryName(temporary.File)!;
        Assert.True(Directory.Exists(parent));
        await temporary.DisposeAsync();
        Assert.False(Directory.Exists(parent));
    }

    /// <summary>Keeps the writer busy with a note until it is let go, so that what is queued meanwhile shares a transaction.</summary>
    private async Task<Task[]> HeldAsync(ManualResetEventSlim hold, string text)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var held = Database.WriteAsync(connection =>
        {
            started.SetResult();
            hold.Wait();
            return Note(connection, text);
        });
        await started.Task;
        return [held];
    }

    private static bool Note(SqliteConnection connection, string text)
    {
        connection.Prepare("INSERT INTO note (text) VALUES (?1)").Bind(1, text).Execute();
        return true;
    }

    private static List<string> Notes(SqliteConnection connection)
    {
        var rows = connection.Prepare("SELECT text FROM note ORDER BY rowid");
        var notes = new List<string>();
        while (rows.Step()) notes.Add(rows.Text(0));
        return notes;
    }
}
