using Billing.Domain.Values;
using Billing.UseCases.Contracts;
using Billing.UseCases.Documents;
using NodaTime;
using Fields = System.Collections.Generic.IReadOnlyDictionary<string, string>;

namespace Billing.UseCases.CustomFields;

/// <summary>Keys of custom fields, and their values on things that exist.</summary>
public sealed class CustomFields(IDocumentStore store, IClock clock)
{
    private readonly Accounts accounts = new(store);
    private readonly FieldKeys keys = new(store);
    private readonly FieldRules rules = new(store, clock);
    private readonly FindHolders holders = new(store);

    /// <summary>The keys that take values, of all entities or of some.</summary>
    public async Task<IReadOnlyList<FieldKey>> KeysAsync(IReadOnlyCollection<FieldEntity>? entities, CancellationToken stop) =>
        [.. (await keys.AllAsync(stop)).Where(k => !k.Leaving && (entities is null || entities.Contains(k.Entity)))];

    /// <summary>Adds a key; the same once more does nothing. Errors: refused for one that must be unique while things share values of it.</summary>
    public async Task<Outcome<FieldKey>> AddKeyAsync(FieldEntity entity, string key, bool enforceUniqueness, CancellationToken stop)
    {
        if (key.Length is 0 or > FieldRules.MaxKeyLength) return new Refusal("bad_custom_field", $"The key of a custom field has 1 to {FieldRules.MaxKeyLength} characters.", "/key");
        if (IsUnknown(entity) is { } unknown) return unknown;
        var added = new FieldKey(entity, key, enforceUniqueness, clock.GetCurrentInstant());
        var isNew = false;
        var changed = await keys.ChangeAsync(
            all =>
            {
                isNew = false;
                if (all.FirstOrDefault(k => k.Entity == entity && k.Key == key) is { } there)
                    return there.Leaving
                        ? new Refusal("custom_field_key_leaving", $"The key '{key}' is being removed; call removeKey once more to the end of it.", "/key", RefusalKind.Conflict)
                        : there.EnforceUniqueness == enforceUniqueness
                        ? new Outcome<IReadOnlyList<FieldKey>>(all)
                        : new Refusal("custom_field_key_exists", $"There is a key '{key}' that says otherwise of uniqueness; remove it first.", "/key", RefusalKind.Conflict);
                isNew = true;
                return new Outcome<IReadOnlyList<FieldKey>>([.. all, added]);
            },
            stop);
        if (changed.Refusal is { } refusal) return refusal;
        if (!isNew || !enforceUniqueness) return added;
        // The key first, so that whatever is set from here on is watched; then what was there before it.
        await foreach (var holder in holders.AllAsync(entity, stop))
            if (holder.Fields.TryGetValue(key, out var value) && (await rules.ClaimAsync(entity, key, value, holder.Id, stop)).Refusal is { } shared)
            {
                await DropKeyAsync(entity, key, stop);
                return shared with { Field = "/enforce_uniqueness" };
            }
        return added;
    }

    /// <summary>Removes a key with all its values. May be repeated; one that broke off is carried on with.</summary>
    public async Task<Outcome<bool>> RemoveKeyAsync(FieldEntity entity, string key, CancellationToken stop)
    {
        var leaving = await keys.ChangeAsync(
            all => all.Any(k => k.Entity == entity && k.Key == key)
                ? new Outcome<IReadOnlyList<FieldKey>>([.. all.Select(k => k.Entity == entity && k.Key == key ? k with { Leaving = true } : k)])
                : NoKey(entity, key, "/key"),
            stop);
        if (leaving.Refusal is { } refusal) return refusal;
        await foreach (var holder in holders.AllAsync(entity, stop))
            if (holder.Fields.ContainsKey(key)) await ChangeAsync(entity, holder.Id, fields => Without(fields, [key]), stop);
        await DropKeyAsync(entity, key, stop);
        return true;
    }

