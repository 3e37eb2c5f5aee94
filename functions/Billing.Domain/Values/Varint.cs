namespace Billing.Domain.Values;

/// <summary>Integers in as few bytes as they need: seven bits a byte, least first.</summary>
public static class Varint
{
    /// <summary>Writes and says how many bytes it took (at most 10).</summary>
    public static int Write(Span<byte> into, ulong value)
    {
        var at = 0;
        while (value >= 0x80)
        {
            into[at++] = (byte)((value & 0x7F) | 0x80);
            value >>= 7;
        }
        into[at++] = (byte)value;
        return at;
    }

    /// <summary>Reads and moves on. Errors: throws <see cref="InvalidDataException"/> past the end or past 64 bits.</summary>
    public static ulong Read(scoped ref ReadOnlySpan<byte> from)
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            if (from.IsEmpty) break;
            var b = from[0];
            from = from[1..];
            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80) return value;
        }
        throw new InvalidDataException("The bytes end inside a number.");
    }

    /// <summary>Moves past an integer of any size. Errors: throws <see cref="InvalidDataException"/> past the end.</summary>
    public static void Skip(scoped ref ReadOnlySpan<byte> from)
    {
        for (var i = 0; i < from.Length; i++)
        {
            if (from[i] >= 0x80) continue;
            from = from[(i + 1)..];
            return;
        }
        throw new InvalidDataException("The bytes end inside a number.");
    }

    /// <summary>Writes a signed 128-bit integer, small magnitudes short (at most 19 bytes).</summary>
    public static int WriteSigned(Span<byte> into, Int128 value)
    {
        var zigzag = unchecked(((UInt128)value << 1) ^ (UInt128)(value >> 127));
        var at = 0;
        while (zigzag >= 0x80)
        {
            into[at++] = (byte)((byte)(zigzag & 0x7F) | 0x80);
            zigzag >>= 7;
        }
        into[at++] = (byte)zigzag;
        return at;
    }

    /// <summary>Reads a signed 128-bit integer and moves on.</summary>
    public static Int128 ReadSigned(scoped ref ReadOnlySpan<byte> from)
    {
        // Nine bytes hold what fits into 63 bits: nearly all there is, and 128-bit shifts are slow.
        ulong low = 0;
        for (var i = 0; i < from.Length && i < 9; i++)
        {
            low |= (ulong)(from[i] & 0x7F) << (7 * i);
            if (from[i] >= 0x80) continue;
            from = from[(i + 1)..];
            return (long)(low >> 1) ^ -(long)(low & 1);
        }
        UInt128 zigzag = 0;
        for (var shift = 0; shift < 133; shift += 7)
        {
            if (from.IsEmpty) break;
            var b = from[0];
            from = from[1..];
            zigzag |= (UInt128)(b & 0x7F) << shift;
            if (b < 0x80) return unchecked((Int128)(zigzag >> 1) ^ -(Int128)(zigzag & 1));
        }
        throw new InvalidDataException("The bytes end inside a number.");
    }
}
