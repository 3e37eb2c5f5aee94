using System.Buffers;
using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Billing.Storage.Sqlite.Database;

/// <summary>A statement that is compiled once per connection and run many times; parameters are numbered from 1, columns from 0.</summary>
/// <remarks>
/// It speaks to SQLite without ADO.NET's parameters and readers, which cost more than the write itself. Only valid inside the work it
/// was prepared in. Errors: <see cref="SqliteException"/> with SQLite's code; text that is not valid Unicode throws
/// <see cref="ArgumentException"/>, since two different texts must never become one.
/// </remarks>
public sealed class PreparedStatement
{
    private const int StackBytes = 512;
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private readonly sqlite3 database;
    private readonly sqlite3_stmt statement;

    internal PreparedStatement(sqlite3 database, string sql)
    {
        this.database = database;
        Check(raw.sqlite3_prepare_v3(database, sql, raw.SQLITE_PREPARE_PERSISTENT, out statement));
    }

    /// <summary>True from the moment the work asked for it until it is reset at the end of the work.</summary>
    internal bool InUse { get; set; }

    public PreparedStatement Bind(int index, long value)
    {
        Check(raw.sqlite3_bind_int64(statement, index, value));
        return this;
    }

    public PreparedStatement Bind(int index, long? value)
    {
        Check(value is long number ? raw.sqlite3_bind_int64(statement, index, number) : raw.sqlite3_bind_null(statement, index));
        return this;
    }

    public PreparedStatement Bind(int index, ReadOnlySpan<byte> value)
    {
        Check(value.IsEmpty ? raw.sqlite3_bind_zeroblob(statement, index, 0) : raw.sqlite3_bind_blob(statement, index, value));
        return this;
    }

    public PreparedStatement Bind(int index, string value)
    {
        // SQLite takes a null pointer, which an empty span is, for NULL.
        if (value.Length == 0)
        {
            Check(raw.sqlite3_bind_text(statement, index, ""));
            return this;
        }
        var most = Utf8.GetMaxByteCount(value.Length);
        byte[]? rented = null;
        var bytes = most <= StackBytes ? stackalloc byte[StackBytes] : rented = ArrayPool<byte>.Shared.Rent(most);
        try
        {
            Check(raw.sqlite3_bind_text(statement, index, bytes[..Utf8.GetBytes(value, bytes)]));
        }
        finally
        {
            if (rented is not null) ArrayPool<byte>.Shared.Return(rented);
        }
        return this;
    }

    /// <summary>Goes to the next row; false when there is none, and the statement is ready to be bound and run again.</summary>
    public bool Step()
    {
        var code = raw.sqlite3_step(statement);
        if (code == raw.SQLITE_ROW) return true;
        if (code == raw.SQLITE_DONE)
        {
            raw.sqlite3_reset(statement);
            return false;
        }
        var failure = Failure(code);
        raw.sqlite3_reset(statement);
        throw failure;
    }

    /// <summary>Runs to the end, dropping rows; the statement is ready to be bound and run again.</summary>
    public void Execute()
    {
        while (Step())
        {
        }
    }

    /// <summary>Leaves the rows that were not read; ready to be bound and run again.</summary>
    public void Reset() => raw.sqlite3_reset(statement);

    public bool IsNull(int column) => raw.sqlite3_column_type(statement, column) == raw.SQLITE_NULL;

    public long Integer(int column) => raw.sqlite3_column_int64(statement, column);

    public string Text(int column) => raw.sqlite3_column_text(statement, column).utf8_to_string() ?? "";

    /// <summary>A copy of the bytes; empty for NULL.</summary>
    public byte[] Blob(int column) => raw.sqlite3_column_blob(statement, column).ToArray();

    /// <summary>The bytes where SQLite holds them; valid until the next step.</summary>
    public ReadOnlySpan<byte> BlobSpan(int column) => raw.sqlite3_column_blob(statement, column);

    internal void Close()
    {
        raw.sqlite3_reset(statement);
        statement.Dispose();
    }

    internal void ForgetBindings()
    {
        raw.sqlite3_reset(statement);
        // A body that stays bound would be held in memory until the statement is used again.
        raw.sqlite3_clear_bindings(statement);
    }

    private void Check(int code)
    {
        if (code != raw.SQLITE_OK) throw Failure(code);
    }

    private SqliteException Failure(int code) => new(
        $"SQLite error {code}: '{raw.sqlite3_errmsg(database).utf8_to_string()}'.", code, raw.sqlite3_extended_errcode(database));
}
