using System.Globalization;
using NodaTime;
using NodaTime.Text;

namespace Billing.Functions.Demo.Traffic;

/// <summary>A file cannot be used; the message says where and why.</summary>
internal sealed class BadTrafficException(string message) : Exception(message);

/// <summary>Reads real traffic: CSV files with the columns TIMESTAMP (UTC), ContextTokens (input) and GeneratedTokens (output), in any order.</summary>
/// <remarks>Row n of a file, counted from 1 after the header, is customer n modulo the number of customers. The model is in the file's name.</remarks>
internal static class CsvTraffic
{
    public const string Region = "us";

    private const int MaxMonths = 24;
    private const long MaxTokens = 1_000_000_000;
    private static readonly string[] Columns = ["TIMESTAMP", "ContextTokens", "GeneratedTokens"];
    private static readonly LocalDateTimePattern Time = LocalDateTimePattern.CreateWithInvariantCulture("uuuu-MM-dd HH:mm:ss.FFFFFFF");

    /// <summary>The models that files can be of.</summary>
    public static readonly IReadOnlyList<string> Models = ["code", "conv", "model"];

    /// <summary>Reads all files. Errors: <see cref="BadTrafficException"/>.</summary>
    public static TrafficPlan Read(IReadOnlyList<string> files, int customers)
    {
        var requests = new List<UsageRequest>();
        for (var i = 0; i < files.Count; i++)
        {
            try
            {
                using var reader = new StreamReader(files[i]);
                Read(files[i], i + 1, reader, customers, requests);
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or ArgumentException)
            {
                throw new BadTrafficException($"{files[i]} cannot be read: {fault.Message}");
            }
        }
        var (first, last) = (requests.Min(r => r.At), requests.Max(r => r.At));
        return last - first <= Duration.FromDays(MaxMonths * 30)
            ? new TrafficPlan([.. Enumerable.Range(0, customers).Select(n => $"Customer {n:D2}")], requests)
            : throw new BadTrafficException($"The files reach from {first} to {last}; at most {MaxMonths} months are billed at once.");
    }

    /// <summary>The model that a file is of: <c>code</c> or <c>conv</c> when its name has the word, else <c>model</c>.</summary>
    public static string ModelOf(string file) =>
        Models.First(m => m == Models[^1] || Path.GetFileName(file).Contains(m, StringComparison.OrdinalIgnoreCase));

    private static void Read(string file, int number, StreamReader reader, int customers, List<UsageRequest> requests)
    {
        if (reader.ReadLine() is not { Length: > 0 } header) throw new BadTrafficException($"{file} is empty. Its first line must be: {string.Join(',', Columns)}");
        var names = Fields(header);
        var at = Array.ConvertAll(Columns, c => Array.FindIndex(names, h => string.Equals(h, c, StringComparison.OrdinalIgnoreCase)));
        if (Array.IndexOf(at, -1) is >= 0 and var missing)
            throw new BadTrafficException($"{file}, line 1: the header has no column {Columns[missing]}. It must name: {string.Join(',', Columns)}");
        var model = ModelOf(file);
        var row = 0;
        for (var line = 2; reader.ReadLine() is { } text; line++)
        {
            if (string.IsNullOrWhiteSpace(text)) continue;
            row++;
            if (requests.Count == DemoOptions.MaxEvents) throw new BadTrafficException($"{file}, line {line}: more than {DemoOptions.MaxEvents:N0} rows are too many for a demo.");
            var read = new Row(file, line, Fields(text), at);
            requests.Add(new UsageRequest($"{number}-{row}", row % customers, read.Time(), model, Region, read.Tokens(1), 0, read.Tokens(2)));
        }
        if (row == 0) throw new BadTrafficException($"{file} has a header and no rows.");
    }

    // Neither a time nor a number has a comma in it, so quotes only need to be taken off.
    private static string[] Fields(string line) => Array.ConvertAll(line.Split(','), f => f.Trim() is ['"', .. var inside, '"'] ? inside : f.Trim());

    private sealed record Row(string File, int Line, string[] Fields, int[] At)
    {
        public Instant Time()
        {
            var text = Field(0);
            return CsvTraffic.Time.Parse(text).TryGetValue(default, out var time) && time.Year is >= 1971 and <= 9998
                ? time.InUtc().ToInstant()
                : throw Wrong(0, $"{Shown(text)} is not a time such as 2023-11-16 18:17:03.9799600");
        }

        public long Tokens(int column)
        {
            var text = Field(column);
            return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var tokens) && tokens <= MaxTokens
                ? tokens
                : throw Wrong(column, $"{Shown(text)} is not a whole number from 0 to {MaxTokens:N0}");
        }

        private string Field(int column) => At[column] < Fields.Length ? Fields[At[column]] : throw Wrong(column, "it is missing");

        private BadTrafficException Wrong(int column, string what) => new($"{File}, line {Line}, column {At[column] + 1} ({Columns[column]}): {what}.");
    }

    private static string Shown(string text) => text.Length <= 40 ? $"'{text}'" : $"'{text[..40]}…'";
}
