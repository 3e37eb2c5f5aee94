using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Billing.UseCases.Documents;
using Billing.UseCases.Metering;
using NodaTime;

namespace Billing.UseCases.Moving;

/// <summary>One thing of an installation as an export has it: a line of JSON.</summary>
/// <param name="Kind">A document's kind, "blob" or "claim"; what is compared is counted by it.</param>
/// <param name="Json">The line, without its end.</param>
/// <param name="Compared">So many bytes of it are the same in every store; what follows may be rounded by one.</param>
internal readonly record struct MovedLine(string Kind, ReadOnlyMemory<byte> Json, int Compared)
{
    public const string Blob = "blob";
    public const string Claim = "claim";

    public static MovedLine Of(Document document) => Line(document.Kind, json =>
    {
        json.WriteString("container", document.Place.Container.ToString());
        json.WriteString("first", document.Place.First);
        json.WriteString("second", document.Place.Second);
        json.WriteString("id", document.Id);
        json.WriteString("kind", document.Kind);
        // Every store keeps a due in ticks of 100 ns.
        if (document.Due is { } due) json.WriteNumber("due", due.ToUnixTimeTicks());
        if (Utf8.IsValid(document.Body.Span)) json.WriteString("text", document.Body.Span);
        else json.WriteBase64String("base64", document.Body.Span);
    });

    public static MovedLine Of(string name, ReadOnlyMemory<byte> content) => Line(Blob, json =>
    {
        json.WriteString("name", name);
        json.WriteBase64String("base64", content.Span);
    });

    public static MovedLine Of(in RememberedClaim claim)
    {
        var (key, content, copy, accepted) = claim;
        return Line(
            Claim,
            json =>
            {
                json.WriteString("key", key.ToString("x32", CultureInfo.InvariantCulture));
                json.WriteString("content", content.ToString("x16", CultureInfo.InvariantCulture));
                json.WriteString("log", copy.Partition.LogId);
                json.WriteNumber("partition", copy.Partition.Number);
                json.WriteNumber("sequence", copy.Sequence);
                json.WriteNumber("index", copy.Index);
                json.WriteString("verdict", copy.Verdict.ToString());
            },
            json => json.WriteNumber("accepted", accepted.ToUnixTimeTicks()));
    }

    public static Document ReadDocument(JsonElement line) => new(
        new Place(Enum.Parse<Container>(Text(line, "container")), Text(line, "first"), Text(line, "second")), Text(line, "id"), Text(line, "kind"),
        line.TryGetProperty("text", out var text) ? Encoding.UTF8.GetBytes(text.GetString()!) : line.GetProperty("base64").GetBytesFromBase64(),
        line.TryGetProperty("due", out var due) ? Instant.FromUnixTimeTicks(due.GetInt64()) : null);

    public static (string Name, byte[] Content) ReadBlob(JsonElement line) => (Text(line, "name"), line.GetProperty("base64").GetBytesFromBase64());

    public static RememberedClaim ReadClaim(JsonElement line) => new(
        UInt128.Parse(Text(line, "key"), NumberStyles.HexNumber, CultureInfo.InvariantCulture),
        ulong.Parse(Text(line, "content"), NumberStyles.HexNumber, CultureInfo.InvariantCulture),
        new ClaimedCopy(
            new LogPartition(Text(line, "log"), line.GetProperty("partition").GetInt32()), line.GetProperty("sequence").GetInt64(), line.GetProperty("index").GetInt32(),
            Enum.Parse<Verdict>(Text(line, "verdict"))),
        Instant.FromUnixTimeTicks(line.GetProperty("accepted").GetInt64()));

    private static string Text(JsonElement line, string name) => line.GetProperty(name).GetString()!;

    private static MovedLine Line(string kind, Action<Utf8JsonWriter> compared, Action<Utf8JsonWriter>? rest = null)
    {
        var line = new MemoryStream();
        using var json = new Utf8JsonWriter(line);
        json.WriteStartObject();
        compared(json);
        json.Flush();
        var length = (int)line.Length;
        rest?.Invoke(json);
        json.WriteEndObject();
        json.Flush();
        var bytes = line.GetBuffer().AsMemory(0, (int)line.Length);
        return new MovedLine(kind, bytes, rest is null ? bytes.Length : length);
    }
}
