namespace Billing.Functions.Hosting.Requests;

/// <summary>Answers HEAD as GET without its body, and OPTIONS with what a path offers (RFC 9110 §9.3).</summary>
public static class HeadAndOptions
{
    /// <summary>The middleware; runs before routing, which knows neither method.</summary>
    public static async Task RunAsync(HttpContext context, RequestDelegate next)
    {
        var method = context.Request.Method;
        context.Response.OnStarting(() =>
        {
            // Routing names what is mapped; HEAD goes where GET does, and OPTIONS goes everywhere.
            var allow = context.Response.Headers.Allow.ToString();
            if (allow.Length > 0) context.Response.Headers.Allow = (allow.Contains("GET", StringComparison.Ordinal) ? allow + ", HEAD" : allow) + ", OPTIONS";
            return Task.CompletedTask;
        });
        if (HttpMethods.IsHead(method))
        {
            context.Request.Method = HttpMethods.Get;
            context.Response.Body = Stream.Null;
        }
        await next(context);
        context.Request.Method = method;
        if (HttpMethods.IsOptions(method) && context.Response is { StatusCode: StatusCodes.Status405MethodNotAllowed, HasStarted: false })
            context.Response.StatusCode = StatusCodes.Status204NoContent;
    }
}
