using System.Text;
using Billing.Domain.Metering.Events;
using Xunit;

namespace Billing.Domain.Tests.Metering;

public sealed class EventParserTests
{
    private const string Metronome = """{"transaction_id":"t1","customer_id":"c1","event_type":"call","timestamp":"2026-01-03T01:00:00Z","properties":{"n":1}}""";
    private const string Cloud = """{"specversion":"1.0","id":"t1","source":"api","type":"call","subject":"c1","time":"2026-01-03T01:00:00Z","data":{"n":1}}""";

    private readonly EventParser parser = new();
    private readonly ParsedMessage message = new();

    [Theory]
    [InlineData(Metronome, EventShape.Metronome, false, "")]
    [InlineData(Metronome, EventShape.Any, false, "")]
    [InlineData(Cloud, EventShape.CloudEvents, true, "api")]
    [InlineData(Cloud, EventShape.Any, true, "api")]
    public void Both_shapes_are_read(string body, EventShape shape, bool cloud, string source)
    {
        var read = One(body, shape);
        Assert.Equal((cloud, source, "t1", "c1", "call", 17_674_020_000_000_000), (read.IsCloudEvent, Text(read.Source), Text(read.Id), Text(read.Key), Text(read.Type), read.Time));
        var property = Assert.Single(message.Properties(read).ToArray());
        Assert.Equal(("n", "1", PropertyKind.Number), (Text(property.Name), Text(property.Value), property.Kind));
        Assert.Equal(body, Text(message.Body.Slice(read.RawStart, read.RawLength)));
    }

    [Theory]
    [InlineData(Cloud, EventShape.Metronome, "/0/transaction_id")]
    [InlineData(Metronome, EventShape.CloudEvents, "/0/specversion")]
    public void An_endpoint_takes_its_own_shape_only(string body, EventShape shape, string at) => Assert.Equal(at, Refused(body, shape).Field);

    [Fact]
    public void Time_and_properties_may_be_missing_or_null()
    {
        foreach (var rest in new[] { "", ""","timestamp":null,"properties":null""" })
        {
            var read = One($$"""{"transaction_id":"t","customer_id":"c","event_type":"e"{{rest}}}""", EventShape.Metronome);
            Assert.Null(read.Time);
            Assert.Equal(0, read.PropertyCount);
        }
        Assert.Null(One("""{"specversion":"1.0","id":"t","source":"s","type":"e","subject":"c","time":null,"data":null}""", EventShape.CloudEvents).Time);
    }

    [Theory]
    [InlineData("\"trace\":{\"a\":[1,{\"b\":null}]}")]
    [InlineData("\"id\":5")]
    [InlineData("\"data\":[1,2]")]
    [InlineData("\"time\":\"yesterday\",\"source\":{},\"subject\":true")]
    [InlineData("\"specversion\":\"1.0\"")]
    [InlineData("\"specversion\":3")]
    [InlineData("\"marker\":\"tick\"")]
    [InlineData("\"data_base64\":\"AA==\"")]
    public void Metronomes_shape_ignores_unknown_fields_whatever_they_hold(string field)
    {
        var body = Metronome.Insert(1, field + ",");
        Assert.Equal("t1", Text(One(body, EventShape.Metronome).Id));
        Assert.False(One(body, EventShape.Any).IsCloudEvent);
    }

    [Theory]
    [InlineData("\"traceparent\":\"00-1\"")]
    [InlineData("\"timestamp\":5")]
    [InlineData("\"properties\":7")]
    [InlineData("\"datacontenttype\":\"application/json\"")]
    [InlineData("\"transaction_id\":null")]
    public void CloudEvents_ignores_extensions_whatever_they_hold(string field)
    {
        var body = Cloud.Insert(1, field + ",");
        Assert.Equal("t1", Text(One(body, EventShape.CloudEvents).Id));
        Assert.True(One(body, EventShape.Any).IsCloudEvent);
    }

