using Billing.UseCases.Access;
using Billing.UseCases.Moving;

namespace Billing.Functions.Hosting.Access;

/// <summary>Refuses events and changes while the installation is held; questions are answered, unless they would be from half of the usage.</summary>
public sealed class StandstillGate(Standstill standstill)
{
    /// <summary>The middleware; after the key is checked.</summary>
    public async Task RunAsync(HttpContext context, RequestDelegate next)
    {
        var needed = context.GetEndpoint()?.Metadata.GetMetadata<EndpointAccess>()?.Needed;
        var reason = needed is null ? null
            : HttpMethods.IsGet(context.Request.Method) || needed is Scope.Read ? await standstill.AskReasonAsync(context.RequestAborted)
            : await standstill.ReasonAsync(context.RequestAborted);
        if (reason is not null)
        {
            await Problems.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "installation_held", reason);
            return;
        }
        await next(context);
    }
}
