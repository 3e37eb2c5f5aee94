using System.Security.Cryptography;
using System.Text;
using Billing.Functions.Hosting.Requests;
using Billing.UseCases.Documents;
using Billing.UseCases.Idempotency;

namespace Billing.Functions.Hosting.Access;

/// <summary>Makes a POST with an Idempotency-Key happen once: the same request gets the stored answer, another one a 409.</summary>
/// <remarks>
/// Stored is what an endpoint answered, refusals included, below 500 and but for 408 and 429. What never reached an endpoint's code
/// (a body that can't be read) is not: the key is still free for the corrected request. Requests with the same key wait for each
/// other in this process; between processes the derived ids keep the effect single and the first stored answer counts.
/// </remarks>
public sealed class IdempotencyKeys(StoredAnswers answers)
{
    private const string Header = "Idempotency-Key";
    private const string ReplayedHeader = "Idempotent-Replayed";
    private const int MaxKeyLength = 255;

    private readonly KeyedTurns turns = new();

    /// <summary>The middleware; runs behind <see cref="KeyCheck"/> and <see cref="RequestBodies"/>.</summary>
    public async Task RunAsync(HttpContext context, RequestDelegate next)
    {
        if (!HttpMethods.IsPost(context.Request.Method)
            || !context.Request.Headers.TryGetValue(Header, out var header)
            || Caller.Of(context) is not { } caller
            || context.GetEndpoint()?.Metadata.GetMetadata<OwnIds>() is not null)
        {
            await next(context);
            return;
        }
        var key = header.ToString();
        if (key.Length is 0 or > MaxKeyLength)
        {
            await Problems.WriteAsync(context, 400, "idempotency_key_invalid", $"Send an Idempotency-Key of 1 to {MaxKeyLength} characters.", Header);
            return;
        }
        var path = context.Request.Path.Value!;
        (caller with { Ids = IdSource.DerivedFrom($"{caller.KeyId}\n{path}\n{key}") }).Enter(context);
        var request = new RepeatableRequest(caller.KeyId, key, caller.Token, Hash(context.Request, RequestBody.Of(context)));
        using var turn = await turns.EnterAsync($"{caller.KeyId}\n{key}", context.RequestAborted);
        await AnswerOnceAsync(context, next, request);
    }

    private async Task AnswerOnceAsync(HttpContext context, RequestDelegate next, RepeatableRequest request)
    {
        var before = await answers.FindAsync(request, context.RequestAborted);
        if (before is not Repeat.None)
        {
            await RepeatAsync(context, before);
            return;
        }
        var answered = await CaptureAsync(context, next);
        // The effect is there: what is left must not be cut short by a client that hangs up.
        var first = IsKept(answered.Status) ? await answers.KeepAsync(request, answered, CancellationToken.None) : new Repeat.None();
        if (first is Repeat.None) await context.Response.Body.WriteAsync(answered.Body, context.RequestAborted);
        else await RepeatAsync(context, first);
    }

    private static bool IsKept(int status) => status is < 500 and not (408 or 429);

    private static async Task<Answered> CaptureAsync(HttpContext context, RequestDelegate next)
    {
        var outside = context.Response.Body;
        using var inside = new MemoryStream();
        context.Response.Body = inside;
        try
        {
            await next(context);
            await context.Response.BodyWriter.FlushAsync(CancellationToken.None);
        }
        finally
        {
            context.Response.Body = outside;
        }
        return new Answered(context.Response.StatusCode, context.Response.ContentType, inside.ToArray());
    }

    private static async Task RepeatAsync(HttpContext context, Repeat repeat)
    {
        switch (repeat)
        {
            case Repeat.Same { Answer: var answer }:
                context.Response.StatusCode = answer.Status;
                context.Response.ContentType = answer.ContentType;
                context.Response.ContentLength = null;
                context.Response.Headers[ReplayedHeader] = "true";
                await context.Response.Body.WriteAsync(answer.Body, context.RequestAborted);
                break;
            case Repeat.Other:
                await Problems.WriteAsync(
                    context, 409, "idempotency_key_reused", "This Idempotency-Key was used for another request; use a new key for each request.", Header);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(repeat), repeat, "Nothing to repeat.");
        }
    }

    private static string Hash(HttpRequest request, byte[] body)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{request.Method}\n{request.Path}{request.QueryString}\n"));
        hash.AppendData(body);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