    [Theory]
    [InlineData("\"transaction_id\":\"t1\"", "", "/0/transaction_id", "transaction_id is missing.")]
    [InlineData("\"transaction_id\":\"t1\"", "\"transaction_id\":null", "/0/transaction_id", "transaction_id is missing.")]
    [InlineData("\"transaction_id\":\"t1\"", "\"transaction_id\":\"\"", "/0/transaction_id", "transaction_id is empty.")]
    [InlineData("\"transaction_id\":\"t1\"", "\"transaction_id\":7", "/0/transaction_id", "transaction_id must be a string, not a number.")]
    [InlineData("\"transaction_id\":\"t1\"", "\"transaction_id\":[\"t1\"]", "/0/transaction_id", "transaction_id must be a string, not an array.")]
    [InlineData("\"customer_id\":\"c1\"", "", "/0/customer_id", "customer_id is missing.")]
    [InlineData("\"customer_id\":\"c1\"", "\"customer_id\":\"\"", "/0/customer_id", "customer_id is empty.")]
    [InlineData("\"event_type\":\"call\"", "", "/0/event_type", "event_type is missing.")]
    [InlineData("\"event_type\":\"call\"", "\"event_type\":false", "/0/event_type", "event_type must be a string, not false.")]
    [InlineData("\"2026-01-03T01:00:00Z\"", "\"2026-01-03T01:00:00\"", "/0/timestamp", "timestamp has no zone: add Z or an offset such as +01:00.")]
    [InlineData("\"2026-01-03T01:00:00Z\"", "1767402000", "/0/timestamp", "timestamp must be a string, not a number.")]
    [InlineData("{\"n\":1}", "[1]", "/0/properties", "properties must be a JSON object, not an array.")]
    [InlineData("{\"n\":1}", "\"n\"", "/0/properties", "properties must be a JSON object, not a string.")]
    [InlineData("{\"n\":1}", "{\"n\":1e400}", "/0/properties/n", "properties/n is a number of more than 40 digits or an exponent beyond ±40.")]
    [InlineData("{\"n\":1}", "{\"n\":12345678901234567890123456789012345678901}", "/0/properties/n", "properties/n is a number of more than 40 digits or an exponent beyond ±40.")]
    [InlineData("{\"n\":1}", "{\"n\":{\"m\":[1e-41]}}", "/0/properties/n", "properties/n has a number of more than 40 digits or an exponent beyond ±40.")]
    [InlineData("{\"n\":1}", "{\"n\":1,\"n\":1}", "/0/properties/n", "properties/n stands twice in this object.")]
    [InlineData("{\"n\":1}", "{\"a\":1,\"\\u0061\":1}", "/0/properties/a", "properties/a stands twice in this object.")]
    [InlineData("{\"n\":1}", "{\"n\":{\"a\":1,\"\\u0061\":2}}", "/0/properties/n", "properties/n has a member twice in one object.")]
    [InlineData("{\"n\":1}", "{\"n\":[{\"x\":{\"a\":1,\"b\":2,\"a\":3}}]}", "/0/properties/n", "properties/n has a member twice in one object.")]
    [InlineData("{\"n\":1}", "{\"n\":{\"\\ud800\":1,\"\\ud800\":2}}", "/0", "The event has a string with half a surrogate pair.")]
    [InlineData("{\"n\":1}", "{\"n\":\"\\udc00x\"}", "/0", "The event has a string with half a surrogate pair.")]
    [InlineData("{\"n\":1}", "{\"n\":[[\"\\ud83d\"]]}", "/0", "The event has a string with half a surrogate pair.")]
    [InlineData("{\"n\":1}", "{\"\\ud800\":1}", "/0", "The event has a string with half a surrogate pair.")]
    [InlineData("\"customer_id\":\"c1\"", "\"customer_id\":\"\\ud800\"", "/0", "The event has a string with half a surrogate pair.")]
    [InlineData("\"customer_id\":\"c1\"", "\"customer_id\":\"c1\",\"customer_id\":\"c2\"", "/0/customer_id", "customer_id stands twice in this object.")]
    [InlineData("\"customer_id\":\"c1\"", "\"customer_id\":\"c1\",\"\\u0063ustomer_id\":\"c1\"", "/0/customer_id", "customer_id stands twice in this object.")]
    [InlineData("\"customer_id\":\"c1\"", "\"customer_id\":\"c1\",\"x\":{\"d\":1,\"d\":1}", "/0", "The event has a member twice in one object.")]
    [InlineData("\"customer_id\":\"c1\"", "\"customer_id\":\"c1\",\"x\":1e41", "/0", "The event has a number of more than 40 digits or an exponent beyond ±40.")]
    public void A_bad_event_is_refused_with_its_place(string good, string bad, string at, string detail)
    {
        var body = bad.Length == 0 ? Metronome.Replace(good + ",", "", StringComparison.Ordinal) : Metronome.Replace(good, bad, StringComparison.Ordinal);
        Assert.NotEqual(Metronome, body);
        foreach (var shape in new[] { EventShape.Metronome, EventShape.Any })
        {
            var refusal = Refused(body, shape);
            Assert.Equal((at, detail), (refusal.Field, refusal.Detail));
        }
    }

