using System.Text;
using Billing.Domain.Metering.Events;
using Billing.Domain.Values;

namespace Billing.Domain.Metering;

/// <summary>The values of a grouping's dimensions, as bytes: each value as its length plus one and its UTF-8; absent is a zero.</summary>
/// <remarks>A missing dimension is a group of its own, so that groups always add up to the whole.</remarks>
public static class GroupKey
{
    /// <summary>Writes the group of an event. False when a value is longer than <see cref="MeterSet.MaxGroupValueBytes"/>.</summary>
    public static bool TryWrite(IReadOnlyList<Dimension> grouping, ReadOnlySpan<EventProperty> properties, Span<byte> buffer, out int length)
    {
        length = 0;
        for (var i = 0; i < grouping.Count; i++)
        {
            if (!grouping[i].Path.Find(properties, out var value, out _))
            {
                buffer[length++] = 0;
                continue;
            }
            if (value.Length > MeterSet.MaxGroupValueBytes) return false;
            length += Varint.Write(buffer[length..], (ulong)value.Length + 1);
            value.CopyTo(buffer[length..]);
            length += value.Length;
        }
        return true;
    }

    /// <summary>A buffer that holds any group of the grouping.</summary>
    public static int MaxBytes(int dimensions) => dimensions * (MeterSet.MaxGroupValueBytes + 2);

    /// <summary>The values in the order of the grouping's dimensions; null where absent.</summary>
    public static string?[] Read(ReadOnlySpan<byte> group, int dimensions)
    {
        var values = new string?[dimensions];
        for (var i = 0; i < dimensions; i++)
        {
            var length = (int)Varint.Read(ref group);
            if (length == 0) continue;
            values[i] = Encoding.UTF8.GetString(group[..(length - 1)]);
            group = group[(length - 1)..];
        }
        return values;
    }

    /// <summary>The hash that names the series and places it among a window's documents.</summary>
    public static UInt128 Hash(HashKey secret, UInt128 meter, int grouping, ReadOnlySpan<byte> group)
    {
        var hash = new KeyedHash(secret);
        hash.Add((ulong)(meter >> 64));
        hash.Add((ulong)(meter & ulong.MaxValue));
        hash.Add((ulong)grouping);
        hash.Add(group);
        return hash.Finish();
    }
}
