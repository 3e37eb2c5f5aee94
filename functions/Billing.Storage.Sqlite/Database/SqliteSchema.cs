namespace Billing.Storage.Sqlite.Database;

/// <summary>The tables, as steps: a database has run the first <c>user_version</c> of them. Steps are only ever added at the end.</summary>
internal static class SqliteSchema
{
    private const string First = """
        -- place: "{length of first}:{first}{second}", so that two places never share a text. due: unix ticks of 100 ns.
        CREATE TABLE document (
            row INTEGER PRIMARY KEY,
            container INTEGER NOT NULL,
            place TEXT NOT NULL,
            id TEXT NOT NULL,
            kind TEXT NOT NULL,
            due INTEGER,
            change INTEGER NOT NULL,
            body BLOB NOT NULL);
        CREATE UNIQUE INDEX document_place ON document (container, place, id);
        CREATE INDEX document_kind ON document (kind, container);
        CREATE INDEX document_change ON document (kind, container, change);
        CREATE INDEX document_due ON document (kind, container, due, id) WHERE due IS NOT NULL;

        -- The change number that was reached when a document was last deleted: the rows alone would give it out again.
        CREATE TABLE document_counter (
            only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
            change INTEGER NOT NULL);

        CREATE TABLE archive (
            name TEXT PRIMARY KEY,
            content BLOB NOT NULL);

        -- position: partition * 2^48 + sequence. A rowid table, since large bodies overflow badly out of an index.
        CREATE TABLE log (
            position INTEGER PRIMARY KEY,
            enqueued INTEGER NOT NULL,
            events INTEGER NOT NULL,
            body BLOB NOT NULL);
        CREATE TABLE log_position (
            partition INTEGER PRIMARY KEY,
            last_sequence INTEGER NOT NULL,
            accepted_events INTEGER NOT NULL,
            last_enqueued INTEGER NOT NULL);
        CREATE TABLE log_identity (
            only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
            id TEXT NOT NULL);
        """;

    private const string Claims = """
        -- Claims of events by dedup key; an entry is 40 bytes, see ClaimEntry. The tail has a row a batch, in the order they came.
        CREATE TABLE claim_tail (
            row INTEGER PRIMARY KEY,
            accepted INTEGER NOT NULL,
            entries BLOB NOT NULL);
        CREATE TABLE claim_run (
            id INTEGER PRIMARY KEY,
            tier INTEGER NOT NULL,
            count INTEGER NOT NULL,
            page_bits INTEGER NOT NULL,
            first_accepted INTEGER NOT NULL,
            last_accepted INTEGER NOT NULL,
            filter BLOB NOT NULL);
        -- position: run * 2^32 + page; a page holds the entries whose keys start with its bits, sorted.
        CREATE TABLE claim_page (
            position INTEGER PRIMARY KEY,
            entries BLOB NOT NULL);
        CREATE TABLE claim_partition (
            id INTEGER PRIMARY KEY,
            log_id TEXT NOT NULL,
            number INTEGER NOT NULL);
        """;

    private static readonly string[] Steps = [First, Claims];

    /// <summary>Brings the database to this version. Errors: throws when a newer version wrote it.</summary>
    public static void Apply(PreparingConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA user_version";
        var version = (int)(long)command.ExecuteScalar()!;
        if (version > Steps.Length)
            throw new InvalidOperationException(
                $"The database '{connection.DataSource}' has schema {version}; this version knows {Steps.Length}. Run the newer version.");
        for (; version < Steps.Length; version++)
        {
            command.CommandText = $"BEGIN IMMEDIATE; {Steps[version]}; PRAGMA user_version = {version + 1}; COMMIT;";
            command.ExecuteNonQuery();
        }
    }
}
