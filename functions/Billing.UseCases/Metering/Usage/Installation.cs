using System.Security.Cryptography;
using Billing.Domain.Values;
using Billing.UseCases.Documents;
using Billing.UseCases.Moving;
using NodaTime;

namespace Billing.UseCases.Metering;

/// <summary>What an installation has once and for ever: its hash key, and since when it can have usage.</summary>
/// <param name="HashKey">16 bytes as base64; moves with an export.</param>
/// <param name="EarliestUsage">No event is older: the first start, less the time events may come late.</param>
public sealed record Installation(string HashKey, Instant EarliestUsage)
{
    public const string Kind = "installation";
    internal static readonly Place Place = new(Container.Catalog, Kind);

    /// <summary>Set while nothing may be changed, for it is being moved, or was; null otherwise.</summary>
    public Hold? Held { get; init; }

    /// <summary>The export that was imported here last; null for none.</summary>
    public string? ImportedFrom { get; init; }

    public HashKey Secret => Domain.Values.HashKey.From(Convert.FromBase64String(HashKey));

    /// <summary>Reads the installation; the first call makes it.</summary>
    public static async Task<Installation> OpenAsync(IDocumentStore documents, UsageLimits limits, Instant now, CancellationToken stop)
    {
        while (true)
        {
            var earliest = now - limits.Behind - Duration.FromDays(1);
            if (await documents.ReadAsync(Place, Kind, stop) is not { } stored)
            {
                var made = new Installation(Convert.ToBase64String(RandomNumberGenerator.GetBytes(16)), earliest);
                if ((await documents.CommitAsync(Place, [new Write.Create(DocumentOf(made))], stop)).Done) return made;
                continue;
            }
            var known = StoredJson.Read<Installation>(stored);
            if (known.EarliestUsage <= earliest) return known;
            // A clock set back, or a raised limit, admits older events.
            var older = known with { EarliestUsage = earliest };
            if ((await documents.CommitAsync(Place, [new Write.Replace(DocumentOf(older), stored.ETag)], stop)).Done) return older;
        }
    }

    /// <summary>Since when there can be usage, as it stands now: a clock set back moves it.</summary>
    public static async Task<Instant> EarliestUsageAsync(IDocumentStore documents, CancellationToken stop) =>
        StoredJson.Read<Installation>((await documents.ReadAsync(Place, Kind, stop))!).EarliestUsage;

    /// <summary>The installation as it is stored now; null when there is none.</summary>
    public static async Task<(Installation Installation, string ETag)?> ReadAsync(IDocumentStore documents, CancellationToken stop) =>
        await documents.ReadAsync(Place, Kind, stop) is { } stored ? (StoredJson.Read<Installation>(stored), stored.ETag) : null;

    /// <summary>Changes who holds the installation: null for nobody.</summary>
    /// <exception cref="InvalidOperationException">There is no installation, or another holds it than was said.</exception>
    internal static async Task HoldAsync(IDocumentStore documents, string? expected, Hold? hold, CancellationToken stop)
    {
        while (true)
        {
            var (installation, etag) = await ReadAsync(documents, stop) ?? throw new InvalidOperationException("The stores hold no installation.");
            if (installation.Held?.Id != expected) throw new InvalidOperationException("The installation was let go, or another command holds it now: this one ends here. Run it again.");
            if (await documents.TryAsync(Place, new Write.Replace(DocumentOf(installation with { Held = hold }), etag), stop)) return;
        }
    }

    internal static Document DocumentOf(Installation installation) => new(Place, Kind, Kind, StoredJson.Write(installation));
}
