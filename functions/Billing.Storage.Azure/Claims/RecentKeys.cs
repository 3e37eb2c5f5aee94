namespace Billing.Storage.Azure.Claims;

/// <summary>Keys that this process has claimed of late: who comes with one of them again is a copy, most likely.</summary>
/// <remarks>
/// A key is a hash, so its own bits say where its mark goes; a newer key takes an older one's place. So it forgets, and it may take one key in four
/// thousand million for another: it tells what to read first, and decides nothing. 4 MB, however many keys come.
/// </remarks>
internal sealed class RecentKeys
{
    private const int Slots = 1 << 20;

    private readonly uint[] marks = new uint[Slots];

    public bool Has(UInt128 key) => Volatile.Read(ref marks[SlotOf(key)]) == MarkOf(key);

    public void Add(UInt128 key) => Volatile.Write(ref marks[SlotOf(key)], MarkOf(key));

    private static int SlotOf(UInt128 key) => (int)(uint)(key & (Slots - 1));

    // Zero is no key's: it marks a place that nobody took yet.
    private static uint MarkOf(UInt128 key) => unchecked((uint)(key >> 32)) is var mark && mark == 0 ? 1 : mark;
}
