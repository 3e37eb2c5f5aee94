using System.Globalization;
using System.Text;

namespace Billing.Domain.Values;

/// <summary>Group values (property → value) as a key that two equal sets share.</summary>
public static class Groups
{
    /// <summary>No group values.</summary>
    public static readonly IReadOnlyDictionary<string, string?> None = new Dictionary<string, string?>();

    /// <summary>One text for one set of values, whatever their order; lengths are written, so no two sets share one.</summary>
    public static string Key(IReadOnlyDictionary<string, string?> values)
    {
        if (values.Count == 0) return "";
        var key = new StringBuilder();
        foreach (var (name, value) in values.OrderBy(v => v.Key, StringComparer.Ordinal))
        {
            Append(key, name);
            AppendValue(key, value);
        }
        return key.ToString();
    }

    /// <summary>One text for one list of values in a fixed order of names; lengths are written, so no two lists share one.</summary>
    public static string Key(IReadOnlyList<string?> values)
    {
        var key = new StringBuilder();
        foreach (var value in values) AppendValue(key, value);
        return key.ToString();
    }

    /// <summary>The values of the names given, null where there is none.</summary>
    public static IReadOnlyDictionary<string, string?> Only(IReadOnlyDictionary<string, string?> values, IReadOnlyList<string> names) =>
        names.Count == 0 ? None : names.ToDictionary(n => n, n => values.GetValueOrDefault(n));

    private static void AppendValue(StringBuilder key, string? value)
    {
        if (value is null) key.Append('-');
        else Append(key, value);
    }

    private static void Append(StringBuilder key, string text) =>
        key.Append(text.Length.ToString(CultureInfo.InvariantCulture)).Append(':').Append(text);
}
