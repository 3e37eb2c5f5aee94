using System.Globalization;
using Billing.Storage.Sqlite.Database;
using Billing.UseCases.Metering;
using Microsoft.Data.Sqlite;
using NodaTime;

namespace Billing.Storage.Sqlite.Claims;

/// <summary>Reads the whole ledger: the runs in order of their ids, some pages at a time, then the rows of the tail.</summary>
/// <remarks>Where to go on is <c>{run}:{page}</c>, or <c>tail:{row}</c>.</remarks>
internal sealed class ClaimStretches(SqliteConnection connection, IReadOnlyList<LogPartition> partitions)
{
    private const int PagesPerRead = 64;
    private const int RowsPerRead = 64;
    private const string Tail = "tail";

    public RememberedClaims Read(IReadOnlyList<ClaimRun> runs, string? after)
    {
        var (place, from) = after?.Split(':') is [var p, var n] ? (p, long.Parse(n, NumberStyles.None, CultureInfo.InvariantCulture)) : ("0", 0);
        if (place == Tail) return ReadTail(from);
        var id = long.Parse(place, NumberStyles.None, CultureInfo.InvariantCulture);
        foreach (var run in runs.Where(r => r.Id >= id).OrderBy(r => r.Id))
        {
            var entries = new List<ClaimEntry>();
            if (run.Read(connection, run.Id == id ? from : 0, PagesPerRead, entries) is { } next)
                return new RememberedClaims([.. entries.Select(e => Of(e, run.LastAccepted))], string.Create(CultureInfo.InvariantCulture, $"{run.Id}:{next}"));
        }
        return ReadTail(0);
    }

    private RememberedClaims ReadTail(long from)
    {
        var claims = new List<RememberedClaim>();
        var rows = connection.Prepare("SELECT row, accepted, entries FROM claim_tail WHERE row > ?1 ORDER BY row LIMIT ?2").Bind(1, from).Bind(2, (long)RowsPerRead);
        var last = from;
        while (rows.Step())
        {
            last = rows.Integer(0);
            foreach (ref readonly var entry in ClaimEntry.Read(rows.BlobSpan(2))) claims.Add(Of(entry, rows.Integer(1)));
        }
        return new RememberedClaims(claims, last == from ? null : string.Create(CultureInfo.InvariantCulture, $"{Tail}:{last}"));
    }

    private RememberedClaim Of(in ClaimEntry entry, long accepted) => new(
        entry.Key, entry.Content, new ClaimedCopy(partitions[entry.Partition], entry.Sequence, entry.Index, entry.Verdict), Instant.FromUnixTimeTicks(accepted));
}
