namespace Billing.Benchmarks.Workload;

/// <summary>One event of the workload, drawn from its number: the same number is always the same event, whoever stores it.</summary>
/// <remarks>
/// 1,000 customers × 5 meters × 20 groups (5 models × 4 regions). Ids are 128 bits and look random; no two numbers share one, because the
/// mixing of 64 bits has an inverse. 1 % of the events are late by up to 30 days, the others by up to 10 minutes.
/// </remarks>
internal readonly struct Draw
{
    public const int Customers = 1_000;
    public const int Meters = 5;
    public const int Models = 5;
    public const int Regions = 4;
    public const int Groups = Models * Regions;
    private const long UsualMs = 10 * 60_000;
    private const long LateMs = 30L * 24 * 3_600_000;

    /// <param name="seed">Of the run.</param>
    /// <param name="number">Of the event within the run.</param>
    public Draw(ulong seed, long number)
    {
        IdHigh = Mix(unchecked(seed + (ulong)number));
        IdLow = Mix(IdHigh ^ 0x9E3779B97F4A7C15);
        var bits = Mix(IdLow ^ seed);
        Customer = (int)(bits % Customers);
        bits /= Customers;
        Meter = (int)(bits % Meters);
        bits /= Meters;
        Group = (int)(bits % Groups);
        bits /= Groups;
        Tokens = 1_000 + (int)(bits % 9_000);
        var time = Mix(bits ^ IdHigh);
        AgeMs = (long)(time / 100 % (ulong)(time % 100 == 0 ? LateMs : UsualMs));
    }

    public ulong IdHigh { get; }

    public ulong IdLow { get; }

    public int Customer { get; }

    /// <summary>Position of its meter; each event is of one meter.</summary>
    public int Meter { get; }

    /// <summary>Model × <see cref="Regions"/> + region.</summary>
    public int Group { get; }

    /// <summary>What the meter adds up.</summary>
    public int Tokens { get; }

    /// <summary>How long before its sending it happened.</summary>
    public long AgeMs { get; }

    public int Model => Group / Regions;

    public int Region => Group % Regions;

    // The finalizer of SplitMix64: a bijection of 64 bits.
    private static ulong Mix(ulong z)
    {
        unchecked
        {
            z += 0x9E3779B97F4A7C15;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return z ^ (z >> 31);
        }
    }
}
