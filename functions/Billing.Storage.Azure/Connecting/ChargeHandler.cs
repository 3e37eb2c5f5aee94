using Billing.UseCases.Cost;
using Microsoft.Azure.Cosmos;

namespace Billing.Storage.Azure.Connecting;

/// <summary>Counts the request units that each answer of Cosmos DB names; those of a refusal are billed too.</summary>
internal sealed class ChargeHandler(BilledUnits units) : RequestHandler
{
    public override async Task<ResponseMessage> SendAsync(RequestMessage request, CancellationToken cancellationToken)
    {
        var answer = await base.SendAsync(request, cancellationToken);
        units.Add(BilledUnit.RequestUnits, answer.Headers.RequestCharge);
        return answer;
    }
}
