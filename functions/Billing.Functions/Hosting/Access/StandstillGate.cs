using Billing.UseCases.Access;
using Billing.UseCases.Moving;

namespace Billing.Functions.Hosting.Access;

/// <summary>Refuses events and changes while the installation is moved; questions are answered.</summary>
public sealed class StandstillGate(Standstill standstill)
{
    /// <summary>The middleware; after the key is checked.</summary>
    public async Task RunAsync(HttpContext context, RequestDelegate next)
    {
        if (!HttpMethods.IsGet(context.Request.Method) && context.GetEndpoint()?.Metadata.GetMetadata<EndpointAccess>()?.Needed is (Scope.Ingest or Scope.Write or Scope.Admin)
            && await standstill.ReasonAsync(context.RequestAborted) is { } reason)
        {
            await Problems.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "installation_held", reason);
            return;
        }
        await next(context);
    }
}
