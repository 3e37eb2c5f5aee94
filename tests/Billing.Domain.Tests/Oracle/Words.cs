using System.Globalization;
using NodaTime;
using NodaTime.Text;

namespace Billing.Domain.Tests.Oracle;

/// <summary>The words of one line of a ledger page, read from left to right.</summary>
internal sealed class Words(string line)
{
    private static readonly InstantPattern Exactly = InstantPattern.CreateWithInvariantCulture("uuuu-MM-dd'T'HH:mm");

    private readonly string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
    private int at;

    public bool More => at < words.Length;

    /// <summary>The next word; it must be there.</summary>
    public string Next() => More ? words[at++] : throw Bad("one word more");

    /// <summary>Reads the next word if it is this one.</summary>
    public bool Take(string word)
    {
        if (!More || words[at] != word) return false;
        at++;
        return true;
    }

    /// <summary>Reads a word that must be there.</summary>
    public void Skip(string word)
    {
        if (!Take(word)) throw Bad($"'{word}'");
    }

    public decimal Number() => Number(Next());

    public int Whole() => int.Parse(Next(), CultureInfo.InvariantCulture);

    public Instant Time() => ReadTime(Next());

    public T One<T>()
        where T : struct, Enum => Spelled<T>(Next());

    /// <summary>Words with commas between them.</summary>
    public string[] List() => Next().Split(',');

    /// <summary>name=value with commas between them; a name without a value has none.</summary>
    public IReadOnlyDictionary<string, string?> Values() => ReadValues(Next());

    public Exception Bad(string wanted) => new FormatException($"In '{line}': {wanted} was expected{(More ? $" instead of '{words[at]}'" : "")}.");

    public static decimal Number(string text) => decimal.Parse(text, NumberStyles.Number, CultureInfo.InvariantCulture);

    public static T Spelled<T>(string word)
        where T : struct, Enum => Enum.Parse<T>(word.Replace("_", "", StringComparison.Ordinal), ignoreCase: true);

    public static Instant ReadTime(string text) => Exactly.Parse(text.Length switch
    {
        10 => text + "T00:00",
        13 => text + ":00",
        _ => text,
    }).Value;

    /// <summary>As short as it can be read again: the date, the hour, or the minute.</summary>
    public static string Time(Instant at)
    {
        var text = Exactly.Format(at);
        return text.EndsWith("T00:00", StringComparison.Ordinal) ? text[..10] : text.EndsWith(":00", StringComparison.Ordinal) ? text[..13] : text;
    }

    public static IReadOnlyDictionary<string, string?> ReadValues(string text) => text.Split(',').Select(v => v.Split('='))
        .ToDictionary(v => v[0], v => v.Length > 1 ? v[1] : null, StringComparer.Ordinal);

    public static string Values<T>(IEnumerable<KeyValuePair<string, T>> values) =>
        string.Join(',', values.OrderBy(v => v.Key, StringComparer.Ordinal).Select(v => v.Value is null ? v.Key : $"{v.Key}={v.Value}"));

    public static string Number(decimal number) => ((Ratio)number).ToString();
}
