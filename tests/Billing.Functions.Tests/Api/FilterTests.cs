using System.Text.Json;
using System.Text.RegularExpressions;
using Billing.Functions.Api.OpenMeter;
using Billing.Functions.Hosting.Json;
using Xunit;

namespace Billing.Functions.Tests.Api;

public sealed class FilterTests
{
    [Theory]
    // filter | values that pass, of: (none), "", a, b, ab, AB, Ä
    [InlineData("""{}""", "none,,a,b,ab,AB,Ä")]
    [InlineData("""{"$eq":"a"}""", "a")]
    [InlineData("""{"$ne":"a"}""", "none,,b,ab,AB,Ä")]
    [InlineData("""{"$in":["a","b"]}""", "a,b")]
    [InlineData("""{"$in":[]}""", null)]
    [InlineData("""{"$nin":["a","b"]}""", "none,,ab,AB,Ä")]
    [InlineData("""{"$like":"a%"}""", "a,ab")]
    [InlineData("""{"$nlike":"a%"}""", "none,,b,AB,Ä")]
    [InlineData("""{"$ilike":"A%"}""", "a,ab,AB")]
    [InlineData("""{"$nilike":"A%"}""", "none,,b,Ä")]
    [InlineData("""{"$ilike":"ä"}""", "Ä")]
    [InlineData("""{"$gt":"a","$lte":"b"}""", "b,ab")] // ordinal: AB < a < ab < b < Ä
    [InlineData("""{"$gte":"a","$lt":"b"}""", "a,ab")]
    [InlineData("""{"$or":[{"$eq":"a"},{"$like":"%B"}]}""", "a,AB")]
    [InlineData("""{"$and":[{"$like":"%b"},{"$ne":"b"}]}""", "ab")]
    [InlineData("""{"$and":[{"$or":[{"$eq":"a"},{"$eq":"b"}]},{"$ne":"a"}]}""", "b")]
    [InlineData("""{"$eq":"a","$ne":null,"$in":null}""", "a")]
    public void A_text_filter_passes_what_all_its_operators_pass_and_an_absent_value_only_the_negative_ones(string filter, string? passing)
    {
        var test = FilterJson.Text(JsonDocument.Parse(filter).RootElement, "f").Value;
        var values = new[] { null, "", "a", "b", "ab", "AB", "Ä" };
        Assert.Equal(passing, values.Where(test).Select(v => v ?? "none").ToList() is { Count: > 0 } passed ? string.Join(',', passed) : null);
    }

    [Theory]
    [InlineData("""{"$near":"a"}""", "f/$near")]
    [InlineData("""{"$eq":1}""", "f/$eq")]
    [InlineData("""{"$in":"a"}""", "f/$in")]
    [InlineData("""{"$in":["a",1]}""", "f/$in")]
    [InlineData("""{"$or":{"$eq":"a"}}""", "f/$or")]
    [InlineData("""{"$or":[{"$eq":"a"},{"$eq":1}]}""", "f/$or/1/$eq")]
    [InlineData("""{"$and":["a"]}""", "f/$and/0")]
    [InlineData("""["a"]""", "f")]
    public void What_is_no_filter_is_refused_with_its_place(string filter, string place)
    {
        var refusal = FilterJson.Text(JsonDocument.Parse(filter).RootElement, "f").Refusal!;
        Assert.Equal(("invalid_filter", place), (refusal.Code, refusal.Field));
        Assert.StartsWith(place + ": ", refusal.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Filters_lie_in_one_another_eight_levels_deep_and_no_deeper()
    {
        static string Nested(int levels) => string.Concat(Enumerable.Repeat("{\"$or\":[", levels)) + "{}" + string.Concat(Enumerable.Repeat("]}", levels));
        Assert.Null(FilterJson.Text(JsonDocument.Parse(Nested(8)).RootElement, "f").Refusal);
        Assert.Contains("at most 8 levels", FilterJson.Text(JsonDocument.Parse(Nested(9)).RootElement, "f").Refusal!.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void A_time_filter_compares_instants_whatever_their_offset()
    {
        var test = FilterJson.Time(JsonDocument.Parse("""{"$gte":"2026-01-01T01:00:00+01:00","$or":[{"$lt":"2026-01-02T00:00:00Z"}]}""").RootElement, "f").Value;
        Assert.Equal(
            [false, true, false],
            new[] { "2025-12-31T23:59:59Z", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z" }.Select(t => Rfc3339Instant.TryParse(t, out var at) && test(at)));
        Assert.Equal("f/$eq", FilterJson.Time(JsonDocument.Parse("""{"$eq":"2026-01-01T00:00:00Z"}""").RootElement, "f").Refusal!.Field);
        Assert.Equal("f/$gt", FilterJson.Time(JsonDocument.Parse("""{"$gt":"today"}""").RootElement, "f").Refusal!.Field);
    }

    [Theory]
    [InlineData("", "", true)]
    [InlineData("", "%", true)]
    [InlineData("", "_", false)]
    [InlineData("abc", "a_c", true)]
    [InlineData("abc", "%%c", true)]
    [InlineData("abc", "%b", false)]
    [InlineData("aab", "%ab", true)]
    [InlineData("100%", "100\\%", true)]
    [InlineData("100x", "100\\%", false)]
    [InlineData("a_b", "a\\_b", true)]
    [InlineData("axb", "a\\_b", false)]
    [InlineData("a\\", "a\\\\", true)]
    [InlineData("a\\", "a\\", true)]
    public void A_pattern_fits_the_whole_text(string text, string pattern, bool fits) =>
        Assert.Equal(fits, Pattern.Fits(text, pattern, ignoreCase: false));

    [Fact]
    public void A_pattern_fits_as_a_regular_expression_does()
    {
        // Every text of up to 4 letters against every pattern of up to 4 signs.
        static IEnumerable<string> Words(string letters) =>
            Enumerable.Range(0, 4).Aggregate(new List<string> { "" }, (all, _) => [.. all, .. all.SelectMany(w => letters.Select(l => w + l))]).Distinct();
        foreach (var pattern in Words("ab%_"))
        {
            var same = new Regex("^" + pattern.Replace("%", ".*", StringComparison.Ordinal).Replace('_', '.') + "$");
            Assert.All(Words("ab"), text => Assert.Equal(same.IsMatch(text), Pattern.Fits(text, pattern, ignoreCase: false)));
        }
    }

    [Fact]
    public void A_pattern_made_to_be_slow_is_not() =>
        Assert.False(Pattern.Fits(new string('a', 10_000), string.Concat(Enumerable.Repeat("a%", 200)) + "b", ignoreCase: false));
}
