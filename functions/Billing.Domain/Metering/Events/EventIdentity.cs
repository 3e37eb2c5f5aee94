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
    /// <remarks>
    /// It only tells a duplicate from a conflict, and neither is counted, so a fast keyed mix serves instead of the dedup key's hash. Numbers
    /// count by their text: 1 and 1.0 are two contents. Attributes that a retry may change (trace ids) are left out.
    /// </remarks>
    public static ulong Content(HashKey secret, in UsageEvent of, ReadOnlySpan<EventProperty> properties)
    {
        // A sum is the same in whatever order the properties came.
        var sum = 0UL;
        foreach (ref readonly var property in properties)
        {
            var member = new ContentMix(secret);
            member.Add(property.Name.Span);
            member.Add((ulong)property.Kind);
            if (property.Kind == PropertyKind.Nested)
            {
                var reader = new Utf8JsonReader(property.Value.Span);
                reader.Read();
                Nested(secret, ref reader, ref member);
            }
            else member.Add(property.Value.Span);
            sum = unchecked(sum + member.Value);
        }
        var mix = new ContentMix(secret);
        mix.Add(of.Type.Span);
        mix.Add(of.Key.Span);
        mix.Add(of.Time is null ? 0UL : 1UL);
        mix.Add(unchecked((ulong)(of.Time ?? 0)));
        mix.Add(sum);
        return mix.Value;
    }

    // Elements of an array keep their order; members of an object have none.
    private static void Nested(HashKey secret, ref Utf8JsonReader reader, ref ContentMix mix)
    {
        mix.Add((ulong)reader.TokenType);
        if (reader.TokenType == JsonTokenType.StartArray)
        {
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray) Nested(secret, ref reader, ref mix);
            mix.Add(Separator);
        }
        else if (reader.TokenType == JsonTokenType.StartObject)
        {
            var sum = 0UL;
            while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
            {
                var member = new ContentMix(secret);
                member.Add(Text(ref reader));
                reader.Read();
                Nested(secret, ref reader, ref member);
                sum = unchecked(sum + member.Value);
            }
            mix.Add(sum);
        }
        else mix.Add(reader.TokenType == JsonTokenType.String ? Text(ref reader) : reader.ValueSpan);
    }

    private static ReadOnlySpan<byte> Text(ref Utf8JsonReader reader)
    {
        if (!reader.ValueIsEscaped) return reader.ValueSpan;
        var unescaped = new byte[reader.ValueSpan.Length];
        return unescaped.AsSpan(0, reader.CopyString(unescaped));
    }
}
