using System.Collections.Concurrent;
using System.Reflection;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Billing.Functions.Hosting.OpenApi;

/// <summary>Tells what is answered from what is sent: answers leave out members that are null, write all others, and write decimals as numbers.</summary>
/// <remarks>What is part of requests and answers alike is described as a request takes it, which allows more than an answer holds.</remarks>
internal static class AnswerSchemas
{
    private static readonly ConcurrentDictionary<string, JsonTypeInfo> Types = new();

    /// <summary>The name under which a type is described; null when it is described in place. Errors: throws when two types have one name.</summary>
    public static string? NameOf(JsonTypeInfo type)
    {
        if (ValueSchemas.IsPlain(Nullable.GetUnderlyingType(type.Type) ?? type.Type)) return null;
        if (OpenApiOptions.CreateDefaultSchemaReferenceId(type)?.Replace("[]", "List", StringComparison.Ordinal) is not { } name) return null;
        return Types.GetOrAdd(name, type).Type is var first && (Nullable.GetUnderlyingType(first) ?? first) == (Nullable.GetUnderlyingType(type.Type) ?? type.Type)
            ? name
            : throw new InvalidOperationException($"{first} and {type.Type} would both be described as {name}.");
    }

    /// <summary>The document transformer; the last one.</summary>
    public static Task DescribeAsync(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken stop)
    {
        var sent = new HashSet<string>(StringComparer.Ordinal);
        foreach (var operation in document.Paths.Values.SelectMany(p => p.Operations ?? []).Select(o => o.Value))
        {
            foreach (var content in operation.RequestBody?.Content?.Values ?? []) Reach(content.Schema, sent);
            foreach (var parameter in operation.Parameters ?? [])
            {
                Reach(parameter.Schema, sent);
                // What a query leaves out is absent; it has no null.
                if (parameter.Schema is not null) WithoutNull(parameter.Schema);
            }
        }
        foreach (var (name, schema) in document.Components?.Schemas ?? new Dictionary<string, IOpenApiSchema>())
            if (!sent.Contains(name) && schema is OpenApiSchema { Properties: { } members } answer && Types.TryGetValue(name, out var type)) Describe(answer, members, type);
        return Task.CompletedTask;
    }

    private static void Describe(OpenApiSchema answer, IDictionary<string, IOpenApiSchema> members, JsonTypeInfo type)
    {
        answer.Required = new HashSet<string>(StringComparer.Ordinal);
        foreach (var property in type.Properties)
        {
            if (!members.TryGetValue(property.Name, out var member)) continue;
            var always = property.AttributeProvider is PropertyInfo of && of.GetCustomAttribute<JsonIgnoreAttribute>()?.Condition == JsonIgnoreCondition.Never;
            if (always || !property.IsGetNullable) answer.Required.Add(property.Name);
            if (!always && property.IsGetNullable) member = WithoutNull(member);
            NumbersOnly(member);
            members[property.Name] = member;
        }
    }

    private static IOpenApiSchema WithoutNull(IOpenApiSchema member)
    {
        if (member is not OpenApiSchema schema) return member;
        if (schema.OneOf is { Count: 2 } either && either.Any(IsNull)) return either.First(s => !IsNull(s));
        schema.Type &= ~JsonSchemaType.Null;
        return schema;

        static bool IsNull(IOpenApiSchema schema) => schema.Type == JsonSchemaType.Null;
    }

    private static void NumbersOnly(IOpenApiSchema? member)
    {
        if (member is not OpenApiSchema schema) return;
        if (schema.Pattern == ValueSchemas.DecimalPattern)
        {
            schema.Type &= ~JsonSchemaType.String;
            schema.Pattern = null;
            if (schema.Description?.StartsWith("An exact decimal", StringComparison.Ordinal) == true) schema.Description = "An exact decimal.";
        }
        NumbersOnly(schema.Items);
        NumbersOnly(schema.AdditionalProperties);
    }

    /// <summary>Notes the names of all schemas that one leads to.</summary>
    private static void Reach(IOpenApiSchema? schema, HashSet<string> names)
    {
        if (schema is null || (schema is OpenApiSchemaReference { Reference.Id: { } name } && !names.Add(name))) return;
        foreach (var part in (schema.Properties?.Values ?? []).Concat(schema.OneOf ?? []).Concat(schema.AnyOf ?? []).Concat(schema.AllOf ?? [])) Reach(part, names);
        Reach(schema.Items, names);
        Reach(schema.AdditionalProperties, names);
    }
}
