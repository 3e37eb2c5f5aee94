using Billing.Domain.Values;
using NodaTime;

namespace Billing.Domain.Contracts;

/// <summary>A time in which a usage key belongs to a customer.</summary>
/// <param name="From">Null: from the beginning.</param>
/// <param name="Until">Exclusive; null while the customer has the key.</param>
public sealed record OwnershipSpan(string CustomerId, Instant? From, Instant? Until);

/// <summary>Whose the usage under one key is, through time.</summary>
/// <remarks>
/// The first owner has the key from the beginning, so that usage may come before its customer. When the key moves, the old owner keeps the
/// usage up to the end of their last final usage period (what was invoiced stays theirs, also when more of it comes late), and the next owner
/// has it from there. Invariant: the spans follow one another from the beginning without gap or overlap; only the last may be open.
/// </remarks>
public sealed record KeyOwnership(string Key, IReadOnlyList<OwnershipSpan> Spans)
{
    /// <summary>A key that nobody has had.</summary>
    public static KeyOwnership Unclaimed(string key) => new(key, []);

    /// <summary>Who has the key now, or null.</summary>
    public string? Owner => Spans.Count > 0 && Spans[^1].Until is null ? Spans[^1].CustomerId : null;

    /// <summary>Gives the key to a customer; nothing changes when they have it.</summary>
    /// <remarks>Errors: refused as a conflict, naming the owner, while another customer has it.</remarks>
    public Outcome<KeyOwnership> Claim(string customerId)
    {
        if (Owner == customerId) return this;
        if (Owner is { } owner) return Taken(Key, owner);
        var last = Spans.Count > 0 ? Spans[^1] : null;
        // Who takes back what they had last simply goes on with it.
        return last?.CustomerId == customerId
            ? this with { Spans = [.. Spans.SkipLast(1), last with { Until = null }] }
            : this with { Spans = [.. Spans, new OwnershipSpan(customerId, last?.Until, null)] };
    }

    /// <summary>Takes the key from its owner; nothing changes when it is not theirs.</summary>
    /// <param name="customerId">The owner.</param>
    /// <param name="finalThrough">End of their last final usage period; null when none is final, and then they keep nothing.</param>
    public KeyOwnership Release(string customerId, Instant? finalThrough)
    {
        if (Owner != customerId) return this;
        var span = Spans[^1];
        var kept = finalThrough is not null && !(finalThrough <= span.From);
        return this with { Spans = kept ? [.. Spans.SkipLast(1), span with { Until = finalThrough }] : [.. Spans.SkipLast(1)] };
    }

    /// <summary>The spans of one customer, as they are kept with the customer.</summary>
    public IEnumerable<OwnedKey> Of(string customerId) =>
        Spans.Where(s => s.CustomerId == customerId).Select(s => new OwnedKey(Key, s.From, s.Until));

    /// <summary>The refusal of a key that another customer has.</summary>
    public static Refusal Taken(string key, string owner) => new(
        "alias_taken", $"The ingest alias '{key}' belongs to customer {owner}; remove it there first.", "/ingest_aliases", RefusalKind.Conflict);
}
