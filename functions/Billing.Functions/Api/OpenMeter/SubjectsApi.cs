using System.Text.Json;
using System.Text.Json.Serialization;
using Billing.Domain.Values;
using Billing.Functions.Hosting.Access;
using Billing.UseCases.Access;
using Billing.UseCases.Metering;
using Microsoft.AspNetCore.Http.Features;
using NodaTime;

namespace Billing.Functions.Api.OpenMeter;

/// <summary>Subjects, as OpenMeter's API has them: keys that usage comes under. A subject's id is its key.</summary>
public static class SubjectsApi
{
    private const int MaxSubjects = 1_000;
    private const int MaxMetadataCharacters = 65_536;

    public static void Map(IEndpointRouteBuilder app)
    {
        var subjects = app.MapGroup("/api/v1/subjects").WithTags("OpenMeter");
        subjects.MapGet("", ListAsync).Needs(Scope.Read).WithName("listSubjects");
        subjects.MapPost("", UpsertAsync).Needs(Scope.Write).WithName("upsertSubject");
        subjects.MapGet("/{subjectIdOrKey}", GetAsync).Needs(Scope.Read).WithName("getSubject");
        subjects.MapDelete("/{subjectIdOrKey}", DeleteAsync).Needs(Scope.Write).WithName("deleteSubject").Produces(StatusCodes.Status204NoContent);
    }

    /// <summary>Lists subjects: who had usage, and who was written here. A bare array.</summary>
    internal static async Task<Answer<IReadOnlyList<ShownSubject>>> ListAsync(Subjects subjects, Installation installation, CancellationToken stop)
    {
        var shown = new List<ShownSubject>();
        await foreach (var (key, facts) in subjects.ListAsync(stop)) shown.Add(Show(key, facts, installation));
        return Answers.Bare(new Outcome<IReadOnlyList<ShownSubject>>(shown));
    }

    /// <summary>Writes 1 to 1,000 subjects: an absent member stays as it is, a null one goes away. Answers them in the same order, as a bare array.</summary>
    internal static async Task<Answer<IReadOnlyList<ShownSubject>>> UpsertAsync(
        IReadOnlyList<UpsertSubject> body, Subjects subjects, Installation installation, CancellationToken stop)
    {
        if (body.Count is 0 or > MaxSubjects) return Answers.Bare<IReadOnlyList<ShownSubject>>(new Refusal("invalid_subject", $"Give 1 to {MaxSubjects} subjects, not {body.Count}.", ""));
        var changes = new List<Func<SubjectFacts, SubjectFacts>>();
        foreach (var (wanted, i) in body.Select((s, i) => (s, i)))
        {
            if (!ChangeOf(wanted, $"/{i}").Is(out var change, out var refusal)) return Answers.Bare<IReadOnlyList<ShownSubject>>(refusal);
            changes.Add(change);
        }
        var written = new List<ShownSubject>();
        foreach (var (wanted, change) in body.Zip(changes)) written.Add(Show(wanted.Key, await subjects.WriteAsync(wanted.Key, change, stop), installation));
        return Answers.Bare(new Outcome<IReadOnlyList<ShownSubject>>(written));
    }

    /// <summary>Reads a subject.</summary>
    internal static async Task<Answer<ShownSubject>> GetAsync(string subjectIdOrKey, HttpContext context, Subjects subjects, Installation installation, CancellationToken stop)
    {
        var key = KeyOf(subjectIdOrKey, context);
        return Answers.Bare((await subjects.FindAsync(key, stop)).Is(out var facts, out var refusal) ? new Outcome<ShownSubject>(Show(key, facts, installation)) : refusal);
    }

    /// <summary>Takes a subject off the list. Its usage stays and goes on being counted.</summary>
    internal static async Task<IResult> DeleteAsync(string subjectIdOrKey, HttpContext context, Subjects subjects, CancellationToken stop)
    {
        var deleted = await subjects.DeleteAsync(KeyOf(subjectIdOrKey, context), stop);
        return deleted.Refusal is null ? Results.NoContent() : Answers.Empty(deleted);
    }

