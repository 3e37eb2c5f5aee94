using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using Billing.Domain.Values;
using Billing.Functions.Api;
using Billing.Functions.Hosting.Json;
using Microsoft.AspNetCore.Http.Metadata;

namespace Billing.Functions.Hosting.Requests;

/// <summary>Says what is wrong with a request that never reached its endpoint's code: a body or a parameter that can't be read.</summary>
public static partial class BadRequests
{
    /// <summary>The refusal. Codes: body_missing, body_malformed, body_invalid, body_too_large, content_type_unsupported, parameter_invalid, parameter_missing, request_malformed.</summary>
    public static Refusal Of(BadHttpRequestException fault, Endpoint? endpoint, HttpContext context)
    {
        if (fault.InnerException is JsonException json)
            return JsonFaults.From(json, endpoint?.Metadata.GetMetadata<IAcceptsMetadata>()?.RequestType, RequestBody.Of(context));
        if (fault.StatusCode == StatusCodes.Status413PayloadTooLarge) return TooLarge;
        if (fault.StatusCode == StatusCodes.Status415UnsupportedMediaType) return UnsupportedType(context.Request);
        if (NotBound().Match(fault.Message) is { Success: true } bound)
        {
            var (name, type) = ParameterOf(endpoint, bound.Groups["name"].Value);
            return new Refusal("parameter_invalid", $"{name}: {Needed(type)} is needed here, not \"{JsonFaults.Cut(bound.Groups["value"].Value)}\".", name);
        }
        if (NotProvided().Match(fault.Message) is { Success: true } provided)
        {
            var (name, _) = ParameterOf(endpoint, provided.Groups["name"].Value);
            return new Refusal("parameter_missing", $"The parameter {name} is missing.", name);
        }
        return fault.Message.Contains("no body was provided", StringComparison.Ordinal)
            ? new Refusal("body_missing", "A JSON body is needed.")
            : new Refusal("request_malformed", "The request could not be read.");
    }

    /// <summary>A body larger than the server reads at all.</summary>
    public static readonly Refusal TooLarge = new("body_too_large", "The body is larger than this endpoint takes; send less at a time.", null, RefusalKind.TooLarge);

    /// <summary>A body that is not said to be JSON.</summary>
    public static Refusal UnsupportedType(HttpRequest request) => new(
        "content_type_unsupported",
        "Send the body as application/json" + (string.IsNullOrEmpty(request.ContentType) ? "; this one has no Content-Type." : $", not as {JsonFaults.Cut(request.ContentType)}."),
        Microsoft.Net.Http.Headers.HeaderNames.ContentType, RefusalKind.Unsupported);

    // The framework names a parameter as the program does; its metadata has the name on the wire.
    private static (string Name, Type Type) ParameterOf(Endpoint? endpoint, string name) =>
        endpoint?.Metadata.OfType<IParameterBindingMetadata>().FirstOrDefault(p => p.Name == name)?.ParameterInfo is { } parameter
            ? (parameter.GetCustomAttributes().OfType<IFromQueryMetadata>().FirstOrDefault()?.Name
                ?? parameter.GetCustomAttributes().OfType<IFromRouteMetadata>().FirstOrDefault()?.Name ?? name, Nullable.GetUnderlyingType(parameter.ParameterType) ?? parameter.ParameterType)
            : (name, typeof(object));

    private static string Needed(Type type) => Type.GetTypeCode(type) switch
    {
        TypeCode.Int32 or TypeCode.Int64 => "A whole number",
        TypeCode.Boolean => "true or false",
        _ when type == typeof(QueryTime) => Rfc3339Instant.Needed,
        _ when type.IsGenericType && type.GetGenericTypeDefinition() == typeof(QueryWord<>) => $"One of {string.Join(", ", SpelledEnums.Names(type.GenericTypeArguments[0]))}",
        _ => "Another value",
    };

    [GeneratedRegex("""^Failed to bind parameter ".*? ?(?<name>\w+)" from "(?<value>.*)"\.$""", RegexOptions.Singleline)]
    private static partial Regex NotBound();

    [GeneratedRegex("""^Required parameter ".*? ?(?<name>\w+)" was not provided""")]
    private static partial Regex NotProvided();
}
