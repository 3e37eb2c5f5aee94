namespace Billing.UseCases.Idempotency;

/// <summary>An HTTP answer that can be given again.</summary>
/// <param name="Status">100 to 499; an answer of 500 and more is never stored.</param>
/// <param name="ContentType">As it was sent; null without a body.</param>
/// <param name="Body">The bytes.</param>
public sealed record Answered(int Status, string? ContentType, ReadOnlyMemory<byte> Body);

/// <summary>Who repeats what: the three texts that make a stored answer findable and readable.</summary>
/// <param name="Owner">Id of the API key; one owner never sees another's answers.</param>
/// <param name="Key">The Idempotency-Key header.</param>
/// <param name="Secret">The token the owner sent: the answer is encrypted under it, because some answers carry secrets.</param>
/// <param name="Request">SHA-256 of method, path and body, in hex.</param>
public sealed record RepeatableRequest(string Owner, string Key, string Secret, string Request)
{
    public override string ToString() => $"{Owner}, request {Request}";
}

/// <summary>What the store knows about a repeated request.</summary>
public abstract record Repeat
{
    private Repeat()
    {
    }

    /// <summary>Never seen, or so long ago that it is forgotten.</summary>
    public sealed record None : Repeat;

    /// <summary>Same key, same request: this was the answer.</summary>
    public sealed record Same(Answered Answer) : Repeat;

    /// <summary>Same key, another request.</summary>
    public sealed record Other : Repeat;
}
