using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using Billing.UseCases.Documents;
using NodaTime;
using NodaTime.Text;

namespace Billing.Storage.Azure.Documents;

/// <summary>A document as it lies in Cosmos: its partition, <c>type</c>, <c>due</c>, the <c>stamps</c> of its last commits (<see cref="CosmosETag"/>), and its body.</summary>
/// <remarks>
/// The body is a string, so that no number of it is ever taken for a double: <c>text</c> for UTF-8, <c>base64</c> for other bytes and for text that
/// would be longer when escaped. A due is text that sorts as time, in ticks of 100 ns, rounded up.
/// </remarks>
internal static class CosmosEnvelope
{
    private static readonly InstantPattern DuePattern = InstantPattern.CreateWithInvariantCulture("uuuu-MM-dd'T'HH:mm:ss.fffffff'Z'");
    private static readonly JsonWriterOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The properties that make the partition, in order.</summary>
    public static string[] PartitionOf(Container container) => container switch
    {
        Container.Usage => ["key", "month"],
        Container.Accounts => ["customerId"],
        Container.Catalog => ["kind", "ownerId"],
        _ => throw new ArgumentOutOfRangeException(nameof(container), container, "Unknown container."),
    };

    /// <summary>A due as it is stored and compared.</summary>
    public static string DueText(Instant due)
    {
        var ticks = due.ToUnixTimeTicks();
        return DuePattern.Format(Instant.FromUnixTimeTicks(Instant.FromUnixTimeTicks(ticks) < due ? ticks + 1 : ticks));
    }

    public static MemoryStream Write(Document document, string stamps)
    {
        var stream = new MemoryStream(document.Body.Length + 256);
        using (var json = new Utf8JsonWriter(stream, Writing))
        {
            json.WriteStartObject();
            json.WriteString("id", document.Id);
            var partition = PartitionOf(document.Place.Container);
            json.WriteString(partition[0], document.Place.First);
            if (partition.Length > 1) json.WriteString(partition[1], document.Place.Second);
            json.WriteString("type", document.Kind);
            if (document.Due is { } due) json.WriteString("due", DueText(due));
            json.WriteString("stamps", stamps);
            if (IsPlainText(document.Body.Span)) json.WriteString("text", document.Body.Span);
            else json.WriteBase64String("base64", document.Body.Span);
            json.WriteEndObject();
        }
        stream.Position = 0;
        return stream;
    }

    public static Stored Read(JsonElement item, Container container)
    {
        var partition = PartitionOf(container);
        var place = new Place(container, item.GetProperty(partition[0]).GetString()!, partition.Length > 1 ? item.GetProperty(partition[1]).GetString()! : "");
        Instant? due = item.TryGetProperty("due", out var text) ? DuePattern.Parse(text.GetString()!).GetValueOrThrow() : null;
        var body = item.TryGetProperty("base64", out var bytes) ? bytes.GetBytesFromBase64() : System.Text.Encoding.UTF8.GetBytes(item.GetProperty("text").GetString()!);
        return new Stored(new Document(place, item.GetProperty("id").GetString()!, item.GetProperty("type").GetString()!, body, due), ETagOf(item).ToString());
    }

    public static CosmosETag ETagOf(JsonElement item) => new(item.GetProperty("_etag").GetString()!, item.GetProperty("stamps").GetString()!);

    // Escapes take two bytes for one, or six; base64 takes four for three.
    private static bool IsPlainText(ReadOnlySpan<byte> body)
    {
        if (!Utf8.IsValid(body)) return false;
        long added = 0;
        foreach (var b in body) added += b is (byte)'"' or (byte)'\\' ? 1 : b is < 0x20 or 0x7F ? 5 : 0;
        return added <= body.Length / 3;
    }
}
