using System.Text.RegularExpressions;
using Xunit;

namespace Billing.Domain.Tests.Oracle;

/// <summary>A page of terms, usage and what they come to; the engine and the oracle must both come to it.</summary>
/// <remarks>Lines that begin with "->" are what is expected: each bill with its lines, then the account of each segment. Blanks and the order of lines within a bill do not count.</remarks>
internal static partial class LedgerPage
{
    public static void Check(string page)
    {
        var expected = page.Split('\n').Select(l => l.Trim()).Where(l => l.StartsWith("->", StringComparison.Ordinal)).Select(l => Plain(l[2..])).ToList();
        var world = PageReader.Read(page);
        var found = Found(world);
        if (Sorted(expected).SequenceEqual(Sorted(found.Oracle)) && found.Difference is null) return;
        Assert.Fail($"{world}\n\nThe oracle:\n{Arrows(found.Oracle)}\n\n{found.Difference ?? "The engine comes to the same."}\n\nThe page says:\n{Arrows(expected)}");
    }

    /// <summary>What differs between the ways to reckon a world; null: nothing.</summary>
    public static string? Difference(World world) => Found(world).Difference;

    private static (IReadOnlyList<string> Oracle, string? Difference) Found(World world)
    {
        var oracle = OracleAccount.Reckon(world, new EngineRun(world, [], world.Until).Ids);
        var text = oracle.Text();
        foreach (var (name, reckon) in Ways)
        {
            var other = Try(() => reckon(world));
            var same = name == "in drafts" ? [.. Bill.Text(oracle.Bills)] : text;
            if (!other.SequenceEqual(same))
                return (text, $"The engine, {name}, instead:\n{Arrows(other.Except(same))}\nof:\n{Arrows(same.Except(other))}");
        }
        return (text, null);
    }

    private static readonly (string Name, Func<World, IReadOnlyList<string>> Reckon)[] Ways =
    [
        ("in drafts", w => [.. Bill.Text(Books.Drafts(w))]),
        ("issued at once", w => Books.AtOnce(w).Text()),
        ("issued as it falls due", w => Books.AsItFallsDue(w).Text()),
    ];

    private static IReadOnlyList<string> Try(Func<IReadOnlyList<string>> reckon)
    {
        try
        {
            return reckon();
        }
        catch (Exception fault) when (fault is ArithmeticException or ArgumentException or InvalidOperationException)
        {
            return [fault.ToString()];
        }
    }

    private static string Arrows(IEnumerable<string> lines) => string.Join('\n', lines.Select(l => "-> " + l));

    private static IEnumerable<string> Sorted(IEnumerable<string> lines) => lines.Select(Plain).Order(StringComparer.Ordinal);

    private static string Plain(string line) => Blanks().Replace(line.Trim(), " ");

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();
}
