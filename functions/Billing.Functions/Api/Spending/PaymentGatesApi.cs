using Billing.Domain.Values;
using Billing.Functions.Api.Invoicing;
using Billing.Functions.Hosting.Access;
using Billing.UseCases.Access;
using Billing.UseCases.Spending;

namespace Billing.Functions.Api.Spending;

/// <summary>Payments that somebody else collects.</summary>
public static class PaymentGatesApi
{
    public static void Map(IEndpointRouteBuilder app) =>
        app.MapPost("/v1/contracts/commits/threshold-billing/release", ReleaseAsync).Needs(Scope.Write).WithName("releaseThresholdBilling").WithTags("Contracts");

    /// <summary>Reports the payment of what a threshold bought. Paid: it can be drawn on, and is invoiced. Failed: it is gone, and the threshold is switched off. Safe to repeat.</summary>
    internal static async Task<Answer<Data<ShownId>>> ReleaseAsync(GateRelease body, ReleasePayment release, CancellationToken stop) =>
        Answers.Of(await release.RunAsync(body.WorkflowId, body.Outcome == PaymentOutcome.Paid, stop), c => new ShownId(c.Id));

    /// <summary>How a payment went.</summary>
    [LowerCase]
    internal enum PaymentOutcome
    {
        Paid,
        Failed,
    }

    /// <summary>Which payment.</summary>
    /// <param name="WorkflowId">Of the message payment_gate.external_initiate.</param>
    internal sealed record GateRelease(string WorkflowId, PaymentOutcome Outcome);
}
