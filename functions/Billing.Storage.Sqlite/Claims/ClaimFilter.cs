using System.Runtime.InteropServices;

namespace Billing.Storage.Sqlite.Claims;

/// <summary>Says "surely not here" of most keys that a run does not have: a Bloom filter in blocks of one cache line.</summary>
/// <remarks>12 bits a key and 6 probes in one block: under 2 % wrong "maybe"s, never a wrong "no". Keys are keyed hashes, so their bits serve as they are.</remarks>
internal sealed class ClaimFilter
{
    private const int BitsPerKey = 12;
    private const int WordsPerBlock = 8;
    private readonly ulong[] words;

    public ClaimFilter(long keys) => words = new ulong[BytesFor(keys) / sizeof(ulong)];

    public ClaimFilter(ReadOnlySpan<byte> bytes) => words = MemoryMarshal.Cast<byte, ulong>(bytes).ToArray();

    /// <summary>What a filter of so many keys takes.</summary>
    public static long BytesFor(long keys) => Math.Max(1, (keys * BitsPerKey + 511) / 512) * WordsPerBlock * sizeof(ulong);

    public ReadOnlySpan<byte> Bytes => MemoryMarshal.AsBytes<ulong>(words);

    public void Add(ulong high, ulong low)
    {
        var block = BlockOf(low);
        for (var i = 0; i < 6; i++)
        {
            var bit = BitOf(high, low, i);
            block[bit >> 6] |= 1UL << (bit & 63);
        }
    }

    public bool MayHave(ulong high, ulong low)
    {
        var block = BlockOf(low);
        for (var i = 0; i < 6; i++)
        {
            var bit = BitOf(high, low, i);
            if ((block[bit >> 6] & (1UL << (bit & 63))) == 0) return false;
        }
        return true;
    }

    // The block comes from the upper half of the low word, the probes from bits nobody else uses.
    private Span<ulong> BlockOf(ulong low) =>
        words.AsSpan((int)(((low >> 32) * (ulong)(words.Length / WordsPerBlock)) >> 32) * WordsPerBlock, WordsPerBlock);

    private static int BitOf(ulong high, ulong low, int probe) =>
        (int)((probe < 3 ? low >> (probe * 9) : high >> ((probe - 3) * 9)) & 511);
}
