using System.Globalization;
using Billing.Storage.Sqlite.Database;
using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.Storage.Sqlite.Documents;

/// <summary>Reads documents from rows whose columns are <see cref="Columns"/>.</summary>
internal static class DocumentRows
{
    public const string Columns = "place, id, kind, due, change, body, row";
    private const int RowColumn = 6;

    public static Stored Read(PreparedStatement row, Container container) => Read(row, PlaceText.Parse(container, row.Text(0)));

    public static Stored Read(PreparedStatement row, Place place)
    {
        Instant? due = row.IsNull(3) ? null : Instant.FromUnixTimeTicks(row.Integer(3));
        return new Stored(new Document(place, row.Text(1), row.Text(2), row.Blob(5), due), ETagOf(row.Integer(4)));
    }

    public static long Row(PreparedStatement row) => row.Integer(RowColumn);

    /// <summary>A document's ETag is its change number.</summary>
    public static string ETagOf(long change) => change.ToString(CultureInfo.InvariantCulture);
}
