using System.Text;
using System.Text.Json;
using Billing.Domain.Values;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Billing.Domain.Tests.Values;

public sealed class JsonSyntaxTests
{
    [Theory]
    // text | pointer | what is said after "The body is not JSON: "
    [InlineData("x", "", "line 1, byte 1, a value is needed, not 'x'.")]
    [InlineData("[1,]", "/1", "line 1, byte 4, a value is needed, not ']'.")]
    [InlineData("[1 2]", "", "line 1, byte 4, ',' or ']' is needed, not '2'.")]
    [InlineData("{\"a\":1,}", "", "line 1, byte 8, a member's name in \"quotes\" is needed, not '}'.")]
    [InlineData("{'a':1}", "", "line 1, byte 2, a member's name in \"quotes\" is needed, not '''.")]
    [InlineData("{\"a\" 1}", "/a", "line 1, byte 6, ':' is needed, not '1'.")]
    [InlineData("{\"a\":1 \"b\":2}", "", "line 1, byte 8, ',' or '}' is needed, not '\"'.")]
    [InlineData("{\n \"a\":{\"b\":NaN}}", "/a/b", "line 2, byte 11, a value is needed, not 'NaN'.")]
    [InlineData("[{\"a\":tru}]", "/0/a", "line 1, byte 7, a value is needed, not 'tru'.")]
    [InlineData("{\"n\":01}", "/n", "line 1, byte 7, a number without leading zeros is needed, not '1'.")]
    [InlineData("{\"n\":1.}", "/n", "line 1, byte 8, a digit is needed, not '}'.")]
    [InlineData("{\"n\":-}", "/n", "line 1, byte 7, a digit is needed, not '}'.")]
    [InlineData("{\"n\":1e+}", "/n", "line 1, byte 9, a digit is needed, not '}'.")]
    [InlineData("{\"a/b~\":?}", "/a~1b~0", "line 1, byte 9, a value is needed, not '?'.")]
    [InlineData("[\"a\tb\"]", "/0", "line 1, byte 4, an escape such as \\n for a control character is needed, not byte 0x09.")]
    [InlineData("[\"\\x\"]", "/0", "line 1, byte 4, one of \" \\ / b f n r t u after a backslash is needed, not 'x'.")]
    [InlineData("[\"\\u12g4\"]", "/0", "line 1, byte 7, a hexadecimal digit, four of them after \\u, is needed, not 'g4'.")]
    [InlineData("[\"a", "/0", "line 1, byte 4, the closing quote of a string is needed, not the end of the text.")]
    [InlineData("[[1],[2", "/1", "line 1, byte 8, ',' or ']' is needed, not the end of the text.")]
    [InlineData("[] []", "", "line 1, byte 4, the end of the text is needed, not '['.")]
    [InlineData("// c\n1", "", "line 1, byte 1, a value is needed, not '/'.")]
    [InlineData("\uFEFF1", "", "line 1, byte 1, a value is needed, not byte 0xEF.")]
    public void The_first_fault_is_told_with_its_place_and_what_is_needed(string text, string pointer, string said)
    {
        var refusal = JsonSyntax.Refuse(Encoding.UTF8.GetBytes(text))!;
        Assert.Equal(("body_malformed", pointer, "The body is not JSON: " + said), (refusal.Code, refusal.Field, refusal.Detail));
    }

    [Theory]
    [InlineData("", "body_missing", "A JSON body is needed.")]
    [InlineData(" \r\n\t", "body_missing", "A JSON body is needed.")]
    [InlineData("[\0]\0", "body_malformed", "The body is UTF-16; JSON is sent in UTF-8.")]
    [InlineData("\0[\0]", "body_malformed", "The body is UTF-16; JSON is sent in UTF-8.")]
    public void An_empty_body_and_another_encoding_have_words_of_their_own(string text, string code, string said)
    {
        var refusal = JsonSyntax.Refuse(Encoding.ASCII.GetBytes(text))!;
        Assert.Equal((code, said), (refusal.Code, refusal.Detail));
    }

    [Fact]
    public void Sixty_four_levels_are_taken_and_one_more_is_not()
    {
        Assert.Null(JsonSyntax.Refuse(Encoding.ASCII.GetBytes(new string('[', 64) + new string(']', 64))));
        Assert.EndsWith("a value within 64 levels is needed, not '['.", JsonSyntax.Refuse(Encoding.ASCII.GetBytes(new string('[', 100_000)))!.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void It_finds_a_fault_exactly_where_the_reader_of_events_does()
    {
        const string Whole = """{"a":[1,-2.5e+3,true,false,null,"x\n\u00e9\"",{"b":{},"c":[]}],"ü":0}""";
        var cases = from at in Gen.Choose(0, Whole.Length - 1)
                    from length in Gen.Choose(0, 3)
                    from added in Gen.Elements("", ",", "]", "}", "{", "[", "\"", "\\", "0", "-", ".", "e", " ", "\n", "x", "tru", ":", "\u0001")
                    select Whole[..at] + added + Whole[Math.Min(Whole.Length, at + length)..];
        Prop.ForAll(cases.ToArbitrary(), text =>
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            return (JsonSyntax.Refuse(bytes) is null) == Reads(bytes);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(5_000));
    }

    private static bool Reads(byte[] text)
    {
        try
        {
            var reader = new Utf8JsonReader(text, new JsonReaderOptions { MaxDepth = JsonSyntax.MaxDepth });
            while (reader.Read())
            {
            }
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
