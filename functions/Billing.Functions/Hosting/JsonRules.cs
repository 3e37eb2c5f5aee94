using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Billing.Functions.Hosting.Json;

namespace Billing.Functions.Hosting;

/// <summary>How the API reads and writes JSON.</summary>
/// <remarks>
/// Unknown members are ignored, as clients of the compatible endpoints expect; a request type of our own endpoints refuses them with
/// <c>[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]</c>. Everywhere: no member twice, no null where the type has
/// none, no constructor parameter without default left out, numbers are numbers (but decimals may be numeric strings).
/// </remarks>
public static class JsonRules
{
    /// <summary>The rules on options of one's own, for what does not go through an endpoint.</summary>
    public static readonly JsonSerializerOptions Options = ReadOnly(Apply(new JsonSerializerOptions()));

    // What a type needs is asked for before anything may have been read or written with the rules.
    private static JsonSerializerOptions ReadOnly(JsonSerializerOptions options)
    {
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }

    /// <summary>Sets the rules on options and returns them.</summary>
    public static JsonSerializerOptions Apply(JsonSerializerOptions options)
    {
        options.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
        options.PropertyNameCaseInsensitive = false;
        options.NumberHandling = JsonNumberHandling.Strict;
        options.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        options.RespectNullableAnnotations = true;
        options.RespectRequiredConstructorParameters = true;
        options.AllowDuplicateProperties = false;
        // The plus of "+00:00" stays a plus. Answers are application/json with nosniff, never pasted into HTML.
        options.Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
        options.Converters.Add(new ExactDecimal());
        options.Converters.Add(new Rfc3339Instant());
        options.Converters.Add(new SpelledEnums());
        options.Converters.Add(new ChangedJson());
        return options;
    }
}
