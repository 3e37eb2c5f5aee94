using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using Billing.Domain.Values;

namespace Billing.Functions.Hosting.Json;

/// <summary>Enums by name: UPPER_SNAKE, or lower_snake where the type says <see cref="LowerCaseAttribute"/>, or as the member says.</summary>
/// <remarks>Read in any case and with any separators (<c>roundHalfUp</c> is <c>ROUND_HALF_UP</c>), and by <see cref="AliasAttribute"/>. Never by number.</remarks>
public sealed class SpelledEnums : JsonConverterFactory
{
    public override bool CanConvert(Type typeToConvert) => typeToConvert.IsEnum;

    public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options) =>
        (JsonConverter)Activator.CreateInstance(typeof(Spelled<>).MakeGenericType(typeToConvert))!;

    /// <summary>True with the member that a text names, read as in JSON.</summary>
    public static bool TryRead<T>(string text, out T value)
        where T : struct, Enum =>
        Spelled<T>.Readable.TryGetValue(Plain(text), out value);

    /// <summary>The names of an enum as they are written, in order of declaration.</summary>
    public static IReadOnlyList<string> Names(Type type) =>
        [.. type.GetFields(BindingFlags.Public | BindingFlags.Static).Select(f => Name(type, f))];

    private static string Name(Type type, FieldInfo field)
    {
        if (field.GetCustomAttribute<JsonStringEnumMemberNameAttribute>() is { } own) return own.Name;
        var policy = type.IsDefined(typeof(LowerCaseAttribute)) ? JsonNamingPolicy.SnakeCaseLower : JsonNamingPolicy.SnakeCaseUpper;
        return policy.ConvertName(field.Name);
    }

    private static string Plain(string name) =>
        string.Concat(name.Where(c => c is not ('_' or '-' or ' '))).ToUpperInvariant();

    private sealed class Spelled<T> : JsonConverter<T>
        where T : struct, Enum
    {
        private static readonly Dictionary<T, string> Written = [];

        public static readonly Dictionary<string, T> Readable = [];

        static Spelled()
        {
            foreach (var field in typeof(T).GetFields(BindingFlags.Public | BindingFlags.Static))
            {
                var value = (T)field.GetValue(null)!;
                Written[value] = Name(typeof(T), field);
                Readable[Plain(Written[value])] = value;
                Readable.TryAdd(Plain(field.Name), value);
                foreach (var alias in field.GetCustomAttribute<AliasAttribute>()?.Names ?? [])
                    Readable[Plain(alias)] = value;
            }
        }

        public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.String && Readable.TryGetValue(Plain(reader.GetString()!), out var value)
                ? value
                : throw new ValueNeededException($"One of {string.Join(", ", Names(typeof(T)))}");

        public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
            writer.WriteStringValue(Written.TryGetValue(value, out var name)
                ? name
                : throw new JsonException($"{typeof(T).Name} has no member {value}."));

        public override T ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            Read(ref reader, typeToConvert, options);

        public override void WriteAsPropertyName(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
            writer.WritePropertyName(Written[value]);
    }
}
