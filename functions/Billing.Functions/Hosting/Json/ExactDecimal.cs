using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Billing.Functions.Hosting.Json;

/// <summary>Decimals that are read exactly or not at all, from a JSON number or a string that holds one; written as a number.</summary>
/// <remarks>
/// Bounds: at most 28 decimals and 96 bits of digits (28 digits always, 29 up to 79228162514264337593543950335). Trailing zeros do
/// not count and are not kept: 1.50 is 1.5. Written without exponent. Errors: <see cref="ValueNeededException"/>.
/// </remarks>
public sealed class ExactDecimal : JsonConverter<decimal>
{
    private const string Needed = "A number, or a string that holds one such as \"12.5\",";
    private const int MaxScale = 28;
    private const int MaxTextLength = 128;
    private static readonly BigInteger MaxCoefficient = (BigInteger.One << 96) - 1;

    public override decimal Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var text = reader.TokenType switch
        {
            JsonTokenType.Number => Encoding.ASCII.GetString(reader.HasValueSequence ? System.Buffers.BuffersExtensions.ToArray(reader.ValueSequence) : reader.ValueSpan),
            JsonTokenType.String => reader.GetString()!,
            _ => throw new ValueNeededException(Needed),
        };
        return TryParse(text, out var value)
            ? value
            : throw new ValueNeededException(IsNumber(text) ? "A number that can be kept exactly (at most 28 digits, and at most 28 after the decimal point)" : Needed);
    }

    public override void Write(Utf8JsonWriter writer, decimal value, JsonSerializerOptions options) =>
        writer.WriteRawValue(ToText(value), skipInputValidation: true);

    /// <summary>The shortest text of the same value, without exponent: 20.500 is <c>20.5</c>, and 0.00 is <c>0</c>.</summary>
    public static string ToText(decimal value)
    {
        if (value == 0) return "0";
        var text = value.ToString(CultureInfo.InvariantCulture);
        return text.Contains('.', StringComparison.Ordinal) ? text.TrimEnd('0').TrimEnd('.') : text;
    }

    /// <summary>True with the exact value of a JSON number's text; false when it is none or can't be kept exactly.</summary>
    public static bool TryParse(string text, out decimal value)
    {
        value = 0;
        if (!IsNumber(text)) return false;
        var negative = text[0] == '-';
        var e = text.IndexOfAny(['e', 'E']);
        var mantissa = text[(negative ? 1 : 0)..(e < 0 ? text.Length : e)];
        var point = mantissa.IndexOf('.', StringComparison.Ordinal);
        var digits = mantissa.Replace(".", "", StringComparison.Ordinal).TrimEnd('0');
        if (digits.TrimStart('0').Length == 0) return true;
        // An exponent that is no int is far outside what a decimal holds.
        var exponent = 0;
        if (e >= 0 && !int.TryParse(text.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out exponent)) return false;
        var intDigits = point < 0 ? mantissa.Length : point;
        var scale = (long)digits.Length - intDigits - exponent;
        if (scale is > MaxScale or < -MaxScale) return false;
        var coefficient = BigInteger.Parse(digits, CultureInfo.InvariantCulture);
        if (scale < 0)
        {
            coefficient *= BigInteger.Pow(10, (int)-scale);
            scale = 0;
        }
        if (coefficient > MaxCoefficient) return false;
        value = new decimal(
            unchecked((int)(uint)(coefficient & uint.MaxValue)),
            unchecked((int)(uint)((coefficient >> 32) & uint.MaxValue)),
            unchecked((int)(uint)(coefficient >> 64)),
            negative,
            (byte)scale);
        return true;
    }

    /// <summary>True when the text is a number as JSON writes them (no spaces, no plus, no leading zeros).</summary>
    private static bool IsNumber(string text)
    {
        if (text.Length is 0 or > MaxTextLength) return false;
        var at = text[0] == '-' ? 1 : 0;
        var intStart = at;
        at = SkipDigits(text, at);
        if (at == intStart || (text[intStart] == '0' && at > intStart + 1)) return false;
        if (at < text.Length && text[at] == '.')
        {
            var start = ++at;
            at = SkipDigits(text, at);
            if (at == start) return false;
        }
        if (at < text.Length && text[at] is 'e' or 'E')
        {
            at++;
            if (at < text.Length && text[at] is '+' or '-') at++;
            var start = at;
            at = SkipDigits(text, at);
            if (at == start) return false;
        }
        return at == text.Length;
    }

    private static int SkipDigits(string text, int at)
    {
        while (at < text.Length && char.IsAsciiDigit(text[at])) at++;
        return at;
    }
}
