using System.Security.Cryptography;
using Billing.Domain.Values;
using Billing.Functions.Hosting.Json;
using Billing.Functions.Hosting.Requests;
using Microsoft.AspNetCore.Diagnostics;

namespace Billing.Functions.Hosting;

/// <summary>What every refusal and fault answers (RFC 9457, application/problem+json).</summary>
/// <param name="Type"><c>urn:billing:problem:</c> and the code.</param>
/// <param name="Title">The status in words.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Detail">A full sentence: what is wrong and what to do.</param>
/// <param name="Code">Stable snake_case code.</param>
/// <param name="Message">The same as <paramref name="Detail"/>; clients of the Metronome API read it.</param>
/// <param name="Field">The place in the request as a JSON pointer (a query parameter by its name), when there is one.</param>
/// <param name="Id">Of a fault (500): the log has it with the cause.</param>
public sealed record Problem(
    string Type, string Title, int Status, string Detail, string Code, string Message, string? Field = null, string? Id = null);

/// <summary>The one place that turns refusals and exceptions into answers.</summary>
public static class Problems
{
    /// <summary>The HTTP status of a kind of refusal.</summary>
    public static int StatusOf(RefusalKind kind) => kind switch
    {
        RefusalKind.Invalid => 400,
        RefusalKind.NotFound => 404,
        RefusalKind.Conflict => 409,
        RefusalKind.TooLarge => 413,
        RefusalKind.Unsupported => 415,
        RefusalKind.NotOffered => 501,
        RefusalKind.NotReady => 503,
        RefusalKind.Overloaded => 429,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "No status."),
    };

    /// <summary>Answers with a refusal. Its text names the place and what was found there where it does not yet: some clients show the text alone.</summary>
    public static Task WriteAsync(HttpContext context, Refusal refusal) =>
        WriteAsync(context, StatusOf(refusal.Kind), refusal.Code, Placed(refusal, RequestBody.Of(context)), refusal.Field);

    /// <summary>The text of a refusal with its place in the body, and what was found there when that is what is wrong.</summary>
    internal static string Placed(Refusal refusal, ReadOnlyMemory<byte> body)
    {
        if (refusal.Field is not ['/', ..] place || refusal.Detail.Contains(place, StringComparison.Ordinal)) return refusal.Detail;
        var found = refusal.Kind == RefusalKind.Invalid ? JsonFaults.ValueAt(body, place) : null;
        return found is null || refusal.Detail.Contains(found.Trim('"'), StringComparison.Ordinal) ? $"{place}: {refusal.Detail}" : $"{place}: {refusal.Detail} Found: {found}.";
    }

    /// <summary>Answers with a problem.</summary>
    public static Task WriteAsync(HttpContext context, int status, string code, string detail, string? field = null, string? id = null)
    {
        context.Response.StatusCode = status;
        var problem = new Problem($"urn:billing:problem:{code}", Title(status), status, detail, code, detail, field, id);
        return context.Response.WriteAsJsonAsync(problem, JsonRules.Options, "application/problem+json", context.RequestAborted);
    }

    /// <summary>Catches what endpoints throw, answers statuses without a body, and marks conflicts as not worth a retry.</summary>
    public static void UseProblems(this WebApplication app)
    {
        app.Use((context, next) =>
        {
            context.Response.OnStarting(() =>
            {
                if (context.Response.StatusCode is StatusCodes.Status409Conflict or StatusCodes.Status501NotImplemented) context.Response.Headers["x-should-retry"] = "false";
                if (context.Response.StatusCode == StatusCodes.Status503ServiceUnavailable) context.Response.Headers.RetryAfter = "1";
                if (context.Response.StatusCode == StatusCodes.Status429TooManyRequests) context.Response.Headers.RetryAfter = "5";
                context.Response.Headers.XContentTypeOptions = "nosniff";
                return Task.CompletedTask;
            });
            return next(context);
        });
        app.UseExceptionHandler(new ExceptionHandlerOptions
        {
            ExceptionHandler = AnswerFaultAsync,
            AllowStatusCode404Response = true,
            // AnswerFaultAsync logs what is ours with its id; what the client did wrong is no error of the server.
            SuppressDiagnosticsCallback = _ => true,
        });
        app.UseStatusCodePages(page => AnswerStatusAsync(page.HttpContext));
    }

    private static Task AnswerFaultAsync(HttpContext context)
    {
        var fault = context.Features.Get<IExceptionHandlerFeature>()!.Error;
        if (fault is BadHttpRequestException bad)
            return WriteAsync(context, BadRequests.Of(bad, context.Features.Get<IExceptionHandlerFeature>()!.Endpoint, context));
        var id = RandomNumberGenerator.GetHexString(16, lowercase: true);
        var log = context.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(Problems));
        // Not the path: keys of customers stand in it.
        var route = (context.Features.Get<IExceptionHandlerFeature>()!.Endpoint as RouteEndpoint)?.RoutePattern.RawText;
        log.LogError(fault, "Fault {FaultId} in {Method} {Route}", id, context.Request.Method, route);
        return WriteAsync(
            context, 500, "fault", $"This is a fault of the server; it has been logged as {id}. Try again later.", id: id);
    }

    private static Task AnswerStatusAsync(HttpContext context) => context.Response.StatusCode switch
    {
        404 => WriteAsync(context, 404, "route_not_found", $"There is nothing at {context.Request.Method} {context.Request.Path}."),
        405 => WriteAsync(context, 405, "method_not_allowed", $"{context.Request.Method} is not offered at {context.Request.Path}; the Allow header says what is."),
        415 => WriteAsync(context, BadRequests.UnsupportedType(context.Request)),
        413 => WriteAsync(context, BadRequests.TooLarge),
        var status => WriteAsync(context, status, "request_refused", $"{Title(status)}."),
    };

    private static string Title(int status) => Microsoft.AspNetCore.WebUtilities.ReasonPhrases.GetReasonPhrase(status);
}
