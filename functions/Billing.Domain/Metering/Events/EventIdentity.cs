using System.Text.Json;
using Billing.Domain.Values;

namespace Billing.Domain.Metering.Events;

/// <summary>The hashes that make an event one fact: its dedup key, and its content.</summary>
public static class EventIdentity
{
    private const ulong Separator = 0xC0_17E7;

    /// <summary>The dedup key: source and id, nothing else (a retry on another day is the same fact).</summary>
    public static UInt128 Key(HashKey secret, ReadOnlySpan<byte> source, ReadOnlySpan<byte> id)
    {
        var hash = new KeyedHash(secret);
        hash.Add(source);
        hash.Add(id);
        return hash.Finish();
    }

    /// <summary>64 bits of the canonical content: type, key, time if the producer gave one, and the properties in any order.</summary>
    /// <remarks>Numbers count by their text: 1 and 1.0 are two contents. Attributes that a retry may change (trace ids) are left out.</remarks>
    public static ulong Content(HashKey secret, in UsageEvent of, ReadOnlySpan<EventProperty> properties)
    {
        UInt128 sum = 0;
        foreach (ref readonly var property in properties) sum = unchecked(sum + Member(secret, property));
        var hash = new KeyedHash(secret);
        hash.Add(of.Type.Span);
        hash.Add(of.Key.Span);
        hash.Add(of.Time is null ? 0UL : 1UL);
        hash.Add(unchecked((ulong)(of.Time ?? 0)));
        hash.Add((ulong)(sum >> 64));
        hash.Add((ulong)(sum & ulong.MaxValue));
        return (ulong)(hash.Finish() & ulong.MaxValue);
    }

    private static UInt128 Member(HashKey secret, in EventProperty property)
    {
        var hash = new KeyedHash(secret);
        hash.Add(property.Name.Span);
        hash.Add((ulong)property.Kind);
        if (property.Kind == PropertyKind.Nested)
        {
            var reader = new Utf8JsonReader(property.Value.Span);
            reader.Read();
            Nested(secret, ref reader, ref hash);
        }
        else hash.Add(property.Value.Span);
        return hash.Finish();
    }

    // A sum of keyed hashes is the same in any order of members; elements of an array keep theirs.
    private static void Nested(HashKey secret, ref Utf8JsonReader reader, ref KeyedHash hash)
    {
        hash.Add((ulong)reader.TokenType);
        if (reader.TokenType == JsonTokenType.StartArray)
        {
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray) Nested(secret, ref reader, ref hash);
            hash.Add(Separator);
        }
        else if (reader.TokenType == JsonTokenType.StartObject)
        {
            UInt128 sum = 0;
            while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
            {
                var member = new KeyedHash(secret);
                member.Add(Text(ref reader));
                reader.Read();
                Nested(secret, ref reader, ref member);
                sum = unchecked(sum + member.Finish());
            }
            hash.Add((ulong)(sum >> 64));
            hash.Add((ulong)(sum & ulong.MaxValue));
        }
        else hash.Add(reader.TokenType == JsonTokenType.String ? Text(ref reader) : reader.ValueSpan);
    }

    private static ReadOnlySpan<byte> Text(ref Utf8JsonReader reader)
    {
        if (!reader.ValueIsEscaped) return reader.ValueSpan;
        var unescaped = new byte[reader.ValueSpan.Length];
        return unescaped.AsSpan(0, reader.CopyString(unescaped));
    }
}
