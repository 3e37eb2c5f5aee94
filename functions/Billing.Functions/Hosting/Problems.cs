using System.Security.Cryptography;
using System.Text.Json;
using System.Text.RegularExpressions;
using Billing.Domain.Values;
using Billing.Functions.Hosting.Json;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http.Metadata;

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
public static partial class Problems
{
    /// <summary>The HTTP status of a kind of refusal.</summary>
    public static int StatusOf(RefusalKind kind) => kind switch
    {
        RefusalKind.Invalid => 400,
        RefusalKind.NotFound => 404,
        RefusalKind.Conflict => 409,
        RefusalKind.TooLarge => 413,
        RefusalKind.NotOffered => 501,
        RefusalKind.NotReady => 503,
        RefusalKind.Overloaded => 429,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "No status."),
    };

    /// <summary>Answers with a refusal.</summary>
    public static Task WriteAsync(HttpContext context, Refusal refusal) =>
        WriteAsync(context, StatusOf(refusal.Kind), refusal.Code, refusal.Detail, refusal.Field);

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
        switch (fault)
        {
            case BadHttpRequestException { InnerException: JsonException json }:
                var root = json.Data[JsonFaults.RootKey] as Type
                    ?? context.Features.Get<IExceptionHandlerFeature>()!.Endpoint?.Metadata.GetMetadata<IAcceptsMetadata>()?.RequestType;
                return WriteAsync(context, JsonFaults.From(json, root));
            case BadHttpRequestException bad:
                return AnswerBadRequestAsync(context, bad);
        }
        var id = RandomNumberGenerator.GetHexString(16, lowercase: true);
        var log = context.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(Problems));
        log.LogError(fault, "Fault {FaultId} in {Method} {Path}", id, context.Request.Method, context.Request.Path);
        return WriteAsync(
            context, 500, "fault", $"This is a fault of the server; it has been logged as {id}. Try again later.", id: id);
    }

    private static Task AnswerBadRequestAsync(HttpContext context, BadHttpRequestException bad)
    {
        if (bad.StatusCode == 413)
            return WriteAsync(context, 413, "body_too_large", "The body is larger than this endpoint takes; send less at a time.");
        if (bad.StatusCode == 415)
            return WriteAsync(context, 415, "content_type_unsupported", "Send the body as application/json.");
        if (NotBound().Match(bad.Message) is { Success: true } bound)
            return AnswerParameterAsync(context, "parameter_invalid", bound.Groups[1].Value, "can't have this value");
        if (NotProvided().Match(bad.Message) is { Success: true } provided)
            return AnswerParameterAsync(context, "parameter_missing", provided.Groups[1].Value, "is required");
        return bad.Message.Contains("body", StringComparison.OrdinalIgnoreCase) && bad.Message.Contains("no body was provided", StringComparison.Ordinal)
            ? WriteAsync(context, 400, "body_missing", "A JSON body is needed.")
            : WriteAsync(context, bad.StatusCode, "request_malformed", "The request could not be read.");
    }

    // The framework names the parameter as the program does; on the wire it is in snake_case.
    private static Task AnswerParameterAsync(HttpContext context, string code, string parameter, string what)
    {
        var name = JsonNamingPolicy.SnakeCaseLower.ConvertName(parameter);
        return WriteAsync(context, 400, code, $"The parameter {name} {what}.", name);
    }

    private static Task AnswerStatusAsync(HttpContext context) => context.Response.StatusCode switch
    {
        404 => WriteAsync(context, 404, "route_not_found", $"There is nothing at {context.Request.Method} {context.Request.Path}."),
        405 => WriteAsync(context, 405, "method_not_allowed", $"{context.Request.Method} is not offered at {context.Request.Path}; the Allow header says what is."),
        415 => WriteAsync(context, 415, "content_type_unsupported", "Send the body as application/json."),
        413 => WriteAsync(context, 413, "body_too_large", "The body is larger than this endpoint takes; send less at a time."),
        var status => WriteAsync(context, status, "request_refused", $"{Title(status)}."),
    };

    private static string Title(int status) => Microsoft.AspNetCore.WebUtilities.ReasonPhrases.GetReasonPhrase(status);

    [GeneratedRegex("""^Failed to bind parameter ".*? ?(\w+)" from """)]
    private static partial Regex NotBound();

    [GeneratedRegex("""^Required parameter ".*? ?(\w+)" was not provided""")]
    private static partial Regex NotProvided();
}
