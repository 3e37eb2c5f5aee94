using Billing.Functions.Hosting.Access;
using Billing.UseCases.Access;
using Billing.UseCases.CustomFields;

namespace Billing.Functions.Api;

/// <summary>Custom fields: keys, and values on things that exist.</summary>
public static class CustomFieldsApi
{
    public static void Map(IEndpointRouteBuilder app)
    {
        var fields = app.MapGroup("/v1/customFields").WithTags("Custom fields");
        fields.MapPost("/addKey", AddKeyAsync).Needs(Scope.Write).WithName("addCustomFieldKey");
        fields.MapPost("/listKeys", ListKeysAsync).Needs(Scope.Read).WithName("listCustomFieldKeys");
        fields.MapPost("/removeKey", RemoveKeyAsync).Needs(Scope.Write).WithName("removeCustomFieldKey");
        fields.MapPost("/setValues", SetValuesAsync).Needs(Scope.Write).WithName("setCustomFieldValues");
        fields.MapPost("/deleteValues", DeleteValuesAsync).Needs(Scope.Write).WithName("deleteCustomFieldValues");
    }

    /// <summary>Adds a key that values can then be set for; with enforce_uniqueness no two things may have the same value.</summary>
    internal static async Task<EmptyAnswer> AddKeyAsync(NewFieldKey body, CustomFields fields, CancellationToken stop) =>
        Answers.Empty(await fields.AddKeyAsync(body.Entity, body.Key, body.EnforceUniqueness, stop));

    /// <summary>All keys, or those of some entities.</summary>
    internal static async Task<Answer<Listing<ShownFieldKey>>> ListKeysAsync(WhichFieldKeys? body, CustomFields fields, CancellationToken stop) =>
        Answers.List<ShownFieldKey>(new Listing<ShownFieldKey>([.. (await fields.KeysAsync(body?.Entities, stop)).Select(k => new ShownFieldKey(k.Entity, k.Key, k.EnforceUniqueness))], null));

    /// <summary>Removes a key, and its values on everything.</summary>
    internal static async Task<EmptyAnswer> RemoveKeyAsync(FieldKeyToRemove body, CustomFields fields, CancellationToken stop) =>
        Answers.Empty(await fields.RemoveKeyAsync(body.Entity, body.Key, stop));

    /// <summary>Sets values of one thing, all or none; its others stay.</summary>
    internal static async Task<EmptyAnswer> SetValuesAsync(FieldValues body, CustomFields fields, CancellationToken stop) =>
        Answers.Empty(await fields.SetAsync(body.Entity, body.EntityId, body.CustomFields, stop));

    /// <summary>Deletes values of one thing.</summary>
    internal static async Task<EmptyAnswer> DeleteValuesAsync(FieldValuesToDelete body, CustomFields fields, CancellationToken stop) =>
        Answers.Empty(await fields.DeleteAsync(body.Entity, body.EntityId, body.Keys, stop));

    /// <summary>A key to add.</summary>
    internal sealed record NewFieldKey(FieldEntity Entity, string Key, bool EnforceUniqueness);

    /// <summary>Of which entities; none: of all.</summary>
    internal sealed record WhichFieldKeys(IReadOnlyList<FieldEntity>? Entities = null);

    /// <summary>A key to remove.</summary>
    internal sealed record FieldKeyToRemove(FieldEntity Entity, string Key);

    /// <summary>Values to set.</summary>
    internal sealed record FieldValues(FieldEntity Entity, string EntityId, IReadOnlyDictionary<string, string> CustomFields);

    /// <summary>Values to delete.</summary>
    internal sealed record FieldValuesToDelete(FieldEntity Entity, string EntityId, IReadOnlyList<string> Keys);

    /// <summary>A key.</summary>
    internal sealed record ShownFieldKey(FieldEntity Entity, string Key, bool EnforceUniqueness);
}
