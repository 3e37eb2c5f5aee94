using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using NodaTime;

namespace Billing.UseCases.Documents;

/// <summary>Makes ids: version 7 UUIDs, from the clock and chance, or from an idempotency key.</summary>
/// <remarks>With a key the n-th id of a request is always the same, so that a crash between effect and record is found on retry.</remarks>
public sealed class IdSource
{
    private readonly Action<Span<byte>> fill;
    private readonly Func<Instant> now;

    public IdSource(IClock clock)
        : this(clock.GetCurrentInstant, RandomNumberGenerator.Fill)
    {
    }

    private IdSource(Func<Instant> now, Action<Span<byte>> fill)
    {
        this.now = now;
        this.fill = fill;
    }

    /// <summary>True when ids derive from an idempotency key: an existing document with such an id is this request's own.</summary>
    public bool Derived { get; private init; }

    /// <summary>Ids that derive from a key (and from who sent it).</summary>
    public static IdSource DerivedFrom(string key)
    {
        var seed = SHA256.HashData(Encoding.UTF8.GetBytes(key));
        var count = 0;
        return new IdSource(() => Instant.FromUnixTimeTicks(0), bytes =>
        {
            Span<byte> input = stackalloc byte[36];
            seed.CopyTo(input);
            BinaryPrimitives.WriteInt32LittleEndian(input[32..], count++);
            SHA256.HashData(input).AsSpan(0, bytes.Length).CopyTo(bytes);
        })
        { Derived = true };
    }

    /// <summary>A new id, as 36 lower-case characters.</summary>
    public string New()
    {
        Span<byte> bytes = stackalloc byte[16];
        fill(bytes);
        if (!Derived)
        {
            Span<byte> milliseconds = stackalloc byte[8];
            BinaryPrimitives.WriteInt64BigEndian(milliseconds, now().ToUnixTimeMilliseconds());
            milliseconds[2..].CopyTo(bytes);
        }
        bytes[6] = (byte)(0x70 | (bytes[6] & 0x0F));
        bytes[8] = (byte)(0x80 | (bytes[8] & 0x3F));
        return new Guid(bytes, bigEndian: true).ToString();
    }
}
