using Billing.Functions.Demo;
using Xunit;

namespace Billing.Functions.Tests.Demo;

/// <summary>The command demo, whole: its pipeline, its report, its own checks.</summary>
public sealed class DemoTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("billing-test-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task A_small_month_is_billed_and_every_check_is_equal()
    {
        var (code, output, errors) = await RunAsync("--customers", "20", "--events-count", "2000");
        Assert.Equal("", errors);
        Assert.Equal(0, code);
        // 2,000 requests, 44 of them twice.
        Assert.Contains("accepted 2,044 = counted 2,000 + duplicate 44 + rejected 0 + pending 0", output, StringComparison.Ordinal);
        Assert.Equal(5, Count(output, ": equal"));
        Assert.DoesNotContain("NOT EQUAL", output, StringComparison.Ordinal);
        // January and February of 20 customers; four dates of the enterprise's commit and seats; the wallet's purchase and its top-up.
        Assert.Contains("All 46 invoices", output, StringComparison.Ordinal);
        Assert.Matches(@"large, \w\w \(20 % off\) ", output);
        Assert.Matches(@"medium, \w\w from 01-15 .*× \$(8\.00|8\.80) per M ", output);
        Assert.Matches(@"Late, of 2026-01:", output);
        Assert.Matches(@"Annual commit applied +- \$", output);
        Assert.Matches(@"Amber Robotics +Enterprise +\$6,000\.00 ", output);
        var pages = output[output.IndexOf("\nInvoices", StringComparison.Ordinal)..output.IndexOf("\nChecks", StringComparison.Ordinal)];
        Assert.All(pages.Split('\n'), line => Assert.InRange(line.TrimEnd().Length, 0, 100));
    }

    [Fact]
    public async Task The_same_seed_prints_the_same_figures_and_another_seed_others()
    {
        string[] small = ["--customers", "5", "--events-count", "300", "--seed"];
        var first = await RunAsync([.. small, "7"]);
        var again = await RunAsync([.. small, "7"]);
        var other = await RunAsync([.. small, "8"]);
        Assert.Equal(Figures(first.Output), Figures(again.Output));
        Assert.NotEqual(Figures(first.Output), Figures(other.Output));
    }

    [Fact]
    public async Task A_file_is_billed_row_by_row_to_the_customer_of_its_number()
    {
        var rows = Enumerable.Range(1, 30).Select(n => $"2023-11-16 18:17:{n:D2}.9799600,100000,10000");
        var (code, output, errors) = await RunAsync("--events", File("azure-code.csv", ["TIMESTAMP,ContextTokens,GeneratedTokens", .. rows]));
        Assert.Equal("", errors);
        Assert.Equal(0, code);
        // A row: 0.1 M × $1.00 + 0.01 M × $4.00 = $0.14, and free credit pays it. Row 21 is the second of customer 1's and comes late: $0.14.
        // Row 20 is the enterprise's, 20 % off: $0.112 of its $6,000. It owes a quarter of that, $1,500; seats 20 × $30, 6 × $30 × 16 of 30 days = $96, twice 26 × $30.
        // The wallet uses rows 2 and 22, $0.28 of its $100, and is topped up with $50.28. All: 1,500 + 600 + 96 + 1,560 + 100 + 50.28 + 0.14.
        Assert.Contains("invoices priced again by hand, together $3,906.42: equal", output, StringComparison.Ordinal);
        Assert.Matches(@"Customer 01 +2023-12 +2 +\d+ +\$0\.14 ", output);
        Assert.Matches(@"Input tokens +code, us \(20 % off\) +0\.1 M +× \$0\.80 per M += \$0\.08 ", output);
        Assert.Matches(@"Customer 01 +Pay as you go +\$5\.00 +\$0\.14 +\$4\.86 +\$0\.00 ", output);
        Assert.Matches(@"Customer 02 +Prepaid wallet +\$150\.28 +\$0\.28 +\$0\.00 +\$150\.00 ", output);
        // 30 × 110,000 tokens.
        Assert.Matches(@"All +3,300,000 +3,300,000 +30 ", output);
    }

    [Fact]
    public async Task Files_that_reach_over_a_month_s_end_make_an_invoice_a_month()
    {
        var conv = File("conv.csv", ["TIMESTAMP,ContextTokens,GeneratedTokens", "2023-11-30 23:59:59.9999999,1000000,0", "2023-12-01 00:00:00,2000000,0"]);
        var plain = File("other.csv", ["GeneratedTokens,ContextTokens,TIMESTAMP", "\"0\",1000000,2023-12-31 23:59:59.5", ""]);
        var (code, output, _) = await RunAsync("--events", conv, "--events", plain, "--customers", "1");
        Assert.Equal(0, code);
        // November: 1 M × $0.50. December: 2 M × $0.50 of conv and 1 M × $1.00 of model. The annual commit pays: $6,000 - $2.50.
        Assert.Matches(@"Customer 00 +Enterprise +\$6,000\.00 +\$2\.50 +\$0\.00 +\$5,997\.50 ", output);
        // Usage of November, December, January. Quarters in November and February: $3,000. Seats: $600 + $96 + 3 × $780 on four dates and the 15th.
        Assert.Contains("checked: 8 invoices priced again by hand, together $6,036.00: equal", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("TIMESTAMP,ContextTokens\n", "line 1: the header has no column GeneratedTokens")]
    [InlineData("TIMESTAMP,ContextTokens,GeneratedTokens\n", "has a header and no rows")]
    [InlineData("TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03,1,1\n2023-11-16 18:17:03,x,1\n", "line 3, column 2 (ContextTokens): 'x' is not a whole number from 0 to 1,000,000,000.")]
    [InlineData("TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03,1,-1\n", "line 2, column 3 (GeneratedTokens): '-1' is not a whole number")]
    [InlineData("TIMESTAMP,ContextTokens,GeneratedTokens\n16.11.2023,1,1\n", "line 2, column 1 (TIMESTAMP): '16.11.2023' is not a time such as 2023-11-16 18:17:03.9799600.")]
    [InlineData("TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03,1\n", "line 2, column 3 (GeneratedTokens): it is missing.")]
    [InlineData("TIMESTAMP,ContextTokens,GeneratedTokens\n1999-01-01 00:00:00,1,1\n2023-01-01 00:00:00,1,1\n", "at most 24 months are billed at once")]
    public async Task A_file_that_cannot_be_used_is_refused_with_its_place(string content, string complaint)
    {
        var file = Path.Combine(folder, "bad.csv");
        await System.IO.File.WriteAllTextAsync(file, content);
        var (code, _, errors) = await RunAsync("--events", file);
        Assert.Equal(2, code);
        Assert.Contains(complaint, errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--events needs a value", "--events")]
    [InlineData("cannot be read", "--events", "/nowhere/traffic.csv")]
    [InlineData("There is no option '--event'", "--event", "x.csv")]
    [InlineData("--customers is a whole number from 1 to 5,000, not '0'", "--customers=0")]
    [InlineData("--seed is a whole number", "--seed", "x")]
    [InlineData("with --events every row counts", "--events", "x.csv", "--events-count", "5")]
    public async Task A_bad_option_is_refused(string complaint, params string[] args)
    {
        var (code, output, errors) = await RunAsync(args);
        Assert.Equal(2, code);
        Assert.Equal("", output);
        Assert.Contains(complaint, errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_named_folder_is_kept_and_never_used_twice()
    {
        string[] args = ["--customers", "2", "--events-count", "50", "--data", Path.Combine(folder, "kept")];
        var (code, output, _) = await RunAsync(args);
        Assert.Equal(0, code);
        Assert.Contains($"BILLING_DATA='{args[^1]}' BILLING_TEST_CLOCK=1 dotnet run --project functions/Billing.Functions", output, StringComparison.Ordinal);
        Assert.NotEmpty(Directory.EnumerateFiles(args[^1]));
        var second = await RunAsync(args);
        Assert.Equal(2, second.Code);
        Assert.Contains("is not empty", second.Errors, StringComparison.Ordinal);
    }

    private static async Task<(int Code, string Output, string Errors)> RunAsync(params string[] args)
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();
        var code = await DemoCommand.RunAsync(args, output, errors, terminal: false);
        return (code, output.ToString(), errors.ToString());
    }

    // Durations differ from run to run; everything below them must not.
    private static string Figures(string output) => output[output.IndexOf("accepted ", StringComparison.Ordinal)..];

    private static int Count(string text, string part) => text.Split(part).Length - 1;

    private string File(string name, IEnumerable<string> lines)
    {
        var file = Path.Combine(folder, name);
        System.IO.File.WriteAllLines(file, lines);
        return file;
    }
}
