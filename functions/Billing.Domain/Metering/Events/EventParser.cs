using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Billing.Domain.Values;

namespace Billing.Domain.Metering.Events;

/// <summary>Which shape of event an endpoint takes.</summary>
public enum EventShape
{
    /// <summary>Either, told apart by each event's own members (a hub takes both).</summary>
    Any,

    /// <summary>Metronome's: transaction_id, customer_id, event_type, timestamp, properties.</summary>
    Metronome,

    /// <summary>CloudEvents 1.0: specversion, id, source, type, subject, time, data.</summary>
    CloudEvents,
}

/// <summary>Reads messages into events. One instance may be used again and again, by one thread at a time.</summary>
/// <remarks>
/// Escapes are resolved here, once: after it <c>"\u0061"</c> is <c>"a"</c>, so that one fact has one id. Duplicate members are refused at
/// any depth, since two readers may take different ones. Numbers keep their text. Source: RFC 8259; CloudEvents 1.0 JSON format.
/// </remarks>
public sealed class EventParser
{
    /// <summary>The marker that only moves an idle partition's clock.</summary>
    public const string Tick = "tick";

    /// <summary>Longest id, customer id, event type and subject, in characters.</summary>
    public const int MaxIdCharacters = 128;

    /// <summary>Longest CloudEvents source, in characters.</summary>
    public const int MaxSourceCharacters = 512;

    private static readonly JsonReaderOptions Strict = new() { MaxDepth = JsonSyntax.MaxDepth };
    private readonly MemberNames names = new();
    private readonly EventMembers members;

    public EventParser() => members = new EventMembers(names);

    /// <summary>The body of a marker message.</summary>
    public static ReadOnlyMemory<byte> MarkerBody(string marker) =>
        JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, string> { ["marker"] = marker });

    /// <summary>Reads a message: one event, an array of events, or a marker.</summary>
    /// <param name="body">The bytes; they must stay as they are while <paramref name="into"/> is used.</param>
    /// <param name="shape">Which events are taken.</param>
    /// <param name="into">Receives the events; what it held is gone.</param>
    /// <returns>Null when the message could be read, though single events may be refused; else why nothing of it can be used.</returns>
    public Refusal? Parse(ReadOnlyMemory<byte> body, EventShape shape, ParsedMessage into)
    {
        into.Clear(body);
        if (!Utf8.IsValid(body.Span)) return JsonSyntax.Refuse(body.Span);
        try
        {
            var reader = new Utf8JsonReader(body.Span, Strict);
            reader.Read();
            if (reader.TokenType == JsonTokenType.StartArray)
            {
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray) ReadOne(ref reader, shape, false, into);
            }
            else ReadOne(ref reader, shape, true, into);
            while (reader.Read())
            {
            }
            return null;
        }
        catch (JsonException)
        {
            return JsonSyntax.Refuse(body.Span) ?? new("body_malformed", "The body is not JSON.", $"/{into.Count}");
        }
    }

    /// <summary>Reads a message of the log, whatever it is: of one that can't be read at all nothing can be told apart, so it is one event that can't be used.</summary>
    /// <param name="body">The bytes; they must stay as they are while <paramref name="into"/> is used.</param>
    /// <param name="into">Receives the events; what it held is gone.</param>
    public void ReadLogged(ReadOnlyMemory<byte> body, ParsedMessage into)
    {
        if (Parse(body, EventShape.Any, into) is { } malformed) into.ReadAsOneBadEvent(malformed);
    }

    private void ReadOne(ref Utf8JsonReader reader, EventShape shape, bool alone, ParsedMessage into)
    {
        var index = into.Count;
        var firstProperty = into.PropertyCount;
        var start = (int)reader.TokenStartIndex;
        var read = default(UsageEvent);
        Refusal? refusal;
        if (reader.TokenType == JsonTokenType.StartObject) refusal = members.Read(ref reader, shape, alone, into, ref read);
        else
        {
            refusal = new("not_an_event", $"An event is a JSON object, not {EventMembers.Kind(reader.TokenType)}.");
            reader.Skip();
        }
        read.RawStart = start;
        read.RawLength = (int)reader.BytesConsumed - start;
        if (into.Marker is not null) return;
        if (refusal is not null)
        {
            into.DropPropertiesFrom(firstProperty);
            into.Refusals.Add((index, refusal with { Field = $"/{index}{refusal.Field}" }));
        }
        into.Add(read);
    }

    internal static int Characters(ReadOnlySpan<byte> text) =>
        text.Length <= MaxIdCharacters ? text.Length : Encoding.UTF8.GetCharCount(text);
}
