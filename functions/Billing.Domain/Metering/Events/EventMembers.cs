using System.Text;
using System.Text.Json;
using Billing.Domain.Values;

namespace Billing.Domain.Metering.Events;

/// <summary>Reads the members of one event object.</summary>
internal sealed class EventMembers(MemberNames names)
{
    private (string What, string At)? wrong;
    private (string What, string At)? wrongMetronome;
    private (string What, string At)? wrongCloudEvent;

    /// <summary>Reads from the object's start to its end. Returns null, or why the event can't be used.</summary>
    /// <remarks>A marker is a message of its own: inside an array it would take the place of the events beside it.</remarks>
    public Refusal? Read(ref Utf8JsonReader reader, EventShape shape, bool alone, ParsedMessage into, ref UsageEvent read)
    {
        wrong = wrongMetronome = wrongCloudEvent = null;
        names.Clear();
        names.Enter();
        var found = default(Found);
        read.FirstProperty = into.PropertyCount;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var name = Text(ref reader, into.Body);
            if (!names.Add(name)) Say($"/{Encoding.UTF8.GetString(name.Span)}", "stands twice in this object");
            reader.Read();
            Member(ref reader, name.Span, into, ref read, ref found);
        }
        read.PropertyCount = into.PropertyCount - read.FirstProperty;
        if (found.Marker is not null && shape == EventShape.Any && alone && found.Names == 1 && wrong is null)
        {
            into.Marker = found.Marker;
            return null;
        }
        if (wrong is null) Require(shape, ref read, found);
        return wrong is not { } first ? null : new("invalid_event", $"{(first.At.Length > 0 ? first.At[1..] : "The event")} {first.What}.", first.At);
    }

    private void Member(ref Utf8JsonReader reader, ReadOnlySpan<byte> name, ParsedMessage into, ref UsageEvent read, ref Found found)
    {
        found.Names++;
        if (name.SequenceEqual("transaction_id"u8)) found.TransactionId = TextMember(ref reader, "/transaction_id", ref wrongMetronome, into);
        else if (name.SequenceEqual("customer_id"u8)) found.CustomerId = TextMember(ref reader, "/customer_id", ref wrongMetronome, into);
        else if (name.SequenceEqual("event_type"u8)) found.EventType = TextMember(ref reader, "/event_type", ref wrongMetronome, into);
        else if (name.SequenceEqual("timestamp"u8)) found.Timestamp = TextMember(ref reader, "/timestamp", ref wrongMetronome, into);
        else if (name.SequenceEqual("properties"u8)) (found.HasProperties, found.Start, found.Count) = Object(ref reader, "/properties", ref wrongMetronome, into);
        else if (name.SequenceEqual("specversion"u8)) found.SpecVersion = TextMember(ref reader, "/specversion", ref wrongCloudEvent, into);
        else if (name.SequenceEqual("id"u8)) found.Id = TextMember(ref reader, "/id", ref wrongCloudEvent, into);
        else if (name.SequenceEqual("source"u8)) found.Source = TextMember(ref reader, "/source", ref wrongCloudEvent, into);
        else if (name.SequenceEqual("type"u8)) found.Type = TextMember(ref reader, "/type", ref wrongCloudEvent, into);
        else if (name.SequenceEqual("subject"u8)) found.Subject = TextMember(ref reader, "/subject", ref wrongCloudEvent, into);
        else if (name.SequenceEqual("time"u8)) found.Time = TextMember(ref reader, "/time", ref wrongCloudEvent, into);
        else if (name.SequenceEqual("data"u8)) (found.HasData, found.DataStart, found.DataCount) = Object(ref reader, "/data", ref wrongCloudEvent, into);
        else if (name.SequenceEqual("data_base64"u8)) { found.HasBinary = true; Walk(ref reader, into.Body, "/data_base64"); }
        else if (name.SequenceEqual("marker"u8) && reader.TokenType == JsonTokenType.String) found.Marker = Encoding.UTF8.GetString(Text(ref reader, into.Body).Span);
        else Walk(ref reader, into.Body, "");
    }

    private void Require(EventShape shape, ref UsageEvent read, in Found found)
    {
        read.IsCloudEvent = shape == EventShape.CloudEvents || (shape == EventShape.Any && found.SpecVersion is not null && found.TransactionId is null);
        wrong = read.IsCloudEvent ? wrongCloudEvent : wrongMetronome;
        if (wrong is not null) return;
        if (read.IsCloudEvent) RequireCloudEvent(ref read, found);
        else RequireMetronome(ref read, found);
    }

    private void RequireMetronome(ref UsageEvent read, in Found found)
    {
        read.Id = Required(found.TransactionId, "/transaction_id", EventParser.MaxIdCharacters);
        read.Key = Required(found.CustomerId, "/customer_id", EventParser.MaxIdCharacters);
        read.Type = Required(found.EventType, "/event_type", EventParser.MaxIdCharacters);
        read.Time = ReadTime(found.Timestamp, "/timestamp");
        (read.FirstProperty, read.PropertyCount) = found.HasProperties ? (found.Start, found.Count) : (read.FirstProperty, 0);
    }

    private void RequireCloudEvent(ref UsageEvent read, in Found found)
    {
        if (found.SpecVersion is not { } version || !version.Span.SequenceEqual("1.0"u8)) Say("/specversion", "must be \"1.0\"");
        read.Id = Required(found.Id, "/id", EventParser.MaxIdCharacters);
        read.Source = Required(found.Source, "/source", EventParser.MaxSourceCharacters);
        read.Type = Required(found.Type, "/type", EventParser.MaxIdCharacters);
        read.Key = Required(found.Subject, "/subject", EventParser.MaxIdCharacters);
        read.Time = ReadTime(found.Time, "/time");
        // Attribute names are lower-case letters and digits (CloudEvents §3.1); this one would make the event's shape ambiguous later on.
        if (found.TransactionId is not null) Say("/transaction_id", "is not a CloudEvents attribute");
        if (found.HasBinary) Say("/data_base64", "is not taken: send data as a JSON object");
        (read.FirstProperty, read.PropertyCount) = found.HasData ? (found.DataStart, found.DataCount) : (read.FirstProperty, 0);
    }

    private ReadOnlyMemory<byte> Required(ReadOnlyMemory<byte>? value, string at, int maxCharacters)
    {
        if (value is not { } text) Say(at, "is missing");
        else if (text.Length == 0) Say(at, "is empty");
        else if (EventParser.Characters(text.Span) is var length && length > maxCharacters) Say(at, $"has {length} characters; at most {maxCharacters} are taken");
        else return text;
        return default;
    }

    private long? ReadTime(ReadOnlyMemory<byte>? value, string at)
    {
        if (value is not { } text) return null;
        if (EventTime.Read(text.Span, out var ticks) is { } complaint) Say(at, complaint);
        return ticks;
    }

    // A member of the other shape is one more unknown field, whatever its value.
    private ReadOnlyMemory<byte>? TextMember(ref Utf8JsonReader reader, string at, ref (string What, string At)? complaint, ParsedMessage into)
    {
        if (reader.TokenType == JsonTokenType.String) return Text(ref reader, into.Body);
        if (reader.TokenType != JsonTokenType.Null) complaint ??= ($"must be a string, not {Kind(reader.TokenType)}", at);
        Walk(ref reader, into.Body, at);
        return null;
    }

    // Reads {"name": value, …} into properties; null counts as {}.
    private (bool Has, int First, int Count) Object(ref Utf8JsonReader reader, string at, ref (string What, string At)? complaint, ParsedMessage into)
    {
        var first = into.PropertyCount;
        if (reader.TokenType == JsonTokenType.Null) return (true, first, 0);
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            complaint ??= ($"must be a JSON object, not {Kind(reader.TokenType)}", at);
            Walk(ref reader, into.Body, at);
            return (false, first, 0);
        }
        names.Enter();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var name = Text(ref reader, into.Body);
            if (!names.Add(name)) Say($"{at}/{Encoding.UTF8.GetString(name.Span)}", "stands twice in this object");
            reader.Read();
            into.Add(Property(ref reader, name, into.Body, at));
        }
        names.Leave();
        return (true, first, into.PropertyCount - first);
    }

    private EventProperty Property(ref Utf8JsonReader reader, ReadOnlyMemory<byte> name, ReadOnlyMemory<byte> body, string at)
    {
        var start = (int)reader.TokenStartIndex;
        switch (reader.TokenType)
        {
            case JsonTokenType.String: return new(name, Text(ref reader, body), PropertyKind.Text);
            case JsonTokenType.Null: return new(name, default, PropertyKind.Null);
            case JsonTokenType.True or JsonTokenType.False: return new(name, body.Slice(start, reader.ValueSpan.Length), PropertyKind.Truth);
            case JsonTokenType.Number:
                if (!Quantity.IsWithinLimits(reader.ValueSpan))
                    Say($"{at}/{Encoding.UTF8.GetString(name.Span)}", "is a number of more than 40 digits or an exponent beyond ±40");
                return new(name, body.Slice(start, reader.ValueSpan.Length), PropertyKind.Number);
            default:
                Walk(ref reader, body, $"{at}/{Encoding.UTF8.GetString(name.Span)}");
                return new(name, body.Slice(start, (int)reader.BytesConsumed - start), PropertyKind.Nested);
        }
    }

    // Walks over a value that is not looked into, still refusing duplicate members and endless numbers.
    private void Walk(ref Utf8JsonReader reader, ReadOnlyMemory<byte> body, string at)
    {
        var depth = reader.CurrentDepth;
        do
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.StartObject: names.Enter(); break;
                case JsonTokenType.EndObject: names.Leave(); break;
                case JsonTokenType.PropertyName when !names.Add(Text(ref reader, body)): Say(at, "has a member twice in one object"); break;
                case JsonTokenType.Number when !Quantity.IsWithinLimits(reader.ValueSpan): Say(at, "has a number of more than 40 digits or an exponent beyond ±40"); break;
                case JsonTokenType.String when reader.ValueIsEscaped: Text(ref reader, body); break;
            }
        }
        while ((reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray || reader.CurrentDepth > depth) && reader.Read());
    }

    private ReadOnlyMemory<byte> Text(ref Utf8JsonReader reader, ReadOnlyMemory<byte> body)
    {
        if (!reader.ValueIsEscaped) return body.Slice((int)reader.TokenStartIndex + 1, reader.ValueSpan.Length);
        var unescaped = new byte[reader.ValueSpan.Length];
        try
        {
            return unescaped.AsMemory(0, reader.CopyString(unescaped));
        }
        catch (InvalidOperationException)
        {
            Say("", "has a string with half a surrogate pair");
            return unescaped;
        }
    }

    /// <summary>A kind of JSON value in words.</summary>
    internal static string Kind(JsonTokenType token) => token switch
    {
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "an array",
        JsonTokenType.String => "a string",
        JsonTokenType.Number => "a number",
        JsonTokenType.Null => "null",
        JsonTokenType.True => "true",
        _ => "false",
    };

    // The first thing wrong is the one that is told.
    private void Say(string at, string what)
    {
        wrong ??= (what, at);
    }

    private struct Found
    {
        public int Names;
        public string? Marker;
        public ReadOnlyMemory<byte>? TransactionId, CustomerId, EventType, Timestamp;
        public ReadOnlyMemory<byte>? SpecVersion, Id, Source, Type, Subject, Time;
        public bool HasProperties, HasData, HasBinary;
        public int Start, Count, DataStart, DataCount;
    }
}
