using System.Buffers;
using System.Globalization;
using System.IO.Compression;
using System.Runtime.InteropServices;
using Billing.Domain.Values;
using NodaTime;

namespace Billing.UseCases.Metering;

/// <summary>A message as it was folded: with the verdict on each of its events.</summary>
public sealed record ArchivedMessage(long Sequence, Instant EnqueuedAt, ReadOnlyMemory<byte> Body, ReadOnlyMemory<Verdict> Verdicts);

/// <summary>Messages and their verdicts as one compressed blob.</summary>
/// <remarks>
/// A blob is named <c>{log}/{partition}/{last}-{first}</c> in hexadecimal: with the last sequence first, the blob that holds a
/// sequence is the next name after it. Ranges may overlap after a redelivery: readers skip what they have read.
/// </remarks>
public static class ArchiveSegment
{
    private const byte Version = 1;

    public static string NameOf(LogPartition partition, long first, long last) => $"{partition}/{last:x16}-{first:x16}";

    /// <summary>The sequences that a name promises.</summary>
    public static (long First, long Last) RangeOf(string name)
    {
        var numbers = name[(name.LastIndexOf('/') + 1)..];
        return (long.Parse(numbers.AsSpan(17), NumberStyles.HexNumber, CultureInfo.InvariantCulture),
            long.Parse(numbers.AsSpan(0, 16), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
    }

    /// <summary>Writes messages into a stream that is emptied first; the result lies in its buffer.</summary>
    public static ReadOnlyMemory<byte> Encode(IEnumerable<ArchivedMessage> messages, MemoryStream into)
    {
        into.SetLength(0);
        into.WriteByte(Version);
        using (var deflate = new DeflateStream(into, CompressionLevel.Fastest, leaveOpen: true))
        {
            var header = new ArrayBufferWriter<byte>();
            foreach (var message in messages)
            {
                header.ResetWrittenCount();
                Number(header, (ulong)message.Sequence);
                Number(header, (ulong)message.EnqueuedAt.ToUnixTimeTicks());
                Number(header, (ulong)message.Verdicts.Length);
                header.Write(MemoryMarshal.AsBytes(message.Verdicts.Span));
                Number(header, (ulong)message.Body.Length);
                deflate.Write(header.WrittenSpan);
                deflate.Write(message.Body.Span);
            }
        }
        return into.GetBuffer().AsMemory(0, (int)into.Length);
    }

    public static IReadOnlyList<ArchivedMessage> Decode(ReadOnlyMemory<byte> blob)
    {
        if (blob.IsEmpty || blob.Span[0] != Version) throw new InvalidDataException("Not an archive segment of this version.");
        using var deflate = new DeflateStream(new MemoryStream(blob[1..].ToArray()), CompressionMode.Decompress);
        var whole = new MemoryStream();
        deflate.CopyTo(whole);
        var memory = new ReadOnlyMemory<byte>(whole.GetBuffer(), 0, (int)whole.Length);
        var messages = new List<ArchivedMessage>();
        for (var at = 0; at < memory.Length;)
        {
            var rest = memory.Span[at..];
            var sequence = (long)Varint.Read(ref rest);
            var enqueued = Instant.FromUnixTimeTicks((long)Varint.Read(ref rest));
            var verdicts = new Verdict[(int)Varint.Read(ref rest)];
            for (var i = 0; i < verdicts.Length; i++) verdicts[i] = (Verdict)rest[i];
            rest = rest[verdicts.Length..];
            var length = (int)Varint.Read(ref rest);
            at = memory.Length - rest.Length;
            messages.Add(new ArchivedMessage(sequence, enqueued, memory.Slice(at, length), verdicts));
            at += length;
        }
        return messages;
    }

    private static void Number(ArrayBufferWriter<byte> into, ulong value) => into.Advance(Varint.Write(into.GetSpan(10), value));
}
