using System.Globalization;
using System.Text.Json;

namespace Billing.Benchmarks;

/// <summary>One figure, beside the goal that it is held against.</summary>
/// <param name="Name">What was measured.</param>
/// <param name="Value">The value; null when it was not measured.</param>
/// <param name="Unit">Its unit.</param>
/// <param name="Goal">The goal in words; null for none.</param>
/// <param name="Reached">Whether the goal is reached; null when there is none or nothing was measured.</param>
internal sealed record Figure(string Name, double? Value, string Unit, string? Goal = null, bool? Reached = null);

/// <summary>Gathers figures, prints each as it comes, and all as a table and as JSON at the end.</summary>
internal sealed class Figures
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };
    private readonly List<Figure> all = [];

    /// <summary>Sentences of checks that failed; any makes the program fail.</summary>
    public List<string> Wrong { get; } = [];

    public void Add(string name, double? value, string unit, string? goal = null, Func<double, bool>? reached = null)
    {
        var figure = new Figure(name, value, unit, goal, value is { } measured && reached is not null ? reached(measured) : null);
        all.Add(figure);
        Console.WriteLine($"  {name}: {Text(figure)}");
    }

    public double? Of(string name) => all.Find(f => f.Name == name)?.Value;

    /// <summary>Holds a fact that must be so whatever the speed.</summary>
    public void Check(bool holds, string otherwise)
    {
        if (holds) return;
        Wrong.Add(otherwise);
        Console.WriteLine($"  WRONG: {otherwise}");
    }

    public void Print()
    {
        var name = all.Max(f => f.Name.Length);
        var value = all.Max(f => Text(f).Length);
        var goal = all.Max(f => (f.Goal ?? "").Length);
        Console.WriteLine($"\n{"figure".PadRight(name)}  {"measured".PadLeft(value)}  {"goal".PadRight(goal)}  reached");
        foreach (var figure in all)
            Console.WriteLine($"{figure.Name.PadRight(name)}  {Text(figure).PadLeft(value)}  {(figure.Goal ?? "").PadRight(goal)}  {Reached(figure)}".TrimEnd());
        Console.WriteLine(Wrong.Count == 0 ? "\nAll totals are exact." : $"\n{Wrong.Count} checks FAILED:\n  {string.Join("\n  ", Wrong)}");
    }

    public void Save(string file) => File.WriteAllText(file, JsonSerializer.Serialize(new { Wrong, Figures = all }, Indented));

    private static string Reached(Figure figure) => (figure.Goal, figure.Reached) switch
    {
        (null, _) => "",
        (_, null) => "not measured",
        (_, true) => "yes",
        (_, false) => "no",
    };

    private static string Text(Figure figure) => figure.Value is { } value
        ? value.ToString(Math.Abs(value) >= 100 ? "N0" : "0.##", CultureInfo.InvariantCulture) + (figure.Unit.Length > 0 ? $" {figure.Unit}" : "")
        : "-";
}
