using System.Text;
using System.Text.Json;
using Billing.Domain.Metering;
using Billing.Domain.Metering.Events;
using Billing.Domain.Values;
using Xunit;

namespace Billing.Domain.Tests.Metering;

public sealed class MeterTests
{
    private static readonly HashKey Secret = new(1, 2);

    [Theory]
    [InlineData("tokens", """{"tokens":5}""", "5", PropertyKind.Number)]
    [InlineData("$.tokens", """{"tokens":"5"}""", "5", PropertyKind.Text)]
    [InlineData("$.usage.total", """{"usage":{"total":1.50}}""", "1.50", PropertyKind.Number)]
    [InlineData("$['a b']", """{"a b":true}""", "true", PropertyKind.Truth)]
    [InlineData("$[\"a b\"].c", """{"a b":{"c":"x"}}""", "x", PropertyKind.Text)]
    [InlineData("$['a.b']", """{"a.b":1}""", "1", PropertyKind.Number)]
    [InlineData("$['a]b']", """{"a]b":1}""", "1", PropertyKind.Number)]
    [InlineData("$['it\\'s']", """{"it's":1}""", "1", PropertyKind.Number)]
    [InlineData("$.items[0].n", """{"items":[{"n":7},{"n":8}]}""", "7", PropertyKind.Number)]
    [InlineData("$.items[1].n", """{"items":[{"n":7},{"n":8}]}""", "8", PropertyKind.Number)]
    [InlineData("$.é", """{"\u00e9":1}""", "1", PropertyKind.Number)]
    [InlineData("$.a.b", """{"a":{"\u0062":"\u0063"}}""", "c", PropertyKind.Text)]
    [InlineData("a.b", """{"a.b":1,"a":{"b":2}}""", "1", PropertyKind.Number)]
    [InlineData("o", """{"o":{"x":1}}""", """{"x":1}""", PropertyKind.Nested)]
    [InlineData("$.o.p", """{"o":{"p":[1, 2]}}""", "[1, 2]", PropertyKind.Nested)]
    public void A_path_finds_its_value(string path, string properties, string value, PropertyKind kind)
    {
        Assert.True(PropertyPath.Read(path).Value.Find(Properties(properties), out var found, out var foundKind));
        Assert.Equal((value, kind), (Encoding.UTF8.GetString(found), foundKind));
    }

    [Theory]
    [InlineData("tokens", "{}")]
    [InlineData("tokens", """{"tokens":null}""")]
    [InlineData("tokens", """{"Tokens":1}""")]
    [InlineData("$.a.b", """{"a":1}""")]
    [InlineData("$.a.b", """{"a":[1]}""")]
    [InlineData("$.a.b", """{"a":{}}""")]
    [InlineData("$.a.b", """{"a":{"b":null}}""")]
    [InlineData("$.a.b.c", """{"a":{"b":"c"}}""")]
    [InlineData("$.a[0]", """{"a":{"0":1}}""")]
    [InlineData("$.a[2]", """{"a":[1,2]}""")]
    [InlineData("$.a[0]", """{"a":[null]}""")]
    public void An_absent_or_null_value_is_not_found(string path, string properties) =>
        Assert.False(PropertyPath.Read(path).Value.Find(Properties(properties), out _, out _));

    [Theory]
    [InlineData("")]
    [InlineData("$")]
    [InlineData("$.")]
    [InlineData("$..a")]
    [InlineData("$.a.")]
    [InlineData("$a")]
    [InlineData("$[0]")]
    [InlineData("$.a[-1]")]
    [InlineData("$.a[*]")]
    [InlineData("$.*")]
    [InlineData("$.a[")]
    [InlineData("$.a[1")]
    [InlineData("$['a")]
    [InlineData("$['a'")]
    [InlineData("$['a\\")]
    [InlineData("$['a\\n']")]
    [InlineData("$.a[?(@.b)]")]
    [InlineData("$.a b")]
    [InlineData("$.a[99999999999]")]
    public void Another_path_is_refused(string path) => Assert.Equal("invalid_path", PropertyPath.Read(path).Refusal!.Code);

    [Theory]
    [InlineData("tokens")]
    [InlineData("a.b")]
    [InlineData("$x")]
    [InlineData("$.x")]
    [InlineData("$['x']")]
    [InlineData("$it's \\ \"quoted\" ]")]
    public void A_literal_name_survives_being_stored(string name)
    {
        var stored = JsonSerializer.Deserialize<PropertyPath>(JsonSerializer.Serialize(PropertyPath.OfName(name)))!;
        Assert.True(stored.Find(Properties($"{{{JsonSerializer.Serialize(name)}:7}}"), out _, out _));
        Assert.Equal(PropertyPath.OfName(name), stored);
    }

