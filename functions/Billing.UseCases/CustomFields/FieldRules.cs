using Billing.Domain.Contracts;
using Billing.Domain.Credits;
using Billing.Domain.Values;
using Billing.UseCases.Documents;
using NodaTime;
using Fields = System.Collections.Generic.IReadOnlyDictionary<string, string>;

namespace Billing.UseCases.CustomFields;

/// <summary>Fields that a thing is to have.</summary>
internal sealed record WantedFields(FieldEntity Entity, string Id, Fields Fields)
{
    /// <summary>Those of a contract and of its terms, commits and credits left out.</summary>
    public static IReadOnlyList<WantedFields> Of(Contract contract) =>
    [
        new(FieldEntity.Contract, contract.Id, contract.CustomFields),
        .. contract.ScheduledCharges.Select(c => new WantedFields(c.Kind == ScheduledKind.Discount ? FieldEntity.Discount : FieldEntity.ScheduledCharge, c.Id, c.CustomFields)),
        .. contract.ProfessionalServices.Select(s => new WantedFields(FieldEntity.ProfessionalService, s.Id, s.CustomFields)),
        .. contract.Subscriptions.Select(s => new WantedFields(FieldEntity.Subscription, s.Id, s.CustomFields)),
    ];

    /// <summary>Those of a commit or credit.</summary>
    public static WantedFields Of(Commit commit) => new(commit.Type == CommitType.Credit ? FieldEntity.ContractCredit : FieldEntity.Commit, commit.Id, commit.CustomFields);
}

/// <summary>A value that is a thing's own, or will be.</summary>
/// <param name="ETag">Of the claim as it was found or made.</param>
internal sealed record ClaimedValue(Place Place, string Key, string Value, string Id, string ETag);

/// <summary>What custom fields must keep to, whoever sets them: bounds, and values that no two things may share.</summary>
internal sealed class FieldRules(IDocumentStore store, IClock clock)
{
    public const int MaxKeyLength = 128;
    public const int MaxValueLength = 200;
    private const int MaxFields = 100;
    private const string Kind = "custom-field-value";

    // So long a thing may be on its way, whose value was taken before it is kept.
    private static readonly Duration OnItsWay = Duration.FromMinutes(1);
    private readonly FieldKeys keys = new(store);
    private readonly FindHolders holders = new(store);

    /// <summary>The refusal of fields out of bounds, or null.</summary>
    public static Refusal? Check(Fields fields)
    {
        if (fields.Count > MaxFields) return new Refusal("too_many_custom_fields", $"At most {MaxFields} custom fields are kept.", "/custom_fields");
        foreach (var (key, value) in fields)
        {
            if (key.Length is 0 or > MaxKeyLength) return new Refusal("bad_custom_field", $"The key of a custom field has 1 to {MaxKeyLength} characters.", "/custom_fields");
            if (value is null || value.Length > MaxValueLength) return new Refusal("bad_custom_field", $"The value of a custom field is text of at most {MaxValueLength} characters.", "/custom_fields/" + key);
        }
        return null;
    }

    /// <summary>Null when things may have these fields, whose values are then theirs where keys ask for it; else the refusal. Comes before the things are kept; may be repeated.</summary>
    public async Task<Refusal?> AdmitAsync(IReadOnlyCollection<WantedFields> wanted, CancellationToken stop) => (await ClaimAsync(wanted, stop)).Refusal;

    /// <summary>As <see cref="AdmitAsync"/>; a thing that is there already must confirm what it claimed once it has it.</summary>
    public async Task<Outcome<IReadOnlyList<ClaimedValue>>> ClaimAsync(IReadOnlyCollection<WantedFields> wanted, CancellationToken stop)
    {
        var claimed = new List<ClaimedValue>();
        if (wanted.All(w => w.Fields.Count == 0)) return claimed;
        foreach (var of in wanted)
            if (Check(of.Fields) is { } wrong) return wrong;
        var unique = (await keys.AllAsync(stop)).Where(k => k.EnforceUniqueness && !k.Leaving).ToLookup(k => k.Entity, k => k.Key);
        foreach (var of in wanted)
            foreach (var key in unique[of.Entity].Where(of.Fields.ContainsKey))
            {
                if (!(await ClaimAsync(of.Entity, key, of.Fields[key], of.Id, stop)).Is(out var claim, out var taken)) return taken;
                claimed.Add(claim);
            }
        return claimed;
    }

    /// <summary>Makes a claim good once the thing has the value; false when another took it before it had.</summary>
    /// <remarks>The claim is written anew, so that whoever looked before the thing had the value can't take it any more.</remarks>
    public async Task<bool> ConfirmAsync(ClaimedValue claim, CancellationToken stop) =>
        await store.TryAsync(claim.Place, new Write.Replace(claim.Place.Keep(Kind, Kind, new FieldClaim(claim.Id, clock.GetCurrentInstant())), claim.ETag), stop)
        || (await store.FindAsync<FieldClaim>(claim.Place, Kind, stop))?.Value.Id == claim.Id;

    /// <summary>The same of a contract with its terms, and commits.</summary>
    public Task<Refusal?> AdmitTermsAsync(Contract? contract, IEnumerable<Commit> commits, CancellationToken stop) =>
        AdmitAsync([.. contract is null ? [] : WantedFields.Of(contract), .. commits.Where(c => c.RecurringCommitId is null).Select(WantedFields.Of)], stop);

    /// <summary>Makes a value a thing's own; the refusal when another has it.</summary>
    public async Task<Outcome<ClaimedValue>> ClaimAsync(FieldEntity entity, string key, string value, string id, CancellationToken stop)
    {
        var place = new Place(Container.Catalog, Kind, LookupKey.Of($"{entity}\n{key}\n{value}"));
        while (true)
        {
            var found = await store.FindAsync<FieldClaim>(place, Kind, stop);
            if (found?.Value.Id == id) return new ClaimedValue(place, key, value, id, found.ETag);
            if (found is not null)
            {
                var isUsed = await holders.FindAsync(entity, found.Value.Id, stop) is { } holder
                    ? holder.Fields.TryGetValue(key, out var has) && has == value
                    : clock.GetCurrentInstant() < found.Value.At + OnItsWay;
                if (isUsed) return NotUnique(entity, key, value, found.Value.Id);
            }
            var claim = place.Keep(Kind, Kind, new FieldClaim(id, clock.GetCurrentInstant()));
            var done = await store.CommitAsync(place, [found is null ? new Write.Create(claim) : new Write.Replace(claim, found.ETag)], stop);
            if (done.Done) return new ClaimedValue(place, key, value, id, done.ETags[0]);
        }
    }

    internal static Refusal NotUnique(FieldEntity entity, string key, string value, string holder) =>
        new("custom_field_not_unique", $"{Name(entity)} {holder} has the value '{value}' of '{key}', and no two may have the same.", "/custom_fields/" + key, RefusalKind.Conflict);

    internal static string Name(FieldEntity entity) => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(entity.ToString());

    /// <summary>Whose a value is: it counts while the thing has the value, or may still come to be.</summary>
    private sealed record FieldClaim(string Id, Instant At);
}
