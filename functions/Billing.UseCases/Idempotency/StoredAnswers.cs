using System.Security.Cryptography;
using System.Text;
using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.UseCases.Idempotency;

/// <summary>Answers kept for repeated requests, by (owner, Idempotency-Key).</summary>
/// <remarks>
/// Bodies are encrypted (AES-256-GCM) under a key that derives from the owner's token and the Idempotency-Key, neither of which is
/// stored: an answer that shows an API key or a webhook secret once is not readable from the store afterwards.
/// </remarks>
public sealed class StoredAnswers(IDocumentStore store, IClock clock)
{
    public const string Kind = "idempotency";

    /// <summary>An answer with a larger body is not kept (bytes); the request's derived ids still protect what it made.</summary>
    public const int MaxBodyBytes = 900_000;

    /// <summary>How long an answer is kept.</summary>
    public static readonly Duration Life = Duration.FromDays(7);

    private const int NonceBytes = 12;
    private const int TagBytes = 16;

    private sealed record Kept(string Request, int Status, string? ContentType, string Sealed);

    /// <summary>Looks for the answer to a request.</summary>
    public async Task<Repeat> FindAsync(RepeatableRequest request, CancellationToken stop)
    {
        var stored = await store.ReadAsync(PlaceOf(request.Owner), IdOf(request.Key), stop);
        if (stored is null || stored.Document.Due <= clock.GetCurrentInstant()) return new Repeat.None();
        var kept = StoredJson.Read<Kept>(stored);
        if (kept.Request != request.Request) return new Repeat.Other();
        // A rotated BILLING_API_KEY keeps its owner and can't read what was kept before: the request runs again, on the same derived ids.
        return Open(request, kept.Sealed) is { } body
            ? new Repeat.Same(new Answered(kept.Status, kept.ContentType, body))
            : new Repeat.None();
    }

    /// <summary>Keeps an answer, unless another process was first; then the answer of the first is what counts and is returned.</summary>
    public async Task<Repeat> KeepAsync(RepeatableRequest request, Answered answer, CancellationToken stop)
    {
        if (answer.Status >= 500 || answer.Body.Length > MaxBodyBytes) return new Repeat.None();
        var place = PlaceOf(request.Owner);
        var id = IdOf(request.Key);
        var kept = new Kept(request.Request, answer.Status, answer.ContentType, Seal(request, answer.Body));
        var document = new Document(place, id, Kind, StoredJson.Write(kept), clock.GetCurrentInstant() + Life);
        if ((await store.CommitAsync(place, [new Write.Create(document)], stop)).Done) return new Repeat.None();
        if (await FindAsync(request, stop) is not Repeat.None and var first) return first;
        await store.CommitAsync(place, [new Write.Upsert(document)], stop);
        return new Repeat.None();
    }

    /// <summary>Forgets what has expired, at most <paramref name="limit"/> answers. Safe to run twice at once.</summary>
    /// <returns>How many were due.</returns>
    public async Task<int> SweepAsync(int limit, CancellationToken stop)
    {
        var expired = await store.DueAsync(Container.Catalog, Kind, clock.GetCurrentInstant(), limit, stop);
        foreach (var one in expired)
            await store.CommitAsync(one.Document.Place, [new Write.Delete(one.Document.Id, one.ETag)], stop);
        return expired.Count;
    }

    private static Place PlaceOf(string owner) => new(Container.Catalog, Kind, owner);

    private static string IdOf(string key) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));

    private static byte[] SealingKey(RepeatableRequest request) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(request.Secret), 32, Encoding.UTF8.GetBytes(request.Key));

    private static string Seal(RepeatableRequest request, ReadOnlyMemory<byte> body)
    {
        var result = new byte[NonceBytes + TagBytes + body.Length];
        var nonce = result.AsSpan(0, NonceBytes);
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(SealingKey(request), TagBytes);
        aes.Encrypt(nonce, body.Span, result.AsSpan(NonceBytes + TagBytes), result.AsSpan(NonceBytes, TagBytes));
        return Convert.ToBase64String(result);
    }

    private static byte[]? Open(RepeatableRequest request, string text)
    {
        var bytes = Convert.FromBase64String(text);
        var body = new byte[bytes.Length - NonceBytes - TagBytes];
        using var aes = new AesGcm(SealingKey(request), TagBytes);
        try
        {
            aes.Decrypt(bytes.AsSpan(0, NonceBytes), bytes.AsSpan(NonceBytes + TagBytes), bytes.AsSpan(NonceBytes, TagBytes), body);
            return body;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }
}
