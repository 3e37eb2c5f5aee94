using System.Text.Json.Nodes;
using Billing.UseCases.Documents;

namespace Billing.UseCases.Access;

/// <summary>What a request did to one thing.</summary>
/// <param name="Kind">Of the document that holds it.</param>
/// <param name="Before">The members that differ, as they were; null when it was made.</param>
/// <param name="After">The members that differ, as they are; null when it was deleted.</param>
/// <param name="IsCut">True when before and after are left out, since all of the request's changes would be too long.</param>
public sealed record RecordedChange(string Kind, string Id, JsonNode? Before, JsonNode? After, bool IsCut = false);

/// <summary>Gathers what the commits of one request change, for its audit entry.</summary>
/// <remarks>Bounds: 100 things and 64 KB; of what comes later only the names are kept, and after 1,000 nothing. Secrets and hashes are never kept.</remarks>
public sealed class RecordedChanges
{
    private const int MaxChanges = 100;
    private const int MaxNames = 1_000;
    private const int MaxBytes = 64 * 1024;
    private const string Hidden = "(secret)";

    // What somebody made or changed; the rest are heads, sums, indexes, claims and past versions, which say nothing more.
    private static readonly HashSet<string> Told =
    [
        "alert", "api-key", "commit", "contract", "credit-memo", "custom-field-keys", "customer", "invoice", "ledger-entries", "meter", "named-schedule", "package", "parked", "pricing-unit",
        "product", "rate-card", "rates", "settings", "subject", "usage-key", "webhook-endpoint",
    ];

    private readonly Lock gate = new();
    private readonly List<RecordedChange> changes = [];
    private int bytes;
    private bool isClosed;

    /// <summary>True for documents whose changes are kept.</summary>
    public static bool Tells(string kind) => Told.Contains(kind);

    /// <summary>What was changed, in order; nothing is added any more.</summary>
    public IReadOnlyList<RecordedChange> Close()
    {
        lock (gate)
        {
            isClosed = true;
            return changes;
        }
    }

    /// <summary>Adds a document that was committed.</summary>
    /// <param name="before">As it was; null: it is new.</param>
    /// <param name="after">As it is; null: it is gone.</param>
    public void Add(Document? before, Document? after)
    {
        var (was, became) = (Read(before), Read(after));
        var id = IdOf(became ?? was, (after ?? before)!);
        var (old, fresh) = Differing(was, became);
        lock (gate)
        {
            if (isClosed || changes.Count >= MaxNames) return;
            var length = (before?.Body.Length ?? 0) + (after?.Body.Length ?? 0);
            var isCut = changes.Count >= MaxChanges || bytes + length > MaxBytes;
            if (!isCut) bytes += length;
            changes.Add(new RecordedChange((after ?? before)!.Kind, id, isCut ? null : old, isCut ? null : fresh, isCut));
        }
    }

    // Its own, or that of what it is around; else a document that is alone in its partition is named by that.
    private static string IdOf(JsonNode? value, Document document)
    {
        var named = value is JsonObject whole ? whole["id"] ?? (whole[document.Kind] as JsonObject)?["id"] : null;
        return named is JsonValue text && text.TryGetValue<string>(out var id) ? id
            : document.Id == document.Kind && document.Place.Second.Length > 0 ? document.Place.Second : document.Id;
    }

    private static JsonNode? Read(Document? document)
    {
        if (document is null) return null;
        var read = JsonNode.Parse(document.Body.Span);
        return read is JsonObject { Count: 2 } kept && kept.ContainsKey("schema") && kept["value"] is { } value ? value.DeepClone() : read;
    }

    private static (JsonNode? Before, JsonNode? After) Differing(JsonNode? before, JsonNode? after)
    {
        if (before is not JsonObject was || after is not JsonObject became) return (WithoutSecrets(before), WithoutSecrets(after));
        var names = was.Select(p => p.Key).Union(became.Select(p => p.Key)).Where(n => !JsonNode.DeepEquals(was[n], became[n])).ToList();
        return (WithoutSecrets(Only(was, names)), WithoutSecrets(Only(became, names)));
    }

    private static JsonObject Only(JsonObject of, List<string> names) => new(names.Where(of.ContainsKey).Select(n => KeyValuePair.Create(n, of[n]?.DeepClone())));

    private static JsonNode? WithoutSecrets(JsonNode? node)
    {
        if (node is not JsonObject members) return node;
        foreach (var name in members.Select(m => m.Key).Where(n => n.Contains("secret", StringComparison.OrdinalIgnoreCase) || n == "hash").ToList()) members[name] = Hidden;
        return members;
    }
}
