using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Billing.Domain.Pricing;
using Billing.Functions.Api;
using Billing.Functions.Hosting.Json;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using NodaTime;

namespace Billing.Functions.Hosting.OpenApi;

/// <summary>Describes the values that JSON has no word for, as the converters read and write them.</summary>
internal static class ValueSchemas
{
    /// <summary>How the description tells a decimal from other numbers.</summary>
    public const string DecimalPattern = @"^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$";

    private static readonly NullabilityInfoContext Nullability = new();

    /// <summary>True for types whose schema stands where it is used, under no name of its own.</summary>
    public static bool IsPlain(Type type) =>
        type == typeof(Instant) || type == typeof(QueryTime) || type == typeof(JsonElement) || WordOf(type) is not null || ChangeOf(type) is not null;

    /// <summary>The schema transformer.</summary>
    public static async Task DescribeAsync(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken stop)
    {
        var type = Nullable.GetUnderlyingType(context.JsonTypeInfo.Type) ?? context.JsonTypeInfo.Type;
        var none = type == context.JsonTypeInfo.Type ? (JsonSchemaType)0 : JsonSchemaType.Null;
        // Generators take a member that has a default for one that must be given.
        if (context.JsonPropertyInfo is not null) schema.Default = null;
        if (context.JsonPropertyInfo?.AttributeProvider is PropertyInfo property && property.GetCustomAttribute<ReadAsAttribute>() is { } read)
        {
            // A member of its own kind, or null; that it may be absent too, its parent says.
            schema.OneOf = [new OpenApiSchema { Type = JsonSchemaType.Null }, await NamedAsync(read.Type, context, stop)];
        }
        else if (ChangeOf(type) is { } changed)
        {
            // Null is a change as well: it takes away what was there.
            (schema.Type, schema.Properties) = (null, null);
            schema.OneOf = [new OpenApiSchema { Type = JsonSchemaType.Null }, await NamedAsync(changed, context, stop)];
        }
        else if (type == typeof(decimal))
        {
            (schema.Type, schema.Pattern, schema.Format) = (JsonSchemaType.Number | JsonSchemaType.String | none, DecimalPattern, null);
            schema.Description ??= "An exact decimal: a number, or a string that holds one.";
        }
        else if (type == typeof(Instant) || type == typeof(QueryTime))
        {
            (schema.Type, schema.Format, schema.Properties) = (JsonSchemaType.String | none, "date-time", null);
        }
        else if (type.IsEnum || WordOf(type) is not null)
        {
            (schema.Type, schema.Properties) = (JsonSchemaType.String | none, null);
            schema.Enum = [.. SpelledEnums.Names(WordOf(type) ?? type).Select(name => (JsonNode)name)];
        }
        else if (context.JsonTypeInfo is { Kind: JsonTypeInfoKind.Enumerable, ElementType: { } element } && schema.Items is null)
        {
            // Elements with a converter of their own have no schema until here.
            schema.Items = await NamedAsync(element, context, stop);
        }
        else if (context.JsonTypeInfo is { Kind: JsonTypeInfoKind.Dictionary, ElementType: { } value })
        {
            schema.AdditionalProperties ??= await NamedAsync(value, context, stop);
            if (context.JsonPropertyInfo?.AttributeProvider is PropertyInfo map && ValuesMayBeNull(map) && schema.AdditionalProperties is OpenApiSchema values)
                values.Type |= JsonSchemaType.Null;
        }
    }

    /// <summary>The enum whose words a query parameter takes; null when it is none.</summary>
    private static Type? WordOf(Type type) => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(QueryWord<>) ? type.GenericTypeArguments[0] : null;

    /// <summary>What a change makes of a member; null when the type is no change.</summary>
    private static Type? ChangeOf(Type type) => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Changed<>) ? type.GenericTypeArguments[0] : null;

    private static bool ValuesMayBeNull(PropertyInfo map) =>
        map.PropertyType.IsGenericType && Nullability.Create(map).GenericTypeArguments is [_, { ReadState: NullabilityState.Nullable }];

    /// <summary>A schema by its name where it has one, so that it is described once.</summary>
    private static async Task<IOpenApiSchema> NamedAsync(Type type, OpenApiSchemaTransformerContext context, CancellationToken stop)
    {
        var schema = await context.GetOrCreateSchemaAsync(type, null, stop);
        if (AnswerSchemas.NameOf(JsonRules.Options.GetTypeInfo(type)) is not { } name || context.Document is not { } document) return schema;
        document.AddComponent(name, schema);
        return new OpenApiSchemaReference(name, document);
    }
}
