using Billing.Functions.Api.Contracts;
using Billing.Functions.Api.CreditMemos;
using Billing.Functions.Api.Payments;
using Billing.Functions.Api.Spending;

namespace Billing.Functions.Api.Invoicing;

/// <summary>Customers, prices, contracts and invoices over HTTP.</summary>
public static class InvoicingRoutes
{
    public static void MapInvoicing(this IEndpointRouteBuilder app)
    {
        CustomersApi.Map(app);
        BillingConfigurationsApi.Map(app);
        ProductsApi.Map(app);
        RateCardsApi.Map(app);
        RatesApi.Map(app);
        CreditTypesApi.Map(app);
        ContractsApi.Map(app);
        EditsApi.Map(app);
        ContractPricesApi.Map(app);
        PackagesApi.Map(app);
        NamedSchedulesApi.Map(app);
        InvoicesApi.Map(app);
        CreditMemosApi.Map(app);
        PreviewApi.Map(app);
        AlertsApi.Map(app);
        PaymentGatesApi.Map(app);
        OperationsApi.Map(app);
    }
}
