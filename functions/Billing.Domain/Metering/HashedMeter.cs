using System.Text;
using Billing.Domain.Metering.Events;
using Billing.Domain.Values;

namespace Billing.Domain.Metering;

/// <summary>A meter as windows name it: by the bytes of its id, and by their hash, the start of its groups' hashes.</summary>
public sealed class HashedMeter(Meter meter, HashKey secret)
{
    public Meter Meter { get; } = meter;

    /// <summary>The id as UTF-8.</summary>
    public ReadOnlyMemory<byte> Id { get; } = Encoding.UTF8.GetBytes(meter.Id);

    public UInt128 Hash { get; } = HashOf(secret, Encoding.UTF8.GetBytes(meter.Id));

    /// <summary>The hash of a meter's id.</summary>
    public static UInt128 HashOf(HashKey secret, ReadOnlySpan<byte> id) => EventIdentity.Key(secret, "meter"u8, id);
}
