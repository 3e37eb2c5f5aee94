using System.Text.RegularExpressions;
using Billing.AzureStandIns;

namespace Billing.Functions.Tests.Infra;

/// <summary>What can be said of a Bicep file without its compiler: its declarations, and that its brackets and texts close.</summary>
internal sealed partial class BicepFile
{
    private BicepFile(string path)
    {
        Path = path;
        Text = Comments().Replace(File.ReadAllText(path), "");
        Params = Param().Matches(Text).ToDictionary(m => m.Groups[1].Value, m => m.Groups[2].Success);
        Vars = [.. Var().Matches(Text).Select(m => m.Groups[1].Value)];
        Outputs = [.. Output().Matches(Text).Select(m => m.Groups[1].Value)];
        Resources = [.. Resource().Matches(Text).Select(m => (m.Groups[1].Value, m.Groups[2].Value, m.Groups[3].Value))];
        Modules = [.. Module().Matches(Text).Select(m => (m.Groups[1].Value, m.Groups[2].Value, BlockAt(Text, Text.IndexOf('{', m.Index + m.Length - 1))))];
    }

    public static string Root => ThisMachine.RepositoryRoot;

    public static IReadOnlyList<BicepFile> All { get; } =
        [.. Directory.EnumerateFiles(System.IO.Path.Combine(Root, "infra"), "*.bicep", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(f => new BicepFile(f))];

    public string Path { get; }

    public string Name => System.IO.Path.GetFileNameWithoutExtension(Path);

    public string Text { get; }

    /// <summary>By name: whether it has a default.</summary>
    public IReadOnlyDictionary<string, bool> Params { get; }

    public IReadOnlyList<string> Vars { get; }

    public IReadOnlyList<string> Outputs { get; }

    public IReadOnlyList<(string Symbol, string Type, string Version)> Resources { get; }

    public IReadOnlyList<(string Symbol, string File, string Body)> Modules { get; }

    public static BicepFile Of(string name) => All.Single(f => f.Name == name);

    /// <summary>The names that stand at the left of a colon, one level deep in a block.</summary>
    public static IReadOnlyList<string> Keys(string block)
    {
        var keys = new List<string>();
        var depth = 0;
        foreach (var line in block.Split('\n'))
        {
            if (depth == 1 && Key().Match(line) is { Success: true } key) keys.Add(key.Groups[1].Value);
            depth += line.Count(c => c is '{' or '[' or '(') - line.Count(c => c is '}' or ']' or ')');
        }
        return keys;
    }

    /// <summary>The block that begins with the bracket at a place, both brackets included.</summary>
    public static string BlockAt(string text, int open)
    {
        var depth = 0;
        for (var at = open; at < text.Length; at++)
        {
            if (text[at] is '{' or '[' or '(') depth++;
            else if (text[at] is '}' or ']' or ')' && --depth == 0) return text[open..(at + 1)];
        }
        throw new InvalidOperationException($"The bracket at {open} does not close.");
    }

    /// <summary>The first place where brackets don't match or a text does not end on its line; null when all is well.</summary>
    public string? Fault()
    {
        var open = new Stack<char>();
        foreach (var (line, number) in Text.Split('\n').Select((l, i) => (l, i + 1)))
        {
            // Brackets in texts count too: those of ${…} close there again.
            if (line.Count(c => c == '\'') % 2 != 0) return $"{Name}:{number}: a text does not end: {line.Trim()}";
            foreach (var c in line)
            {
                if (c is '{' or '[' or '(') open.Push(c);
                else if (c is '}' or ']' or ')' && (open.Count == 0 || open.Pop() != (c == '}' ? '{' : c == ']' ? '[' : '('))) return $"{Name}:{number}: '{c}' closes nothing.";
            }
        }
        return open.Count > 0 ? $"{Name}: {open.Count} brackets do not close." : null;
    }

    [GeneratedRegex(@"^\s*//.*$", RegexOptions.Multiline)]
    private static partial Regex Comments();

    [GeneratedRegex(@"^param (\w+) \w+( = )?", RegexOptions.Multiline)]
    private static partial Regex Param();

    [GeneratedRegex(@"^var (\w+) = ", RegexOptions.Multiline)]
    private static partial Regex Var();

    [GeneratedRegex(@"^output (\w+) (?:string|array|object|int|bool) = ", RegexOptions.Multiline)]
    private static partial Regex Output();

    [GeneratedRegex(@"^resource (\w+) '([^'@]+)@([^']+)' = ", RegexOptions.Multiline)]
    private static partial Regex Resource();

    [GeneratedRegex(@"^module (\w+) '([^']+)' = (?:if \([^)]*\) )?\{", RegexOptions.Multiline)]
    private static partial Regex Module();

    [GeneratedRegex(@"^\s*'?([\w.]+)'?\s*:")]
    private static partial Regex Key();
}
