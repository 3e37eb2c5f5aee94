using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using NodaTime;
using NodaTime.Text;

namespace Billing.Functions.Hosting.Json;

/// <summary>Instants as RFC 3339 text: read with <c>Z</c> or an offset, written in UTC as <c>2026-01-01T00:00:00+00:00</c>.</summary>
/// <remarks>Up to nine decimals of a second, years 0002 to 9998. A time without offset is refused: it names no instant.</remarks>
public sealed class Rfc3339Instant : JsonConverter<Instant>
{
    /// <summary>What a text must look like, as the start of a sentence.</summary>
    public const string Needed = "A time with its offset such as \"2026-01-01T00:00:00Z\" (RFC 3339)";

    private static readonly InstantPattern Written = InstantPattern.CreateWithInvariantCulture("uuuu-MM-dd'T'HH:mm:ss;FFFFFFFFF'+00:00'");

    public override Instant Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && TryParse(reader.GetString()!, out var instant)
            ? instant
            : throw new ValueNeededException(Needed);

    public override void Write(Utf8JsonWriter writer, Instant value, JsonSerializerOptions options) =>
        writer.WriteStringValue(Written.Format(value));

    /// <summary>True with the instant that the text names; false when it is not RFC 3339.</summary>
    public static bool TryParse(string text, out Instant instant)
    {
        instant = default;
        if (text.Length is < 20 or > 40 || !char.IsAsciiDigit(text[0])) return false;
        // RFC 3339 §5.6 allows lower-case t and z.
        var parsed = OffsetDateTimePattern.Rfc3339.Parse(text.ToUpper(CultureInfo.InvariantCulture));
        if (!parsed.Success) return false;
        // Within one offset (18 hours at most) of the ends of the calendar the instant may lie outside it.
        if (parsed.Value.Year is < 2 or > 9998) return false;
        instant = parsed.Value.ToInstant();
        return true;
    }
}
