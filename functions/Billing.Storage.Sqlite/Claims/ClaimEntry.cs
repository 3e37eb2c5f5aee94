using System.Runtime.InteropServices;
using Billing.UseCases.Metering;

namespace Billing.Storage.Sqlite.Claims;

/// <summary>One copy of an event as the ledger stores it: 40 bytes, little-endian.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal readonly record struct ClaimEntry(ulong High, ulong Low, ulong Content, long Sequence, int Index, ushort Partition, Verdict Verdict, byte Unused)
    : IComparable<ClaimEntry>
{
    public const int SizeBytes = 40;

    public UInt128 Key => new(High, Low);

    public bool Has(UInt128 key) => High == (ulong)(key >> 64) && Low == LowOf(key);

    public static ulong LowOf(UInt128 key) => unchecked((ulong)key);

    /// <summary>By key; of one key the first copy first, then as they came.</summary>
    public int CompareTo(ClaimEntry other)
    {
        var order = High.CompareTo(other.High);
        if (order == 0) order = Low.CompareTo(other.Low);
        if (order == 0) order = (Verdict != Verdict.Fresh).CompareTo(other.Verdict != Verdict.Fresh);
        if (order == 0) order = Partition.CompareTo(other.Partition);
        if (order == 0) order = Sequence.CompareTo(other.Sequence);
        return order == 0 ? Index.CompareTo(other.Index) : order;
    }

    public static ReadOnlySpan<ClaimEntry> Read(ReadOnlySpan<byte> bytes) => MemoryMarshal.Cast<byte, ClaimEntry>(bytes);

    public static ReadOnlySpan<byte> Write(ReadOnlySpan<ClaimEntry> entries) => MemoryMarshal.AsBytes(entries);
}