    [Theory]
    [InlineData("a", "a")]
    [InlineData("a;b", "a;b")]
    [InlineData("a;a,b", "a,b")]
    [InlineData("a,b;a", "a,b")]
    [InlineData("a,b;b,a", "a,b")]
    [InlineData("a,b;b,c;c", "a,b;b,c")]
    [InlineData("", "")]
    [InlineData(";a", "a")]
    [InlineData("a;a,a", "a")]
    public void Of_groupings_only_those_that_no_other_contains_are_kept(string given, string kept)
    {
        var meter = MeterOf(Aggregation.Count, groupings: [.. given.Split(';').Select(g => g.Split(',', StringSplitOptions.RemoveEmptyEntries))]);
        Assert.Equal(kept, string.Join(';', meter.KeptGroupings.Select(g => string.Join(',', g.Select(d => d.Name)))));
    }

    [Fact]
    public void A_grouping_is_found_by_the_dimensions_it_must_have()
    {
        var meter = MeterOf(Aggregation.Count, groupings: [["a"], ["b", "c"]]);
        Assert.Equal((0, 1, 1, 0), (meter.GroupingWith(["a"]), meter.GroupingWith(["c"]), meter.GroupingWith(["c", "b"]), meter.GroupingWith([])));
        Assert.Null(meter.GroupingWith(["a", "b"]));
        Assert.Equal(0, MeterOf(Aggregation.Count, groupings: []).GroupingWith([]));
    }

    [Theory]
    [InlineData(null, null, "x", true)]
    [InlineData("x", null, "x", true)]
    [InlineData("x", null, "X", false)]
    [InlineData("y", null, "x", false)]
    [InlineData("", null, "x", true)]
    [InlineData(null, "x", "x", false)]
    [InlineData(null, "y", "x", true)]
    [InlineData("x", "x", "x", false)]
    public void An_event_type_counts_when_it_is_taken_and_not_left_out(string? types, string? not, string type, bool takes)
    {
        var meter = MeterOf(Aggregation.Count) with { EventTypes = types?.Split(',', StringSplitOptions.RemoveEmptyEntries), NotEventTypes = not?.Split(',') };
        Assert.Equal(takes, meter.TakesType(type));
        var set = new MeterSet([meter], Secret);
        for (var again = 0; again < 2; again++) Assert.Equal(takes ? [0] : [], set.ForType(Encoding.UTF8.GetBytes(type)).ToArray());
    }

    [Theory]
    [InlineData("""{"p":"a"}""", true, null, null, true)]
    [InlineData("""{}""", true, null, null, false)]
    [InlineData("""{"p":null}""", true, null, null, false)]
    [InlineData("""{"p":null}""", false, null, null, true)]
    [InlineData("""{"p":1}""", false, null, null, false)]
    [InlineData("""{"p":"a"}""", null, "a,b", null, true)]
    [InlineData("""{"p":"c"}""", null, "a,b", null, false)]
    [InlineData("""{}""", null, "a,b", null, false)]
    [InlineData("""{"p":5}""", null, "5", null, true)]
    [InlineData("""{"p":true}""", null, "true", null, true)]
    [InlineData("""{"p":"c"}""", null, null, "a,b", true)]
    [InlineData("""{"p":"b"}""", null, null, "a,b", false)]
    [InlineData("""{}""", null, null, "a,b", true)]
    [InlineData("""{}""", true, null, "a,b", false)]
    [InlineData("""{"p":"a"}""", true, "a", "a", false)]
    public void All_of_a_filters_conditions_must_hold(string properties, bool? exists, string? among, string? not, bool passes)
    {
        var filter = new PropertyFilter(PropertyPath.OfName("p"), exists, among?.Split(','), not?.Split(','));
        var other = new PropertyFilter(PropertyPath.OfName("q"), true, null, null);
        Assert.Equal(passes, new MeterSet([MeterOf(Aggregation.Count) with { Filters = [filter] }], Secret).Passes(0, Properties(properties)));
        Assert.False(new MeterSet([MeterOf(Aggregation.Count) with { Filters = [filter, other] }], Secret).Passes(0, Properties(properties)));
    }

