using Billing.Domain.Values;
using Billing.Functions.Hosting.Access;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace Billing.Functions.Hosting.Requests;

/// <summary>The whole body of a request, as it was read before its endpoint ran; a byte order mark is gone.</summary>
public sealed record RequestBody(byte[] Bytes)
{
    /// <summary>The body of a request; empty when it has none, or when its endpoint reads it by itself.</summary>
    public static byte[] Of(HttpContext context) => context.Features.Get<RequestBody>()?.Bytes ?? [];
}

/// <summary>Reads bodies whole before anything is done with them, so that what is wrong with one can be said with its place, and a repeat be told from the first.</summary>
/// <remarks>
/// Bounds: 4 MB. Bodies are UTF-8 and uncompressed; anything else answers 415. Endpoints that take events read their bodies themselves,
/// compressed ones too: here only their charset is looked at.
/// </remarks>
public static class RequestBodies
{
    /// <summary>Longest body.</summary>
    public const int MaxBytes = 4_000_000;

    /// <summary>The middleware; runs behind <see cref="KeyCheck"/>.</summary>
    public static async Task RunAsync(HttpContext context, RequestDelegate next)
    {
        if (context.GetEndpoint() is not RouteEndpoint endpoint || context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody is false)
        {
            await next(context);
            return;
        }
        var readsItself = endpoint.Metadata.GetMetadata<OwnIds>() is not null;
        if ((BadCharset(context.Request) ?? (readsItself ? null : BadEncoding(context))) is { } refusal)
        {
            await Problems.WriteAsync(context, refusal);
            return;
        }
        if (!readsItself)
        {
            if (await ReadAsync(context) is not { } bytes)
            {
                await Problems.WriteAsync(context, 413, "body_too_large", $"The body is larger than {MaxBytes} bytes; send less at a time.");
                return;
            }
            context.Features.Set(new RequestBody(bytes));
            context.Request.Body = new MemoryStream(bytes, writable: false);
            context.Request.ContentLength = bytes.Length;
            // It is UTF-8: what reads it next must not look for another charset, nor stumble over quotes round this one.
            if (MediaTypeHeaderValue.TryParse(context.Request.ContentType, out var type)) context.Request.ContentType = type.MediaType.ToString();
        }
        await next(context);
    }

    /// <summary>A body without the mark that some editors and languages put before UTF-8.</summary>
    public static ReadOnlyMemory<byte> WithoutMark(ReadOnlyMemory<byte> body) =>
        body.Span.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]) ? body[3..] : body;

    /// <summary>The refusal of a compression that is not taken. The answer says which one is.</summary>
    /// <param name="context">The request.</param>
    /// <param name="taken">The name of a compression that is taken; null for none.</param>
    public static Refusal? BadEncoding(HttpContext context, string? taken = null)
    {
        var sent = context.Request.Headers.ContentEncoding.ToString();
        if (sent.Length == 0 || Is("identity") || Is(taken)) return null;
        context.Response.Headers.AcceptEncoding = taken ?? "identity";
        return new Refusal(
            "content_encoding_unsupported", taken is null ? $"Send the body uncompressed, not as {sent}." : $"Send the body uncompressed or as {taken}, not as {sent}.",
            HeaderNames.ContentEncoding, RefusalKind.Unsupported);

        bool Is(string? name) => string.Equals(sent, name, StringComparison.OrdinalIgnoreCase);
    }

    // JSON is UTF-8 (RFC 8259 §8.1); a body said to be something else would be read as what it is not.
    private static Refusal? BadCharset(HttpRequest request)
    {
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type) || type.Charset.Length == 0) return null;
        var charset = HeaderUtilities.RemoveQuotes(type.Charset);
        return charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase) || charset.Equals("us-ascii", StringComparison.OrdinalIgnoreCase)
            ? null
            : new Refusal("charset_unsupported", $"Send the body in UTF-8, not in {charset}.", HeaderNames.ContentType, RefusalKind.Unsupported);
    }

    /// <summary>The body; null when it is too large. It is read to its end all the same: an answer before that reaches many clients as a broken connection.</summary>
    private static async Task<byte[]?> ReadAsync(HttpContext context)
    {
        using var copy = new MemoryStream((int)Math.Clamp(context.Request.ContentLength ?? 0, 0, MaxBytes));
        var buffer = new byte[16 * 1024];
        var fits = true;
        int read;
        while ((read = await context.Request.Body.ReadAsync(buffer, context.RequestAborted)) > 0)
        {
            fits = fits && copy.Length + read <= MaxBytes;
            if (fits) copy.Write(buffer, 0, read);
        }
        return fits ? WithoutMark(copy.GetBuffer().AsMemory(0, (int)copy.Length)).ToArray() : null;
    }
}