    private static Outcome<Func<SubjectFacts, SubjectFacts>> ChangeOf(UpsertSubject wanted, string at)
    {
        if (wanted.Key.Length is 0 or > Subjects.MaxKeyCharacters)
            return new Refusal("invalid_subject", $"{at}/key: A key of 1 to {Subjects.MaxKeyCharacters} characters is needed here.", $"{at}/key");
        if (!Given.Read<string>(wanted.DisplayName, $"{at}/displayName").Is(out var name, out var refusal)) return refusal;
        if (!Given.Read<Dictionary<string, JsonElement>>(wanted.Metadata, $"{at}/metadata").Is(out var metadata, out refusal)) return refusal;
        if (!Given.Read<string>(wanted.StripeCustomerId, $"{at}/stripeCustomerId").Is(out var stripe, out refusal)) return refusal;
        if (!Given.Read<Instant?>(wanted.CurrentPeriodStart, $"{at}/currentPeriodStart").Is(out var start, out refusal)) return refusal;
        if (!Given.Read<Instant?>(wanted.CurrentPeriodEnd, $"{at}/currentPeriodEnd").Is(out var end, out refusal)) return refusal;
        if (stripe?.Value is { } id && !id.StartsWith("cus_", StringComparison.Ordinal))
            return new Refusal("invalid_subject", $"{at}/stripeCustomerId: An id that starts with cus_ is needed here.", $"{at}/stripeCustomerId");
        if (wanted.Metadata.ValueKind != JsonValueKind.Undefined && wanted.Metadata.GetRawText().Length > MaxMetadataCharacters)
            return new Refusal("invalid_subject", $"{at}/metadata: At most {MaxMetadataCharacters} characters are taken here.", $"{at}/metadata");
        return new Outcome<Func<SubjectFacts, SubjectFacts>>(facts => facts with
        {
            DisplayName = name is null ? facts.DisplayName : name.Value,
            Metadata = metadata is null ? facts.Metadata : metadata.Value,
            StripeCustomerId = stripe is null ? facts.StripeCustomerId : stripe.Value,
            CurrentPeriodStart = start is null ? facts.CurrentPeriodStart : start.Value,
            CurrentPeriodEnd = end is null ? facts.CurrentPeriodEnd : end.Value,
        });
    }

    // Routing leaves an escaped slash as it is, so a key with %2F in it could be either; the path as it was sent tells.
    private static string KeyOf(string routed, HttpContext context)
    {
        if (!routed.Contains("%2F", StringComparison.OrdinalIgnoreCase)) return routed;
        var path = context.Features.Get<IHttpRequestFeature>()!.RawTarget.Split('?')[0].TrimEnd('/');
        return Uri.UnescapeDataString(path[(path.LastIndexOf('/') + 1)..]);
    }

    private static ShownSubject Show(string key, SubjectFacts facts, Installation installation) => new(
        key, key, facts.DisplayName, facts.Metadata, facts.StripeCustomerId, facts.CurrentPeriodStart, facts.CurrentPeriodEnd,
        facts.CreatedAt ?? installation.EarliestUsage, facts.UpdatedAt ?? installation.EarliestUsage);

    /// <summary>A subject to write.</summary>
    /// <param name="Key">1 to 128 characters, as events have it.</param>
    internal sealed record UpsertSubject([property: JsonPropertyName("key")] string Key)
    {
        [JsonPropertyName("displayName"), ReadAs(typeof(string))]
        public JsonElement DisplayName { get; init; }

        [JsonPropertyName("metadata"), ReadAs(typeof(Dictionary<string, JsonElement>))]
        public JsonElement Metadata { get; init; }

        [JsonPropertyName("stripeCustomerId"), ReadAs(typeof(string))]
        public JsonElement StripeCustomerId { get; init; }

        [JsonPropertyName("currentPeriodStart"), ReadAs(typeof(Instant))]
        public JsonElement CurrentPeriodStart { get; init; }

        [JsonPropertyName("currentPeriodEnd"), ReadAs(typeof(Instant))]
        public JsonElement CurrentPeriodEnd { get; init; }
    }

    /// <summary>A subject: a key that usage comes under.</summary>
    /// <param name="CreatedAt">Of one that is only known by its usage: the earliest time there can be usage.</param>
    internal sealed record ShownSubject(
        [property: JsonPropertyName("id")] string Id,
        [property: JsonPropertyName("key")] string Key,
        [property: JsonPropertyName("displayName")] string? DisplayName,
        [property: JsonPropertyName("metadata")] IReadOnlyDictionary<string, JsonElement>? Metadata,
        [property: JsonPropertyName("stripeCustomerId")] string? StripeCustomerId,
        [property: JsonPropertyName("currentPeriodStart")] Instant? CurrentPeriodStart,
        [property: JsonPropertyName("currentPeriodEnd")] Instant? CurrentPeriodEnd,
        [property: JsonPropertyName("createdAt")] Instant CreatedAt,
        [property: JsonPropertyName("updatedAt")] Instant UpdatedAt);
}
