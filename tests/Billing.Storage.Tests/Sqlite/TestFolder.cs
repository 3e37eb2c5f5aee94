using Billing.Storage.Sqlite.Database;

namespace Billing.Storage.Tests.Sqlite;

/// <summary>A folder of its own with a database that can be closed and opened again.</summary>
public sealed class TestFolder
{
    private readonly string folder = Directory.CreateTempSubdirectory("billing-test-").FullName;

    public TestFolder() => Database = SqliteDatabase.Open(folder);

    public SqliteDatabase Database { get; private set; }

    public string Path => folder;

    public async Task<SqliteDatabase> ReopenAsync()
    {
        await Database.DisposeAsync();
        return Database = SqliteDatabase.Open(folder);
    }

    public async Task DropAsync()
    {
        await Database.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }
}
