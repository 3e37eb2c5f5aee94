using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Xunit;

namespace Billing.Functions.Tests.Hosting;

/// <summary>The form that a request comes in: its method, path, encoding and charset.</summary>
public sealed class RequestFormTests
{
    private const string Event = """{"transaction_id":"t","customer_id":"c","event_type":"x"}""";

    private static byte[] Gzip(byte[] body)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal)) gzip.Write(body);
        return packed.ToArray();
    }

    private static HttpRequestMessage Post(string path, byte[] body, string type = "application/json", string? encoding = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        if (encoding is not null) request.Content.Headers.ContentEncoding.Add(encoding);
        return request;
    }

    [Theory]
    [InlineData("/v1/ingest", "gzip")]
    [InlineData("/v1/ingest", "GZIP")]
    [InlineData("/v1/ingest", "identity")]
    [InlineData("/v1/ingest", null)]
    public async Task Ingest_takes_gzip_and_plain_bodies(string path, string? encoding)
    {
        await using var server = await ProbeServer.StartAsync();
        var body = Encoding.UTF8.GetBytes($"[{Event}]");
        var answer = await server.Client().SendAsync(Post(path, encoding is "gzip" or "GZIP" ? Gzip(body) : body, encoding: encoding));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var stats = await ProbeServer.JsonAsync(await server.Client().GetAsync("/v1/ingest/stats"));
        Assert.Equal(1, stats.GetProperty("data").GetProperty("accepted").GetInt32());
    }

    [Theory]
    [InlineData("/v1/ingest", "br", "gzip", "Send the body uncompressed or as gzip, not as br.")]
    [InlineData("/v1/ingest", "gzip, gzip", "gzip", "Send the body uncompressed or as gzip, not as gzip,gzip.")]
    [InlineData("/probe/make", "gzip", "identity", "Send the body uncompressed, not as gzip.")]
    public async Task Other_encodings_answer_415_and_say_which_is_taken(string path, string encoding, string taken, string detail)
    {
        await using var server = await ProbeServer.StartAsync();
        using var request = Post(path, Gzip("[]"u8.ToArray()));
        request.Content!.Headers.TryAddWithoutValidation("Content-Encoding", encoding);
        var answer = await server.Client().SendAsync(request);
        var problem = await BadRequestTests.ProblemAsync(answer, 415, "content_encoding_unsupported");
        Assert.Equal(detail, problem.GetProperty("detail").GetString());
        Assert.Equal([taken], answer.Headers.GetValues("Accept-Encoding"));
        Assert.Equal(0, server.Made);
    }

    [Theory]
    [InlineData(4_000_000, 200)]
    [InlineData(4_000_001, 413)]
    [InlineData(1_000_000_000, 413)]
    public async Task A_packed_body_holds_4_MB_at_most_when_it_is_unpacked_and_is_not_unpacked_further(int sizeBytes, int status)
    {
        await using var server = await ProbeServer.StartAsync(sockets: true);
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            var spaces = new byte[1_000_000];
            Array.Fill(spaces, (byte)' ');
            gzip.WriteByte((byte)'[');
            for (var left = sizeBytes - 2; left > 0; left -= spaces.Length) gzip.Write(spaces, 0, Math.Min(left, spaces.Length));
            gzip.WriteByte((byte)']');
        }
        var before = GC.GetTotalAllocatedBytes(precise: true);
        var answer = await server.Client().SendAsync(Post("/v1/ingest", packed.ToArray(), encoding: "gzip"));
        if (status == 413) await BadRequestTests.ProblemAsync(answer, 413, "too_large");
        else Assert.Equal(status, (int)answer.StatusCode);
        // A thousand million bytes of spaces pack into about four million: those are read, and little else is held. Other tests allocate meanwhile.
        Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, 500_000_000);
    }

    [Fact]
    public async Task What_is_said_to_be_gzip_and_is_not_or_ends_early_is_refused()
    {
        await using var server = await ProbeServer.StartAsync();
        var whole = Gzip(Encoding.UTF8.GetBytes($"[{Event}]"));
        byte[] torn = [.. whole];
        torn[^6] ^= 0xFF; // the checksum
        foreach (var bad in new[] { Encoding.UTF8.GetBytes($"[{Event}]"), whole[..^9], whole[..20], torn })
            await BadRequestTests.ProblemAsync(await server.Client().SendAsync(Post("/v1/ingest", bad, encoding: "gzip")), 400, "body_malformed");
        var stats = await ProbeServer.JsonAsync(await server.Client().GetAsync("/v1/ingest/stats"));
        Assert.Equal(0, stats.GetProperty("data").GetProperty("accepted").GetInt32());
    }

    [Theory]
    [InlineData("/v1/ingest", "[]")]
    [InlineData("/probe/make", "{\"name\":\"a\"}")]
    public async Task A_byte_order_mark_of_UTF_8_is_passed_over_and_UTF_16_is_refused(string path, string body)
    {
        await using var server = await ProbeServer.StartAsync();
        var marked = await server.Client().SendAsync(Post(path, [0xEF, 0xBB, 0xBF, .. Encoding.UTF8.GetBytes(body)]));
        Assert.Equal(HttpStatusCode.OK, marked.StatusCode);
        foreach (var wide in new byte[][] { Encoding.Unicode.GetBytes(body), [0xFF, 0xFE, .. Encoding.Unicode.GetBytes(body)] })
        {
            var problem = await BadRequestTests.ProblemAsync(await server.Client().SendAsync(Post(path, wide)), 400, "body_malformed");
            Assert.Equal("The body is UTF-16; JSON is sent in UTF-8.", problem.GetProperty("detail").GetString());
        }
    }

    [Theory]
    [InlineData("application/json; charset=utf-8", 200)]
    [InlineData("application/json; charset=\"UTF-8\"", 200)]
    [InlineData("application/json;charset=us-ascii", 200)]
    [InlineData("application/json; charset=iso-8859-1", 415)]
    [InlineData("application/json; charset=utf-16", 415)]
    public async Task A_body_is_UTF_8_whatever_else_its_type_says(string type, int status)
    {
        await using var server = await ProbeServer.StartAsync();
        foreach (var (path, body) in new[] { ("/v1/ingest", "[]"), ("/probe/make", "{\"name\":\"a\"}") })
        {
            var answer = await server.Client().SendAsync(Post(path, Encoding.UTF8.GetBytes(body), type));
            if (status == 200) Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            else await BadRequestTests.ProblemAsync(answer, 415, "charset_unsupported");
        }
    }

    [Theory]
    [InlineData("/health", 200)]
    [InlineData("/v1/customers", 200)]
    [InlineData("/v1/customers/", 200)]
    [InlineData("/v1/customers/nobody", 404)]
    [InlineData("/v1/ingest", 405)]
    [InlineData("/v1/nothing", 404)]
    public async Task HEAD_answers_as_GET_does_without_a_body(string path, int status)
    {
        await using var server = await ProbeServer.StartAsync(sockets: true);
        using var request = new HttpRequestMessage(HttpMethod.Head, path);
        var answer = await server.Client().SendAsync(request);
        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Empty(await answer.Content.ReadAsByteArrayAsync());
        var got = await server.Client().GetAsync(path);
        Assert.Equal((status, answer.Content.Headers.ContentType), ((int)got.StatusCode, got.Content.Headers.ContentType));
    }

    [Theory]
    [InlineData("/v1/customers", 204, "GET, POST, HEAD, OPTIONS")]
    [InlineData("/v1/ingest", 204, "POST, OPTIONS")]
    [InlineData("/v1/nothing", 404, null)]
    public async Task OPTIONS_says_what_a_path_offers_and_needs_no_key(string path, int status, string? allowed)
    {
        await using var server = await ProbeServer.StartAsync(sockets: true);
        using var request = new HttpRequestMessage(HttpMethod.Options, path);
        var answer = await server.Client(token: null).SendAsync(request);
        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Equal(allowed, answer.Content.Headers.TryGetValues("Allow", out var values) ? string.Join(", ", values) : null);
    }

    [Fact]
    public async Task A_long_question_is_read_and_an_endless_one_is_not()
    {
        await using var server = await ProbeServer.StartAsync(sockets: true);
        // 100 subjects of 128 characters.
        var subjects = string.Concat(Enumerable.Range(0, 100).Select(i => $"&subject={i:D128}"));
        await BadRequestTests.ProblemAsync(await server.Client().GetAsync("/api/v1/meters/none/query?windowSize=DAY" + subjects), 404, "meter_not_found");
        var endless = await server.Client().GetAsync("/v1/customers?ingest_alias=" + new string('a', 60_000));
        Assert.Equal(HttpStatusCode.RequestUriTooLong, endless.StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await server.Client().GetAsync("/health")).StatusCode);
    }

    [Fact]
    public async Task A_key_in_another_form_is_told_the_form()
    {
        await using var server = await ProbeServer.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/customers");
        request.Headers.TryAddWithoutValidation("Authorization", ProbeServer.Admin);
        var problem = await BadRequestTests.ProblemAsync(await server.Client(token: null).SendAsync(request), 401, "api_key_invalid");
        Assert.Equal("Send the API key as Authorization: Bearer <key>; this header has another form.", problem.GetProperty("detail").GetString());
    }

    [Fact]
    public async Task A_product_update_is_refused_with_the_place_inside_the_conversion()
    {
        await using var server = await ProbeServer.StartAsync();
        async Task<(string?, string?)> Refused(string conversion)
        {
            var answer = await server.Client().SendAsync(ProbeServer.Post(
                "/v1/contract-pricing/products/update", $$"""{"product_id":"p","starting_at":"2026-01-01T00:00:00Z","quantity_conversion":{{conversion}}}"""));
            var problem = await BadRequestTests.ProblemAsync(answer, 400, "body_invalid");
            return (problem.GetProperty("field").GetString(), problem.GetProperty("detail").GetString());
        }
        Assert.Equal(("/quantity_conversion", "/quantity_conversion: An object is needed here, not 5."), await Refused("5"));
        Assert.Equal(
            ("/quantity_conversion/operation", "/quantity_conversion/operation: One of MULTIPLY, DIVIDE is needed here, not \"TIMES\"."),
            await Refused("""{"operation":"TIMES","conversion_factor":1}"""));
        Assert.Equal(
            ("/quantity_conversion/conversion_factor", "/quantity_conversion/conversion_factor is missing."), await Refused("""{"operation":"DIVIDE"}"""));
    }
}
