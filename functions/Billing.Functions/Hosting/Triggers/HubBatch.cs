using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Billing.UseCases.Metering;
using Billing.UseCases.Telemetry;
using NodaTime;
using NodaTime.Text;

namespace Billing.Functions.Hosting.Triggers;

/// <summary>A batch of one partition of the hub, as the host hands it over.</summary>
/// <param name="Partition">Number of the partition.</param>
/// <param name="Messages">In order; a sequence is the hub's sequence number plus one.</param>
/// <param name="Retry">How often the host has tried this batch before.</param>
internal sealed record HubBatch(int Partition, IReadOnlyList<LogMessage> Messages, int Retry)
{
    private const string StampProperty = "billing-enqueued-at";
    private static readonly string[] OriginProperties = ["Diagnostic-Id", "traceparent"];

    /// <summary>Reads the host's JSON.</summary>
    /// <remarks>
    /// The host writes objects as they are, byte arrays as base64, and every array or text as a JSON text within a JSON text. So text is unwrapped until
    /// something else comes of it; of the bodies only their array is. A body that is base64 is bytes: JSON, which begins with a bracket, never is.
    /// Errors: throws <see cref="FormatException"/> on what the host doesn't write; the host then brings the batch again.
    /// </remarks>
    /// <param name="body">The request.</param>
    /// <param name="stamped">Take the time that a message carries as a property for its enqueued time, as the test clock does.</param>
    /// <param name="stop">Gives up.</param>
    public static async Task<HubBatch> ReadAsync(Stream body, bool stamped, CancellationToken stop)
    {
        using var call = await JsonDocument.ParseAsync(body, default, stop);
        var metadata = Member(call.RootElement, "Metadata");
        var bodies = Unwrapped(Member(Member(call.RootElement, "Data"), "events"));
        var sequences = Unwrapped(Member(metadata, "SequenceNumberArray"));
        var times = Unwrapped(Member(metadata, "EnqueuedTimeUtcArray"));
        var properties = (stamped || Spans.AreHeard) && Unwrapped(metadata).TryGetProperty("PropertiesArray", out var given) ? Unwrapped(given) : default;
        if (bodies.ValueKind != JsonValueKind.Array || sequences.ValueKind != JsonValueKind.Array || times.ValueKind != JsonValueKind.Array
            || sequences.GetArrayLength() != bodies.GetArrayLength() || times.GetArrayLength() != bodies.GetArrayLength())
            throw new FormatException("The host's arrays of bodies, sequence numbers and enqueued times don't match.");
        var messages = new List<LogMessage>(bodies.GetArrayLength());
        for (var i = 0; i < bodies.GetArrayLength(); i++)
        {
            var own = properties.ValueKind == JsonValueKind.Array && i < properties.GetArrayLength() ? properties[i] : default;
            var at = stamped && own.ValueKind == JsonValueKind.Object && own.TryGetProperty(StampProperty, out var stamp)
                ? InstantPattern.ExtendedIso.Parse(stamp.GetString()!).GetValueOrThrow()
                : TimeOf(times[i]);
            messages.Add(new LogMessage(Number(sequences[i]) + 1, at, BytesOf(bodies[i])) { Origin = OriginOf(own) });
        }
        var partition = Unwrapped(Member(Member(metadata, "PartitionContext"), "PartitionId"));
        var retry = Unwrapped(metadata).TryGetProperty("RetryContext", out var context) ? Unwrapped(context) : default;
        return new HubBatch(
            int.Parse(partition.ToString(), CultureInfo.InvariantCulture), messages,
            retry.ValueKind == JsonValueKind.Object && retry.TryGetProperty("RetryCount", out var count) ? (int)Number(count) : 0);
    }

    // Producers' clients write one property or the other, in whatever case, some as a JSON text.
    private static ActivityContext OriginOf(JsonElement properties)
    {
        if (!Spans.AreHeard || properties.ValueKind != JsonValueKind.Object) return default;
        foreach (var property in properties.EnumerateObject())
            if (property.Value.ValueKind == JsonValueKind.String && OriginProperties.Contains(property.Name, StringComparer.OrdinalIgnoreCase)
                && Spans.ContextOf(property.Value.GetString()!.Trim('"')) is var origin && origin != default) return origin;
        return default;
    }

    private static JsonElement Member(JsonElement of, string name) =>
        Unwrapped(of) is { ValueKind: JsonValueKind.Object } known && known.TryGetProperty(name, out var member) ? member : throw new FormatException($"The host's call has no {name}.");

    private static JsonElement Unwrapped(JsonElement value)
    {
        while (value.ValueKind == JsonValueKind.String && Parsed(value.GetString()!) is { } inner) value = inner;
        return value;
    }

    private static JsonElement? Parsed(string text)
    {
        try
        {
            return JsonElement.Parse(text);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static long Number(JsonElement value) => long.Parse(Unwrapped(value).ToString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);

    // Without a zone it is UTC.
    private static Instant TimeOf(JsonElement value) => Instant.FromDateTimeOffset(DateTimeOffset.Parse(
        value.GetString()!, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal));

    private static ReadOnlyMemory<byte> BytesOf(JsonElement body)
    {
        if (body.ValueKind != JsonValueKind.String) return Encoding.UTF8.GetBytes(body.ValueKind == JsonValueKind.Null ? "" : body.GetRawText());
        return body.TryGetBytesFromBase64(out var bytes) ? bytes : Encoding.UTF8.GetBytes(body.GetString()!);
    }
}
