using Billing.Functions.Api.Credits;
using Billing.Functions.Hosting.Pipeline;
using Billing.UseCases.Contracts;
using Billing.UseCases.CreditMemos;
using Billing.UseCases.Credits;
using Billing.UseCases.CustomFields;
using Billing.UseCases.Documents;
using Billing.UseCases.Invoicing;
using Billing.UseCases.Metering;
using Billing.UseCases.Payments;
using Billing.UseCases.Pricing;
using Billing.UseCases.Spending;
using NodaTime;

namespace Billing.Functions.Hosting.Parts;

/// <summary>Registers customers, prices, contracts and invoices, and what they and metering know of one another.</summary>
public static class InvoicingParts
{
    public static void AddInvoicing(this IServiceCollection services)
    {
        services.AddSingleton<Accounts>();
        services.AddSingleton<UsageKeys>();
        services.AddSingleton<Customers>();
        services.AddSingleton<BillingConfigurations>();
        services.AddSingleton<Catalogs>();
        services.AddSingleton<Contracts>();
        services.AddSingleton<ReadContracts>();
        services.AddSingleton<EditContracts>();
        services.AddSingleton<Packages>();
        services.AddSingleton<ContractPrices>();
        services.AddSingleton<NamedSchedules>();
        services.AddSingleton<CustomFields>();
        services.AddSingleton<ArchiveContracts>();
        services.AddSingleton<SettingsStore>();
        services.AddSingleton<Products>();
        services.AddSingleton<RateCards>();
        services.AddSingleton<Rates>();
        services.AddSingleton<PricingUnits>();
        services.AddSingleton<ProductOrders>();
        services.AddSingleton<ContractTerms>();
        services.AddSingleton<ReadAccounts>();
        services.AddSingleton<Invoices>();
        services.AddSingleton<InvoiceBreakdowns>();
        services.AddSingleton<PreviewInvoices>();
        services.AddSingleton<ParkedAccounts>();
        services.AddSingleton<Commits>();
        services.AddSingleton<NamesOf>();
        services.AddSingleton<Balances>();
        services.AddSingleton<IssueCreditMemo>();
        services.AddSingleton<VoidCreditMemo>();
        services.AddSingleton<ReadCreditMemos>();
        services.AddSingleton<RateAgain>();
        services.AddSpending();
        services.AddSingleton<LateUsage>();
        services.AddSingleton<InvoiceChanges>();
        services.AddSingleton<IssueInvoices>();
        services.AddSingleton<DryRunInvoices>();
        services.AddSingleton<BillAccounts>();
        services.AddSingleton<MeteredUsage>();
        services.AddSingleton<ReadUsage>(all => all.GetRequiredService<MeteredUsage>().ReadAsync);
        services.AddSingleton<ReadMetrics>(all => all.GetRequiredService<MeteredUsage>().MetricsAsync);
        services.AddSingleton<ReadCut>(all => all.GetRequiredService<Cut>().ReadAsync);
        services.AddSingleton<ReadCustomerKeys>(all => async (id, stop) =>
            await all.GetRequiredService<Accounts>().CustomerAsync(id, stop) is { } customer
                ? [.. customer.Keys.Select(k => new KeySpan(WindowNames.KeyOf(k.Key), k.From ?? Instant.MinValue, k.Until ?? Instant.MaxValue))]
                : null);
        services.AddSingleton<FindUsageOwner>(all => async (key, at, stop) =>
            await all.GetRequiredService<UsageKeys>().OwnerAtAsync(key, at, stop) is { } customer ? new UsageOwner(customer.Id, customer.Name) : null);
        services.AddSingleton<IsKeyOwned>(all => async (key, stop) => await all.GetRequiredService<UsageKeys>().OwnerAsync(key, stop) is not null);
        services.AddSingleton<KeysSettled>(all => all.GetRequiredService<UnclaimedUsage>().SettledAsync);
        services.AddSingleton<ReadCurrentPeriod>(all => all.GetRequiredService<Contracts>().CurrentPeriodAsync);
        services.AddSingleton<ListUsageOwners>(all => async (after, limit, stop) =>
        {
            var page = await all.GetRequiredService<Customers>().ListAsync(ArchiveFilter.NotArchived, after, limit, stop);
            return ([.. page.Items.Select(c => c.Id)], page.Next);
        });
        services.AddSingleton(all => new DueJob("changed usage", all.GetRequiredService<WatchUsage>().NextDueAsync, (_, stop) => all.GetRequiredService<WatchUsage>().RunAsync(stop)));
        services.AddSingleton(all => new DueJob("new alerts", all.GetRequiredService<AlertWalk>().NextDueAsync, (_, stop) => all.GetRequiredService<AlertWalk>().RunAsync(stop)));
        services.AddSingleton(all => new DueJob("periods to rate again", all.GetRequiredService<RateAgain>().NextDueAsync, all.GetRequiredService<RateAgain>().RunAsync));
        services.AddSingleton(all => new DueJob(
            "invoices",
            all.GetRequiredService<BillAccounts>().NextDueAsync,
            (cut, stop) => all.GetRequiredService<BillAccounts>().RunAsync(cut, new IdSource(all.GetRequiredService<IClock>()), stop)));
    }
}
