using System.Text.RegularExpressions;
using Xunit;

namespace Billing.Tidy.Tests;

/// <summary>The rules of the house that no analyzer knows, held against the source itself.</summary>
public sealed partial class TidyTests
{
    private const int MaxLines = 400;
    private const int MaxTestLines = 600;
    private const int MaxFilesInFolder = 14;
    private const int MaxFoldersDeep = 2;

    private static readonly string Root = FindRoot();

    private static readonly string[] BannedWords = ["Manager", "Helper", "Util", "Utils", "Processor", "Dto"];

    // Allowed directions between the capabilities of the domain: each may use those before it.
    private static readonly string[] DomainOrder = ["Values", "Metering", "Pricing", "Credits", "Contracts", "Invoicing", "Spending", "CreditMemos"];

    private static readonly Dictionary<string, string[]> AllowedReferences = new()
    {
        ["Billing.Domain"] = [],
        ["Billing.UseCases"] = ["Billing.Domain"],
        ["Billing.Storage.Sqlite"] = ["Billing.UseCases"],
        ["Billing.Storage.Azure"] = ["Billing.UseCases"],
        ["Billing.Functions"] = ["Billing.UseCases", "Billing.Storage.Azure", "Billing.Storage.Sqlite"],
    };

    [Fact]
    public void Files_are_short() =>
        None(Sources("functions").Where(f => File.ReadLines(f).Count() > MaxLines)
            .Concat(Sources("tests").Where(f => File.ReadLines(f).Count() > MaxTestLines)));

    [Fact]
    public void Folders_are_small_and_flat()
    {
        None(Sources("functions").GroupBy(f => Path.GetDirectoryName(f)!).Where(g => g.Count() > MaxFilesInFolder).Select(g => $"{g.Key}: {g.Count()}"));
        None(Sources("functions").Where(f => Path.GetRelativePath(Path.Combine(Root, "functions"), f).Split('/').Length - 2 > MaxFoldersDeep));
    }

    [Fact]
    public void Types_are_named_in_the_words_of_the_field() =>
        None(Sources("functions").SelectMany(f => TypeName().Matches(File.ReadAllText(f)).Select(m => m.Groups[1].Value))
            .Where(name => BannedWords.Any(w => name.EndsWith(w, StringComparison.Ordinal))));

    [Fact]
    public void Nothing_is_left_to_do_later() =>
        None(Sources("functions").Concat(Sources("tests")).Where(f => !f.EndsWith("TidyTests.cs", StringComparison.Ordinal) && Unfinished().IsMatch(File.ReadAllText(f))));

    [Fact]
    public void The_domain_knows_no_clock_no_tasks_and_no_binary_fractions() =>
        None(Sources("functions/Billing.Domain").Where(f => Impure().IsMatch(Code(f))));

    [Fact]
    public void Capabilities_of_the_domain_only_use_those_before_them()
    {
        foreach (var file in Sources("functions/Billing.Domain"))
        {
            var own = Array.IndexOf(DomainOrder, Path.GetRelativePath(Path.Combine(Root, "functions/Billing.Domain"), file).Split('/')[0]);
            foreach (Match used in DomainUsing().Matches(File.ReadAllText(file)))
                Assert.True(Array.IndexOf(DomainOrder, used.Groups[1].Value) <= own, $"{file} uses {used.Groups[1].Value}");
        }
    }

    [Fact]
    public void Projects_only_refer_to_what_lies_inside_them()
    {
        foreach (var (project, allowed) in AllowedReferences)
        {
            var text = File.ReadAllText(Path.Combine(Root, "functions", project, project + ".csproj"));
            Assert.Equal(allowed.Order(), ProjectReference().Matches(text).Select(m => m.Groups[1].Value).Order());
        }
    }

    [Fact]
    public void Only_the_storage_choice_names_an_adapter() =>
        None(Sources("functions/Billing.Functions").Where(f => File.ReadAllText(f).Contains("using Billing.Storage", StringComparison.Ordinal)
            && Path.GetFileName(f) is not ("EmbeddedStorage.cs" or "AzureStorage.cs" or "LogPump.cs")));

    [Fact]
    public void Each_capability_of_the_domain_says_what_it_means() =>
        None(DomainOrder.Skip(1).Select(c => Path.Combine(Root, "functions/Billing.Domain", c)).Where(Directory.Exists).Where(c => !File.Exists(Path.Combine(c, "README.md"))));

    [Fact]
    public void The_repository_names_no_package_registry_and_no_path_of_a_machine() =>
        None(Directory.EnumerateFiles(Root, "*", SearchOption.AllDirectories)
            .Where(f => !Regex.IsMatch(f, "/(artifacts|node_modules|\\.git|\\.billing)/") && Regex.IsMatch(Path.GetExtension(f), "^\\.(cs|md|json|props|csproj|mjs|yaml|bicep|txt)$") && !f.EndsWith("TidyTests.cs", StringComparison.Ordinal))
            .Where(f => MachinePath().IsMatch(File.ReadAllText(f))));

    private static void None(IEnumerable<string> wrong)
    {
        var all = wrong.ToList();
        Assert.True(all.Count == 0, string.Join('\n', all));
    }

    private static IEnumerable<string> Sources(string folder) =>
        Directory.EnumerateFiles(Path.Combine(Root, folder), "*.cs", SearchOption.AllDirectories).Where(f => !Regex.IsMatch(f, "/(bin|obj|artifacts|node_modules)/"));

    private static string Code(string file) => Comment().Replace(File.ReadAllText(file), "");

    private static string FindRoot()
    {
        var at = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(at, "Billing.Functions.sln"))) at = Path.GetDirectoryName(at) ?? throw new InvalidOperationException("Not inside the repository.");
        return at;
    }

    [GeneratedRegex(@"\b(?:class|record|struct|interface|enum)\s+(?:struct\s+|class\s+)?([A-Z]\w+)")]
    private static partial Regex TypeName();

    [GeneratedRegex(@"\b(TODO|FIXME|HACK|NotImplementedException)\b")]
    private static partial Regex Unfinished();

    [GeneratedRegex(@"\b(async|await|Task|double|float|IClock|ILogger|HttpClient|File|Environment)\b")]
    private static partial Regex Impure();

    [GeneratedRegex(@"using Billing\.Domain\.(\w+)")]
    private static partial Regex DomainUsing();

    [GeneratedRegex(@"ProjectReference Include=""[^""]*/(Billing[\w.]+)\.csproj""")]
    private static partial Regex ProjectReference();

    [GeneratedRegex(@"//[^\n]*")]
    private static partial Regex Comment();

    [GeneratedRegex(@"registry\.npmjs\.org|api\.nuget\.org|/work/|/root/")]
    private static partial Regex MachinePath();
}
