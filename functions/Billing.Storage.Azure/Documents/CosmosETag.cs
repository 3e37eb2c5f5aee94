using System.Security.Cryptography;

namespace Billing.Storage.Azure.Documents;

/// <summary>An ETag as it is given out: Cosmos' own, and the stamps of the last commits that wrote the document, the newest first.</summary>
/// <remarks>Who replaces a document hands its stamps on, so that a commit whose answer was lost is still known after others have written over it.</remarks>
/// <param name="Own">What Cosmos compares.</param>
/// <param name="Stamps">At most <see cref="Kept"/>, with dots between.</param>
internal readonly record struct CosmosETag(string Own, string Stamps)
{
    /// <summary>How many writes of others a lost answer may be late.</summary>
    public const int Kept = 12;

    private const int StampLength = 10;
    private const string StampCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    // An ETag that no document has; an empty one would be no condition at all.
    private const string NoETag = "\"none\"";

    /// <summary>The ETag of nothing: no write on it is ever done.</summary>
    public static CosmosETag None => new(NoETag, "");

    /// <summary>A stamp that no other commit has.</summary>
    public static string NewStamp() => RandomNumberGenerator.GetString(StampCharacters, StampLength);

    public static CosmosETag Parse(string text)
    {
        var space = text.IndexOf(' ', StringComparison.Ordinal);
        var own = space < 0 ? text : text[..space];
        return new(own is "" or "*" ? NoETag : own, space < 0 ? "" : text[(space + 1)..]);
    }

    /// <summary>The stamps of a document that replaces the one with this ETag.</summary>
    public string StampedWith(string stamp)
    {
        var all = Stamps.Length == 0 ? stamp : $"{stamp}.{Stamps}";
        return all.Length <= Kept * (StampLength + 1) ? all : all[..(Kept * (StampLength + 1) - 1)];
    }

    /// <summary>True when the commit is one of the last that wrote the document.</summary>
    public bool Has(string stamp) => Stamps.Split('.').Contains(stamp);

    public override string ToString() => Stamps.Length == 0 ? Own : $"{Own} {Stamps}";
}