    [Theory]
    [InlineData(Aggregation.Sum, """{"v":"1.5"}""", Unreadable.None, false)]
    [InlineData(Aggregation.Sum, """{"v":1.00000000000001}""", Unreadable.None, true)]
    [InlineData(Aggregation.Sum, "{}", Unreadable.NoValue, false)]
    [InlineData(Aggregation.Max, """{"v":null}""", Unreadable.NoValue, false)]
    [InlineData(Aggregation.Min, """{"v":true}""", Unreadable.NotANumber, false)]
    [InlineData(Aggregation.Avg, """{"v":"many"}""", Unreadable.NotANumber, false)]
    [InlineData(Aggregation.Latest, """{"v":{"w":1}}""", Unreadable.NotANumber, false)]
    [InlineData(Aggregation.Sum, """{"v":1e15}""", Unreadable.NotANumber, false)]
    [InlineData(Aggregation.Sum, """{"v":1e-13}""", Unreadable.NotANumber, false)]
    [InlineData(Aggregation.Unique, """{"v":{"w":1}}""", Unreadable.None, false)]
    [InlineData(Aggregation.Unique, "{}", Unreadable.NoValue, false)]
    [InlineData(Aggregation.Count, "{}", Unreadable.None, false)]
    public void A_meter_says_why_it_cannot_read_a_value(Aggregation aggregation, string properties, Unreadable why, bool rounded)
    {
        Assert.Equal(why, new MeterSet([MeterOf(aggregation)], Secret).Read(0, Properties(properties), 5, 6, out var measure, out var wasRounded));
        Assert.Equal(rounded, wasRounded);
        if (why == Unreadable.None && aggregation == Aggregation.Latest) Assert.Equal((5, (UInt128)6), (measure.Time, measure.EventHash));
    }

    [Theory]
    [InlineData("4.999999999999", null, null, "4.999999999999")]
    [InlineData("4.999999999999", 5.0, null, "5")]
    [InlineData("5", 5.0, 10.0, "5")]
    [InlineData("10.000000000001", 5.0, 10.0, "10")]
    [InlineData("10.000000000001", 5.0, null, "10.000000000001")]
    [InlineData("-3", 5.0, 10.0, "5")]
    [InlineData("-3", null, 10.0, "-3")]
    [InlineData("-3", null, -4.5, "-4.5")]
    public void What_one_event_adds_is_kept_within_bounds(string value, double? minimum, double? maximum, string counted)
    {
        var meter = MeterOf(Aggregation.Sum) with { EventBounds = new EventBounds((decimal?)minimum, (decimal?)maximum) };
        Assert.Equal(Unreadable.None, new MeterSet([meter], Secret).Read(0, Properties($$"""{"v":"{{value}}"}"""), 0, 0, out var measure, out _));
        Assert.Equal(counted, Quantity.ToText(measure.Value));
    }

    [Fact]
    public void UNIQUE_tells_values_apart_by_their_text()
    {
        var set = new MeterSet([MeterOf(Aggregation.Unique)], Secret);
        Assert.Equal(Element("""{"v":"1"}"""), Element("""{"v":1}"""));
        Assert.Equal(Element("""{"v":"a"}"""), Element("""{"v":"\u0061"}"""));
        Assert.NotEqual(Element("""{"v":1}"""), Element("""{"v":1.0}"""));

        UInt128 Element(string properties)
        {
            set.Read(0, Properties(properties), 0, 0, out var measure, out _);
            return measure.Element;
        }
    }

    [Fact]
    public void A_group_comes_back_with_its_absent_values()
    {
        Dimension[] grouping = [new("a", PropertyPath.OfName("a")), new("b", PropertyPath.OfName("b")), new("c", PropertyPath.OfName("c"))];
        var buffer = new byte[GroupKey.MaxBytes(3)];
        Assert.True(GroupKey.TryWrite(grouping, Properties("""{"a":"","c":"é\u0000"}"""), buffer, out var length));
        Assert.Equal(new List<string?> { "", null, "é\0" }, GroupKey.Read(buffer.AsSpan(0, length), 3).ToList());
        var full = new string('x', 512);
        Assert.True(GroupKey.TryWrite(grouping, Properties($$"""{"a":"{{full}}","b":"{{full}}","c":"{{full}}"}"""), buffer, out length));
        Assert.Equal(buffer.Length, length);
        Assert.Equal(new List<string?> { full, full, full }, GroupKey.Read(buffer.AsSpan(0, length), 3).ToList());
        Assert.False(GroupKey.TryWrite(grouping, Properties($$"""{"c":"{{full}}x"}"""), buffer, out _));
        // 256 two-byte characters fit, 257 do not.
        Assert.True(GroupKey.TryWrite(grouping, Properties($$"""{"a":"{{new string('é', 256)}}"}"""), buffer, out _));
        Assert.False(GroupKey.TryWrite(grouping, Properties($$"""{"a":"{{new string('é', 257)}}"}"""), buffer, out _));
    }

    private static Meter MeterOf(Aggregation aggregation, string[][]? groupings = null) => new(
        "m", aggregation, null, null, [], PropertyPath.OfName("v"), [.. (groupings ?? []).Select(g => g.Select(n => new Dimension(n, PropertyPath.OfName(n))).ToArray())]);

    private static ReadOnlySpan<EventProperty> Properties(string json)
    {
        var message = new ParsedMessage();
        var body = $$"""{"transaction_id":"t","customer_id":"c","event_type":"e","properties":{{json}}}""";
        Assert.Null(new EventParser().Parse(Encoding.UTF8.GetBytes(body), EventShape.Any, message));
        Assert.Empty(message.Refusals);
        return message.Properties(message.Events[0]);
    }
}