    [Theory]
    [InlineData("\"1.0\"", "\"0.3\"", "/0/specversion")]
    [InlineData("\"id\":\"t1\",", "", "/0/id")]
    [InlineData("\"source\":\"api\",", "", "/0/source")]
    [InlineData("\"api\"", "\"\"", "/0/source")]
    [InlineData("\"type\":\"call\",", "", "/0/type")]
    [InlineData("\"subject\":\"c1\",", "", "/0/subject")]
    [InlineData("\"2026-01-03T01:00:00Z\"", "\"today\"", "/0/time")]
    [InlineData("{\"n\":1}", "[1]", "/0/data")]
    [InlineData("\"data\":{\"n\":1}", "\"data_base64\":\"AA==\"", "/0/data_base64")]
    [InlineData("\"id\":\"t1\"", "\"id\":\"t1\",\"transaction_id\":\"t1\"", "/0/transaction_id")]
    public void A_bad_CloudEvent_is_refused_with_its_place(string good, string bad, string at) =>
        Assert.Equal(at, Refused(Cloud.Replace(good, bad, StringComparison.Ordinal), EventShape.CloudEvents).Field);

    [Theory]
    [InlineData("t")]
    [InlineData("é")]
    [InlineData("漢")]
    [InlineData("\\u00e9")]
    public void Ids_have_128_characters_however_many_bytes_those_take(string character)
    {
        foreach (var member in new[] { "\"t1\"", "\"c1\"", "\"call\"" })
        {
            One(Metronome.Replace(member, $"\"{string.Concat(Enumerable.Repeat(character, 128))}\"", StringComparison.Ordinal), EventShape.Metronome);
            var refusal = Refused(Metronome.Replace(member, $"\"{string.Concat(Enumerable.Repeat(character, 129))}\"", StringComparison.Ordinal), EventShape.Metronome);
            Assert.EndsWith("has 129 characters; at most 128 are taken.", refusal.Detail, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Escapes_are_resolved_before_anything_is_compared()
    {
        var read = One(Metronome.Replace("\"t1\"", "\"\\u0074\\u0031\"", StringComparison.Ordinal).Replace("\"transaction_id\"", "\"tr\\u0061nsaction_id\"", StringComparison.Ordinal)
            .Replace("{\"n\":1}", "{\"\\u006e\":\"\\ud83d\\ude00\\n\"}", StringComparison.Ordinal), EventShape.Any);
        Assert.Equal("t1", Text(read.Id));
        var property = message.Properties(read)[0];
        Assert.Equal(("n", "😀\n"), (Text(property.Name), Text(property.Value)));
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("{\"transaction_id\":NaN}")]
    [InlineData("{\"transaction_id\":\"a\"")]
    [InlineData("{\"transaction_id\":\"a\",}")]
    [InlineData("{'transaction_id':'a'}")]
    [InlineData("{} {}")]
    [InlineData("[{}] []")]
    [InlineData("{\"a\":01}")]
    [InlineData("{\"a\":\"\u0001\"}")]
    [InlineData("/* c */ {}")]
    [InlineData("\uFEFF[]")]
    [InlineData("{\"a\":\"\\x\"}")]
    public void What_is_not_JSON_is_refused_whole(string body) =>
        Assert.Equal("body_malformed", parser.Parse(Encoding.UTF8.GetBytes(body), EventShape.Any, message)?.Code);

    [Theory]
    [InlineData("")]
    [InlineData(" \n")]
    public void An_empty_body_is_called_missing(string body) =>
        Assert.Equal("body_missing", parser.Parse(Encoding.UTF8.GetBytes(body), EventShape.Any, message)?.Code);

    [Theory]
    [InlineData(100)]
    [InlineData(1_000_000)]
    public void Endless_nesting_is_refused_and_not_followed(int depth)
    {
        Assert.Equal("body_malformed", parser.Parse(Encoding.UTF8.GetBytes(new string('[', depth)), EventShape.Any, message)?.Code);
        var nested = Metronome.Replace("{\"n\":1}", $"{{\"n\":{new string('[', depth)}{new string(']', depth)}}}", StringComparison.Ordinal);
        Assert.Equal("body_malformed", parser.Parse(Encoding.UTF8.GetBytes(nested), EventShape.Any, message)?.Code);
        var objects = Metronome.Replace("{\"n\":1}", $"{string.Concat(Enumerable.Repeat("{\"n\":", depth))}1{new string('}', depth)}", StringComparison.Ordinal);
        Assert.Equal("body_malformed", parser.Parse(Encoding.UTF8.GetBytes(objects), EventShape.Any, message)?.Code);
        // And the parser goes on to work.
        One(Metronome, EventShape.Any);
    }

    [Fact]
    public void Invalid_UTF_8_is_refused()
    {
        foreach (var bad in new byte[][] { [0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xE2, 0x82] })
        {
            byte[] body = [.. Encoding.UTF8.GetBytes("{\"transaction_id\":\""), .. bad, .. Encoding.UTF8.GetBytes("\"}")];
            var refusal = parser.Parse(body, EventShape.Any, message)!;
            // {"transaction_id":" has 19 bytes
            Assert.Equal(("body_malformed", $"The body is not UTF-8: line 1, byte 20 is byte 0x{bad[0]:X2}."), (refusal.Code, refusal.Detail));
        }
    }

    [Fact]
    public void Bad_events_among_good_ones_are_named_by_index()
    {
        var body = $"[{Metronome},{{}},7,{Cloud},null,[1,[2]],{Metronome.Replace("c1", "", StringComparison.Ordinal)},{Metronome}]";
        Assert.Null(parser.Parse(Encoding.UTF8.GetBytes(body), EventShape.Any, message));
        Assert.Equal(8, message.Count);
        Assert.Equal([1, 2, 4, 5, 6], message.Refusals.Select(r => r.Index));
        Assert.Equal(["/1/transaction_id", "/2", "/4", "/5", "/6/customer_id"], message.Refusals.Select(r => r.Refusal.Field));
        // What the refused ones had read is not mixed up with the others' properties.
        foreach (var index in new[] { 0, 3, 7 }) Assert.Equal("n", Text(message.Properties(message.Events[index])[0].Name));
    }

    [Fact]
    public void Many_members_are_compared_too()
    {
        var members = string.Join(',', Enumerable.Range(0, 1_000).Select(i => $"\"m{i}\":{i}"));
        Assert.Equal(1_000, One(Metronome.Replace("\"n\":1", members, StringComparison.Ordinal), EventShape.Any).PropertyCount);
        Assert.Equal("/0/properties/m7", Refused(Metronome.Replace("\"n\":1", members + ",\"m7\":1", StringComparison.Ordinal), EventShape.Any).Field);
        Assert.Equal("/0/properties/x", Refused(Metronome.Replace("\"n\":1", $"\"x\":{{{members},\"\\u006d999\":1}}", StringComparison.Ordinal), EventShape.Any).Field);
        // The same name in another object is another member.
        One(Metronome.Replace("\"n\":1", $"\"n\":1,\"x\":{{\"n\":1,{members},\"y\":{{\"m1\":1}}}},\"m1\":1", StringComparison.Ordinal), EventShape.Any);
    }

    [Fact]
    public void A_marker_is_a_message_of_its_own()
    {
        Assert.Null(parser.Parse(EventParser.MarkerBody("m-1"), EventShape.Any, message));
        Assert.Equal(("m-1", 0), (message.Marker, message.Count));
        // An endpoint's request can't be one.
        Assert.Null(parser.Parse(EventParser.MarkerBody("m-1"), EventShape.Metronome, message));
        Assert.Equal((null, 1), (message.Marker, message.Refusals.Count));
        // Beside others in an array it is a bad event, and they are good.
        Assert.Null(parser.Parse(Encoding.UTF8.GetBytes($$"""[{"marker":"m-1"},{{Metronome}}]"""), EventShape.Any, message));
        Assert.Equal((null, 2), (message.Marker, message.Count));
        Assert.Equal([0], message.Refusals.Select(r => r.Index));
        foreach (var body in new[] { """{"marker":"a","x":1}""", """{"marker":5}""", """{"marker":"a","marker":"b"}""", """{"marker":"\ud800"}""" })
        {
            Assert.Null(parser.Parse(Encoding.UTF8.GetBytes(body), EventShape.Any, message));
            Assert.Equal((null, 1), (message.Marker, message.Refusals.Count));
        }
    }

    [Fact]
    public void An_empty_array_has_no_events()
    {
        Assert.Null(parser.Parse("[]"u8.ToArray(), EventShape.Any, message));
        Assert.Equal((0, 0), (message.Count, message.Refusals.Count));
    }

    private UsageEvent One(string body, EventShape shape)
    {
        Assert.Null(parser.Parse(Encoding.UTF8.GetBytes(body), shape, message));
        Assert.Equal([], message.Refusals.Select(r => r.Refusal.Detail));
        Assert.Equal(1, message.Count);
        return message.Events[0];
    }

    private Billing.Domain.Values.Refusal Refused(string body, EventShape shape)
    {
        Assert.Null(parser.Parse(Encoding.UTF8.GetBytes(body), shape, message));
        return Assert.Single(message.Refusals).Refusal;
    }

    private static string Text(ReadOnlyMemory<byte> bytes) => Encoding.UTF8.GetString(bytes.Span);
}
