using System.Globalization;
using System.Security.Cryptography;

namespace Billing.UseCases.Moving;

/// <summary>How many things of a kind there are, and a sum that differs when any of them does, in whatever order they come.</summary>
/// <param name="Count">How many.</param>
/// <param name="Sum">Of the first 128 bits of each one's SHA-256, modulo 2^128, in hexadecimal digits. A sum, unlike an exclusive or, sees what is there twice.</param>
public sealed record Tally(long Count, string Sum)
{
    public static readonly Tally Nothing = new(0, "0");

    /// <summary>The tallies of lines, by kind.</summary>
    internal static void Add(Dictionary<string, Tally> tallies, IEnumerable<MovedLine> lines)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        foreach (var ofKind in lines.GroupBy(l => l.Kind))
        {
            var before = tallies.GetValueOrDefault(ofKind.Key, Nothing);
            var (count, sum) = (before.Count, UInt128.Parse(before.Sum, NumberStyles.HexNumber, CultureInfo.InvariantCulture));
            foreach (var line in ofKind)
            {
                SHA256.HashData(line.Json.Span[..line.Compared], hash);
                sum = unchecked(sum + System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(hash));
                count++;
            }
            tallies[ofKind.Key] = new Tally(count, sum.ToString("x", CultureInfo.InvariantCulture));
        }
    }

    /// <summary>Where two sets differ, a sentence each; empty when they are equal.</summary>
    /// <param name="what">What is compared.</param>
    /// <param name="expected">As it was.</param>
    /// <param name="found">As it is.</param>
    internal static IEnumerable<string> Differences(string what, IReadOnlyDictionary<string, Tally> expected, IReadOnlyDictionary<string, Tally> found) =>
        from kind in expected.Keys.Union(found.Keys).Order(StringComparer.Ordinal)
        let was = expected.GetValueOrDefault(kind, Nothing)
        let now = found.GetValueOrDefault(kind, Nothing)
        where was != now
        select was.Count == now.Count
            ? string.Create(CultureInfo.InvariantCulture, $"{what}, {kind}: {now.Count} as expected, with other content.")
            : string.Create(CultureInfo.InvariantCulture, $"{what}, {kind}: {now.Count} instead of {was.Count}.");
}
