using System.Text;
using Billing.Domain.Metering.Events;
using Billing.Domain.Values;
using Xunit;

namespace Billing.Domain.Tests.Metering;

public sealed class EventIdentityTests
{
    private static readonly HashKey Secret = new(3, 5);

    [Theory]
    // Order of members, at any depth, and how a character is written are the same content.
    [InlineData("""{"a":1,"b":{"x":true,"y":["p",{"q":1,"r":2}]}}""", """{"b":{"y":["p",{"r":2,"q":1}],"x":true},"a":1}""")]
    [InlineData("""{"a":"b"}""", """{"\u0061":"\u0062"}""")]
    [InlineData("""{"a":{"c":"d"}}""", """{ "a" : { "\u0063" : "\u0064" } }""")]
    [InlineData("""{"a":[1, 2]}""", """{"a":[1,2]}""")]
    public void The_same_content_written_otherwise_is_the_same(string one, string other) => Assert.Equal(ContentOf(one), ContentOf(other));

    [Fact]
    public void Any_other_change_is_another_content()
    {
        string[] all =
        [
            """{}""", """{"a":1}""", """{"a":1.0}""", """{"a":"1"}""", """{"a":true}""", """{"a":"true"}""", """{"a":null}""", """{"b":1}""", """{"a":1,"b":1}""",
            """{"a":[1]}""", """{"a":[1,1]}""", """{"a":["1"]}""", """{"a":[[1]]}""", """{"a":[]}""", """{"a":{}}""", """{"a":[{}]}""", """{"a":[1,2]}""", """{"a":[2,1]}""",
            """{"a":{"b":1}}""", """{"a":{"b":1,"c":2}}""", """{"a":{"b":2,"c":1}}""", """{"a":{"b":{"c":1}}}""", """{"a":{"b":[],"c":1}}""", """{"a":[[],[]]}""", """{"a":[[[]]]}""",
            """{"a":[{"b":1},{"c":1}]}""", """{"a":[{"c":1},{"b":1}]}""", """{"a":[{"b":1,"c":1}]}""", """{"a":"","b":""}""", """{"ab":""}""", """{"a":"b"}""", """{"a":"","b":null}""",
        ];
        Assert.Equal(all.Length, all.Select(a => ContentOf(a)).Distinct().Count());
    }

    [Fact]
    public void Type_key_and_a_given_time_are_content_and_an_absent_time_is_not()
    {
        var contents = new[]
        {
            ContentOf("{}"), ContentOf("{}", type: "f"), ContentOf("{}", key: "d"), ContentOf("{}", type: "ec", key: ""), ContentOf("{}", time: "2026-01-01T00:00:00Z"),
            ContentOf("{}", time: "2026-01-01T00:00:00.0000001Z"), ContentOf("{}", time: "1970-01-01T00:00:00Z"),
        };
        Assert.Equal(contents.Length, contents.Distinct().Count());
        Assert.Equal(ContentOf("{}", time: "2026-01-01T00:00:00Z"), ContentOf("{}", time: "2026-01-01T05:30:00+05:30"));
    }

    [Fact]
    public void Attributes_that_a_retry_may_change_are_not_content() =>
        Assert.Equal(ContentOf("{}"), ContentOf("{}", more: ""","traceparent":"00-1" """));

    private static ulong ContentOf(string properties, string type = "e", string key = "c", string? time = null, string more = "")
    {
        var body = $$"""{"transaction_id":"t","customer_id":"{{key}}x","event_type":"{{type}}","properties":{{properties}}{{(time is null ? "" : $",\"timestamp\":\"{time}\"")}}{{more}}}""";
        var message = new ParsedMessage();
        Assert.Null(new EventParser().Parse(Encoding.UTF8.GetBytes(body), EventShape.Any, message));
        Assert.Empty(message.Refusals);
        return EventIdentity.Content(Secret, message.Events[0], message.Properties(message.Events[0]));
    }
}
