using System.Text.Json.Serialization;
using Billing.Domain.Values;
using NodaTime;

namespace Billing.Domain.Contracts;

/// <summary>A usage key and the time in which its usage is a customer's; null bounds: from the beginning, without end.</summary>
public sealed record OwnedKey(string Key, Instant? From, Instant? Until);

/// <summary>Who is billed.</summary>
/// <param name="Name">At most 160 characters; longer names are cut.</param>
/// <param name="IngestAliases">Further keys that producers may send instead of the id; unique among all customers.</param>
/// <param name="Keys">Every usage key owned now (the id among them) or once.</param>
public sealed record Customer(
    string Id,
    string Name,
    IReadOnlyList<string> IngestAliases,
    IReadOnlyList<OwnedKey> Keys,
    IReadOnlyDictionary<string, string> CustomFields,
    Instant CreatedAt,
    Instant UpdatedAt,
    Instant? ArchivedAt)
{
    /// <summary>Its account in Salesforce, when one was told.</summary>
    public string? SalesforceAccountId { get; init; }

    /// <summary>True when its invoices at the payment provider wait for a person to send them.</summary>
    public bool? LeaveStripeInvoicesInDraft { get; init; }

    /// <summary>How it is known to billing providers, archived ones too.</summary>
    public IReadOnlyList<BillingConfiguration> BillingConfigurations { get; init; } = [];

    /// <summary>How its invoices address it; null: by its name alone.</summary>
    public Party? BilledAs { get; init; }

    /// <summary>As its invoices address it.</summary>
    [JsonIgnore]
    public Party Addressee => BilledAs ?? new Party(Name, []);

    public const int MaxNameLength = 160;
    public const int MaxAliases = 2000;
    public const int MaxAliasLength = 128;

    /// <summary>True when the key is the customer's now.</summary>
    public bool Owns(string key) => Keys.Any(k => k.Until is null && string.Equals(k.Key, key, StringComparison.Ordinal));

    /// <summary>The name as it is kept: cut at 160 characters, never in the middle of one.</summary>
    public static string Cut(string name)
    {
        if (name.Length <= MaxNameLength) return name;
        return char.IsHighSurrogate(name[MaxNameLength - 1]) ? name[..(MaxNameLength - 1)] : name[..MaxNameLength];
    }

    /// <summary>The refusal for a name, or null.</summary>
    public static Refusal? CheckName(string name) =>
        string.IsNullOrWhiteSpace(name) ? new Refusal("name_missing", "A customer needs a name.", "/name") : null;

    /// <summary>The refusal for a set of aliases, or null.</summary>
    public static Refusal? CheckAliases(IReadOnlyList<string> aliases)
    {
        if (aliases.Count > MaxAliases)
        {
            return new Refusal("too_many_aliases", $"A customer has at most {MaxAliases} ingest aliases.", "/ingest_aliases");
        }
        return aliases.Any(a => a.Length is 0 or > MaxAliasLength)
            ? new Refusal("bad_alias", $"An ingest alias has 1 to {MaxAliasLength} characters.", "/ingest_aliases")
            : null;
    }
}