    /// <summary>Sets values of a thing, all or none; others stay.</summary>
    public async Task<Outcome<bool>> SetAsync(FieldEntity entity, string id, Fields values, CancellationToken stop)
    {
        if ((IsUnknown(entity) ?? FieldRules.Check(values)) is { } wrong) return wrong;
        var known = await KeysAsync([entity], stop);
        if (values.Keys.FirstOrDefault(key => !known.Any(k => k.Key == key)) is { } missing) return NoKey(entity, missing, "/custom_fields/" + missing);
        if (await holders.FindAsync(entity, id, stop) is not { } before) return NotFound(entity, id);
        if (!(await rules.ClaimAsync([new WantedFields(entity, id, values)], stop)).Is(out var claimed, out var refusal)) return refusal;
        var done = await ChangeAsync(entity, id, fields => new Dictionary<string, string>([.. fields.Where(f => !values.ContainsKey(f.Key)), .. values]), stop);
        if (done.Refusal is not null) return done;
        foreach (var claim in claimed)
        {
            if (await rules.ConfirmAsync(claim, stop)) continue;
            // Another took the value before it was here: all of them go back to what they were.
            await ChangeAsync(entity, id, fields => new Dictionary<string, string>(
                [.. fields.Where(f => !(values.TryGetValue(f.Key, out var set) && set == f.Value)), .. before.Fields.Where(f => values.TryGetValue(f.Key, out var set) && fields.GetValueOrDefault(f.Key) == set)]), stop);
            return new Refusal("custom_field_not_unique", $"Another {FieldRules.Name(entity)} was given the value '{claim.Value}' of '{claim.Key}' at the same time, and no two may have the same.", "/custom_fields/" + claim.Key, RefusalKind.Conflict);
        }
        return done;
    }

    /// <summary>Deletes values of a thing; what it has not is passed over.</summary>
    public async Task<Outcome<bool>> DeleteAsync(FieldEntity entity, string id, IReadOnlyCollection<string> gone, CancellationToken stop) =>
        IsUnknown(entity) is { } unknown ? unknown : await ChangeAsync(entity, id, fields => Without(fields, gone), stop);

    private async Task<Outcome<bool>> ChangeAsync(FieldEntity entity, string id, Func<Fields, Fields> change, CancellationToken stop)
    {
        while (true)
        {
            if (await holders.FindAsync(entity, id, stop) is not { } holder) return NotFound(entity, id);
            if (holder.CustomerId is { } customerId)
                return await accounts.ChangeAsync<bool>(
                    customerId,
                    async head => (await WriteAsync()).Is(out var inAccount, out var refused) ? new AccountChange<bool>(true, head, [inAccount]) : refused,
                    stop);
            if (!(await WriteAsync()).Is(out var write, out var refusal)) return refusal;
            if (await store.TryAsync(holder.In.Document.Place, write, stop)) return true;
        }

        async Task<Outcome<Write>> WriteAsync()
        {
            if (await holders.FindAsync(entity, id, stop) is not { } now) return NotFound(entity, id);
            var fields = change(now.Fields);
            return FieldRules.Check(fields) is { } tooMany ? tooMany : new Write.Replace(now.With(fields), now.In.ETag);
        }
    }

    private async Task DropKeyAsync(FieldEntity entity, string key, CancellationToken stop) =>
        await keys.ChangeAsync(all => new Outcome<IReadOnlyList<FieldKey>>([.. all.Where(k => k.Entity != entity || k.Key != key)]), stop);

    private static Dictionary<string, string> Without(Fields fields, IReadOnlyCollection<string> keys) => new(fields.Where(f => !keys.Contains(f.Key)));

    private static Refusal? IsUnknown(FieldEntity entity) => FieldHolders.DocumentsOf(entity) is null
        ? new Refusal("entity_not_supported", $"There is no {FieldRules.Name(entity)} here whose custom fields can be set; terms of packages have those they were made with.", "/entity")
        : null;

    private static Refusal NoKey(FieldEntity entity, string key, string field) =>
        new("custom_field_key_not_found", $"'{key}' is not a custom field of {FieldRules.Name(entity)}; add it with /v1/customFields/addKey.", field, RefusalKind.NotFound);

    private static Refusal NotFound(FieldEntity entity, string id) =>
        new("entity_not_found", $"No {FieldRules.Name(entity)} has the id '{id}'.", "/entity_id", RefusalKind.NotFound);
}
