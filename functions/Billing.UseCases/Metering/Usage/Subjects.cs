using System.Text.Json;
using Billing.Domain.Values;
using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.UseCases.Metering;

/// <summary>What is said about a subject: a key that usage comes under. Usage needs none of it.</summary>
/// <param name="DisplayName">For people.</param>
/// <param name="Metadata">Whatever the caller keeps there.</param>
/// <param name="StripeCustomerId">Kept for the caller; billing does not read it.</param>
/// <param name="CurrentPeriodStart">Kept for the caller.</param>
/// <param name="CurrentPeriodEnd">Kept for the caller.</param>
/// <param name="CreatedAt">Null when the subject is only known by its usage.</param>
/// <param name="UpdatedAt">Of what is said here, not of its usage.</param>
/// <param name="DeletedAt">Off the list until it is written again; its usage stays and goes on being counted.</param>
public sealed record SubjectFacts(
    string? DisplayName = null, IReadOnlyDictionary<string, JsonElement>? Metadata = null, string? StripeCustomerId = null,
    Instant? CurrentPeriodStart = null, Instant? CurrentPeriodEnd = null, Instant? CreatedAt = null, Instant? UpdatedAt = null, Instant? DeletedAt = null);

/// <summary>Subjects: written, read, listed and taken off the list. They share their documents with <see cref="KnownKeys"/>.</summary>
public sealed class Subjects(IDocumentStore documents, IClock clock)
{
    /// <summary>Longest key, as in events.</summary>
    public const int MaxKeyCharacters = 128;

    private const int PerPage = 1_000;

    /// <summary>The subject; refused when its key never had usage and was never written, or is deleted.</summary>
    public async Task<Outcome<SubjectFacts>> FindAsync(string key, CancellationToken stop) =>
        await ReadAsync(key, stop) is { } found && found.Facts.DeletedAt is null ? found.Facts : NotFound(key);

    /// <summary>All subjects that are not deleted, with their keys, in a stable order.</summary>
    public async IAsyncEnumerable<(string Key, SubjectFacts Facts)> ListAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken stop)
    {
        for (string? next = null; ;)
        {
            var page = await documents.OfKindAsync(Container.Catalog, KnownKeys.Kind, next, PerPage, stop);
            foreach (var stored in page.Items)
                if (StoredJson.Read<SubjectFacts>(stored) is { DeletedAt: null } facts) yield return (stored.Document.Place.Second, facts);
            if ((next = page.Next) is null) yield break;
        }
    }

    /// <summary>Writes what is said about a subject, and makes it when it is not there. Safe to repeat.</summary>
    public async Task<SubjectFacts> WriteAsync(string key, Func<SubjectFacts, SubjectFacts> change, CancellationToken stop)
    {
        while (true)
        {
            var found = await ReadAsync(key, stop);
            var now = clock.GetCurrentInstant();
            // A deleted one begins anew.
            var before = found is { Facts.DeletedAt: null } ? found.Value.Facts : new SubjectFacts();
            var after = change(before) with { CreatedAt = before.CreatedAt ?? now, UpdatedAt = now };
            if (await TryWriteAsync(key, after, found?.ETag, stop)) return after;
        }
    }

    /// <summary>Takes a subject off the list; refused when it is not on it.</summary>
    public async Task<Outcome<SubjectFacts>> DeleteAsync(string key, CancellationToken stop)
    {
        while (await ReadAsync(key, stop) is { Facts.DeletedAt: null } found)
        {
            var deleted = new SubjectFacts(CreatedAt: found.Facts.CreatedAt, DeletedAt: clock.GetCurrentInstant());
            if (await TryWriteAsync(key, deleted, found.ETag, stop)) return deleted;
        }
        return NotFound(key);
    }

    private async Task<(SubjectFacts Facts, string ETag)?> ReadAsync(string key, CancellationToken stop) =>
        key.Length is > 0 and <= MaxKeyCharacters && await documents.ReadAsync(PlaceOf(key), KnownKeys.Kind, stop) is { } stored
            ? (StoredJson.Read<SubjectFacts>(stored), stored.ETag)
            : null;

    private async Task<bool> TryWriteAsync(string key, SubjectFacts facts, string? etag, CancellationToken stop)
    {
        var document = new Document(PlaceOf(key), KnownKeys.Kind, KnownKeys.Kind, StoredJson.Write(facts));
        return (await documents.CommitAsync(document.Place, [etag is null ? new Write.Create(document) : new Write.Replace(document, etag)], stop)).Done;
    }

    private static Refusal NotFound(string key) => new("subject_not_found", $"There is no subject '{key}'.", null, RefusalKind.NotFound);

    private static Place PlaceOf(string key) => new(Container.Catalog, KnownKeys.Kind, key);
}
