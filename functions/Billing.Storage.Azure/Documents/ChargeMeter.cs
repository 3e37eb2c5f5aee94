using System.Globalization;
using Billing.UseCases.Cost;
using Billing.UseCases.Documents;
using Billing.UseCases.Telemetry;

namespace Billing.Storage.Azure.Documents;

/// <summary>Counts what each response of Cosmos DB was charged: below the client library, so that what it repeats by itself counts as well.</summary>
internal sealed class ChargeMeter(BilledUnits units, HttpMessageHandler inner) : DelegatingHandler(inner)
{
    private const string ChargeHeader = "x-ms-request-charge";

    private static readonly string[] Containers = [.. Enum.GetValues<Container>().Select(CosmosReads.NameOf)];

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var response = await base.SendAsync(request, cancellationToken);
        if (response.Headers.TryGetValues(ChargeHeader, out var charges) && double.TryParse(charges.First(), NumberStyles.Float, CultureInfo.InvariantCulture, out var charge))
        {
            if (IsOfDocuments(request.RequestUri!.AbsolutePath)) units.Add(BilledUnit.RequestUnits, charge);
            Measures.Charged(charge, ContainerOf(request.RequestUri!.AbsolutePath), (int)response.StatusCode);
        }
        return response;
    }

    // What is asked of the account and its containers themselves is not billed.
    private static bool IsOfDocuments(string path) => path.Split('/') is [_, "dbs", _, "colls", _, "docs", ..];

    // Paths are /dbs/{database}/colls/{container}/…; ids and keys that come after are nobody's business.
    private static string ContainerOf(string path) => path.Split('/') is [_, "dbs", _, "colls", var name, ..] && Containers.Contains(name) ? name : "";
}
