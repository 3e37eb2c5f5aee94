using Billing.UseCases.Access;
using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.Functions.Hosting.Access;

/// <summary>What a request made or changed; an answer with one thing that was made or changed says it.</summary>
public sealed record ChangedResource(string Id);

/// <summary>Writes an audit entry for each request that may change something: before it is carried out, and once more when it is.</summary>
/// <remarks>Usage events are no changes of this kind, nor are questions. A repeated request that gets the stored answer changes nothing.</remarks>
public sealed class AuditTrail(AuditLog audit, IClock clock)
{
    private const int MaxText = 256;
    private const string TestClock = "test_clock";
    private readonly IdSource ids = new(clock);

    // The longest beginning counts.
    private static readonly (string Path, string Type)[] Types =
    [
        ("/v1/contract-pricing/products", "product"), ("/v1/contract-pricing/rate-cards", "rate_card"), ("/v1/contracts/customerCommits", "commit"), ("/v1/contracts/customerCredits", "credit"),
        ("/v1/contracts/commits", "commit"), ("/v2/contracts/commits", "commit"), ("/v2/contracts/credits", "credit"), ("/v1/contracts", "contract"), ("/v2/contracts", "contract"),
        ("/v1/customers", "customer"), ("/v1/setCustomerBilling", "customer"), ("/v1/archiveCustomerBilling", "customer"), ("/v1/customer-alerts", "alert"), ("/v1/alerts", "alert"), ("/v1/invoices", "invoice"), ("/v1/packages", "package"), ("/v1/billable-metrics", "billable_metric"),
        ("/api/v1/meters", "billable_metric"), ("/api/v1/subjects", "subject"), ("/v1/credit-types", "credit_type"), ("/v1/credit-memos", "credit_memo"), ("/v1/api-keys", "api_key"), ("/v1/webhooks", "webhook"),
        ("/v1/settings", "settings"), ("/v1/logs", "log"), ("/v1/operations", "operation"), ("/v1/test", TestClock),
    ];

    /// <summary>The middleware; the last before the endpoint.</summary>
    public async Task RunAsync(HttpContext context, RequestDelegate next)
    {
        if (HttpMethods.IsGet(context.Request.Method) || Caller.Of(context) is not { } caller || context.GetEndpoint() is not { } endpoint
            || endpoint.Metadata.GetMetadata<EndpointAccess>()?.Needed is not (Scope.Write or Scope.Admin))
        {
            await next(context);
            return;
        }
        var path = context.Request.Path.Value ?? "";
        var entry = new AuditEntry(
            ids.New(), clock.GetCurrentInstant(), endpoint.Metadata.GetMetadata<IEndpointNameMetadata>()?.EndpointName ?? path, caller.KeyId, caller.KeyName, context.TraceIdentifier,
            context.Connection.RemoteIpAddress?.ToString(), Cut(context.Request.Headers.UserAgent.ToString()),
            Types.Where(t => path.StartsWith(t.Path, StringComparison.Ordinal)).Select(t => t.Type).FirstOrDefault() ?? "other", null, AuditStatus.Pending);
        await audit.WriteAsync(entry, [], context.RequestAborted);
        // What a test clock sets off is not the request's.
        var recorded = entry.ResourceType == TestClock ? null : RecordingDocuments.Begin();
        var succeeded = false;
        try
        {
            await next(context);
            succeeded = context.Response.StatusCode < 400;
        }
        finally
        {
            // The change is made: a client that hangs up must not leave it without an end.
            var changes = recorded?.Close() ?? [];
            var named = context.Features.Get<ChangedResource>()?.Id ?? context.Request.RouteValues.Values.OfType<string>().FirstOrDefault();
            // An answer may name something else than what was changed: an edit, not its contract.
            var changed = changes.Any(c => c.Id == named) ? named : changes.FirstOrDefault(c => c.Kind.Replace('-', '_') == entry.ResourceType)?.Id ?? named;
            await audit.WriteAsync(entry with { ResourceId = changed, Status = succeeded ? AuditStatus.Success : AuditStatus.Failure }, changes, CancellationToken.None);
        }
    }

    private static string? Cut(string text) => text.Length == 0 ? null : text.Length <= MaxText ? text : text[..MaxText];
}
