using Billing.Domain.Contracts;
using Billing.Domain.Credits;
using Billing.Domain.Pricing;
using Billing.Domain.Values;

namespace Billing.Domain.Tests.Oracle;

/// <summary>Worlds that are a little simpler than a world, the simplest first.</summary>
internal static class WorldShrinker
{
    public static IEnumerable<World> Shrink(World world)
    {
        foreach (var contract in world.Contracts.Where(_ => world.Contracts.Count > 1)) yield return Without(world, contract);
        foreach (var product in world.Products) yield return Without(world, product);
        foreach (var uses in Less(world.Uses)) yield return world with { Uses = uses };
        foreach (var commits in Less(world.Commits)) yield return world with { Commits = commits };
        for (var i = 0; i < world.Contracts.Count; i++)
            foreach (var contract in Shrink(world.Contracts[i]).Where(c => c.EndingBefore is not null || !world.Contracts.Any(r => r.Renewal?.FromContractId == c.Id))) yield return world with { Contracts = Put(world.Contracts, i, contract) };
        for (var i = 0; i < world.Cards.Count; i++)
        {
            foreach (var rates in Less(world.Cards[i].Rates)) yield return world with { Cards = Put(world.Cards, i, world.Cards[i] with { Rates = rates }) };
            for (var j = 0; j < world.Cards[i].Rates.Count; j++)
                foreach (var rate in Shrink(world.Cards[i].Rates[j])) yield return world with { Cards = Put(world.Cards, i, world.Cards[i] with { Rates = Put(world.Cards[i].Rates, j, rate) }) };
        }
        for (var i = 0; i < world.Products.Count; i++)
            foreach (var product in Shrink(world.Products[i])) yield return world with { Products = Put(world.Products, i, product) };
        for (var i = 0; i < world.Commits.Count; i++)
            foreach (var commit in Shrink(world.Commits[i])) yield return world with { Commits = Put(world.Commits, i, commit) };
        for (var i = 0; i < world.Uses.Count; i++)
            foreach (var use in Shrink(world.Uses[i])) yield return world with { Uses = Put(world.Uses, i, use) };
        foreach (var (i, metric) in world.Metrics.Index().Where(m => m.Item.WholePeriod)) yield return world with { Metrics = Put(world.Metrics, i, metric with { WholePeriod = false }) };
    }

    private static World Without(World world, Contract contract) => world with
    {
        Contracts = [.. world.Contracts.Where(c => c.Id != contract.Id).Select(c => c.Renewal?.FromContractId == contract.Id ? c with { Renewal = null } : c)],
        Commits = [.. world.Commits.Where(c => (c.ContractId ?? c.InvoiceContractId) != contract.Id).Select(c => c with { ApplicableContractIds = [.. c.ApplicableContractIds.Where(a => a != contract.Id)] })],
    };

    private static World Without(World world, Product product) => world with
    {
        Products = [.. world.Products.Where(p => p.Id != product.Id)],
        Cards = [.. world.Cards.Select(c => c with { Rates = [.. c.Rates.Where(r => r.ProductId != product.Id)] })],
        Uses = [.. world.Uses.Where(u => u.Metric != product.Initial.BillableMetricId)],
        Contracts =
        [
            .. world.Contracts.Select(c => c with
            {
                Subscriptions = [.. c.Subscriptions.Where(s => s.ProductId != product.Id)],
                Overrides = [.. c.Overrides.Where(o => !(c with { Overrides = [o] }).OverwrittenProducts().Contains(product.Id))],
            }),
        ],
    };

    private static IEnumerable<Contract> Shrink(Contract contract)
    {
        if (contract.Renewal is not null) yield return contract with { Renewal = null };
        foreach (var some in Less(contract.Overrides)) yield return contract with { Overrides = some };
        foreach (var some in Less(contract.RecurringCommits)) yield return contract with { RecurringCommits = some };
        foreach (var some in Less(contract.Subscriptions)) yield return contract with { Subscriptions = some };
        foreach (var some in Less(contract.ScheduledCharges)) yield return contract with { ScheduledCharges = some };
        foreach (var some in Less(contract.UsageFilters)) yield return contract with { UsageFilters = some };
        if (contract.Minimum is not null) yield return contract with { Minimum = null };
        if (contract.Maximum is not null) yield return contract with { Maximum = null };
        if (contract.Rounding != AmountRounding.Exact) yield return contract with { Rounding = AmountRounding.Exact };
        if (contract.ScheduledChargesOnUsageInvoices) yield return contract with { ScheduledChargesOnUsageInvoices = false };
        if (contract.EndingBefore is not null && contract.Renewal is null) yield return contract with { EndingBefore = null };
        if (contract.UsageStatementSchedule != new UsageStatementSchedule(BillingFrequency.Monthly)) yield return contract with { UsageStatementSchedule = new UsageStatementSchedule(BillingFrequency.Monthly) };
        for (var i = 0; i < contract.Overrides.Count; i++)
            foreach (var made in Shrink(contract.Overrides[i])) yield return contract with { Overrides = Put(contract.Overrides, i, made) };
        for (var i = 0; i < contract.Subscriptions.Count; i++)
            foreach (var made in Shrink(contract.Subscriptions[i])) yield return contract with { Subscriptions = Put(contract.Subscriptions, i, made) };
        for (var i = 0; i < contract.RecurringCommits.Count; i++)
            foreach (var made in Shrink(contract.RecurringCommits[i])) yield return contract with { RecurringCommits = Put(contract.RecurringCommits, i, made) };
    }

    private static IEnumerable<Override> Shrink(Override made)
    {
        if (made.Commits is not null) yield return made with { Commits = null };
        if (made.StartingAt != PageReader.Agreed) yield return made with { StartingAt = PageReader.Agreed };
        if (made.EndingBefore is not null) yield return made with { EndingBefore = null };
    }

    private static IEnumerable<Subscription> Shrink(Subscription made)
    {
        if (made.Quantities.Count > 1) yield return made with { Quantities = [.. made.Quantities.SkipLast(1)] };
        if (made.Anchor is not null) yield return made with { Anchor = null };
        if (made.EndingBefore is not null) yield return made with { EndingBefore = null };
        if (made.IsProrated) yield return made with { IsProrated = false };
        if (made.Placement != InvoicePlacement.OnScheduledInvoice) yield return made with { Placement = InvoicePlacement.OnScheduledInvoice };
    }

    private static IEnumerable<RecurringCommit> Shrink(RecurringCommit made)
    {
        if (made.Invoice is not null) yield return made with { Invoice = null };
        if (made.RolloverFraction is not null) yield return made with { RolloverFraction = null };
        if (made.RateType != CommitRateType.ListRate) yield return made with { RateType = CommitRateType.ListRate };
        if (made.EndingBefore is not null) yield return made with { EndingBefore = null };
        if (made.Frequency is not null) yield return made with { Frequency = null };
        if (made.DurationPeriods > 1) yield return made with { DurationPeriods = 1 };
        if (!made.Scope.IsEverything) yield return made with { Scope = LineScope.Everything };
        if (made.AccessRounding is not null) yield return made with { AccessRounding = null };
    }

    private static IEnumerable<Rate> Shrink(Rate rate)
    {
        if (rate.Terms.CommitRate is not null) yield return rate with { Terms = rate.Terms with { CommitRate = null } };
        if (rate.Terms.FreeUnits != 0) yield return rate with { Terms = rate.Terms with { FreeUnits = 0 } };
        if (rate.Terms.Minimum is not null) yield return rate with { Terms = rate.Terms with { Minimum = null } };
        if (rate.Terms.Maximum is not null) yield return rate with { Terms = rate.Terms with { Maximum = null } };
        if (rate.Terms.CounterFrequency is not null) yield return rate with { Terms = rate.Terms with { CounterFrequency = null } };
        if (rate.Price is Price.Tiered or Price.Volume or Price.Package) yield return rate with { Price = new Price.Flat(1) };
        if (rate.Price is Price.Flat { UnitPrice: not 1 } && rate.Terms.BillingFrequency is null) yield return rate with { Price = new Price.Flat(1) };
        if (rate.StartingAt != PageReader.Agreed) yield return rate with { StartingAt = PageReader.Agreed };
        if (rate.EndingBefore is not null) yield return rate with { EndingBefore = null };
        if (!rate.Entitled) yield return rate with { Entitled = true };
    }

    private static IEnumerable<Product> Shrink(Product product)
    {
        foreach (var some in Less(product.Updates)) yield return product with { Updates = some };
        if (product.Initial.QuantityConversion is not null) yield return product with { Initial = product.Initial with { QuantityConversion = null } };
        if (product.Initial.QuantityRounding is not null) yield return product with { Initial = product.Initial with { QuantityRounding = null } };
        if (product.Initial.PresentationGroupKey.Count > 0) yield return product with { Initial = product.Initial with { PresentationGroupKey = [] } };
        if (product.Initial.ExcludeFreeUsage) yield return product with { Initial = product.Initial with { ExcludeFreeUsage = false } };
        if (product.Initial.Tags.Count > 0) yield return product with { Initial = product.Initial with { Tags = [] } };
    }

    private static IEnumerable<Commit> Shrink(Commit commit)
    {
        if (commit.Access.Count > 1) yield return commit with { Access = [commit.Access[0]] };
        if (commit.Invoicing is not null && commit.Type != CommitType.Postpaid) yield return commit with { Invoicing = null };
        if (commit.RolloverFraction is not null) yield return commit with { RolloverFraction = null };
        if (commit.RateType != CommitRateType.ListRate) yield return commit with { RateType = CommitRateType.ListRate };
        if (!commit.Scope.IsEverything) yield return commit with { Scope = LineScope.Everything };
        if (commit.Priority != 1) yield return commit with { Priority = 1 };
    }

    private static IEnumerable<Use> Shrink(Use use)
    {
        if (use.Quantity is not (1 or 10)) yield return use with { Quantity = 10 };
        if (use.Quantity != 1) yield return use with { Quantity = 1 };
        var day = use.At.InUtc().Date.AtMidnight().InUtc().ToInstant();
        if (day != use.At) yield return use with { At = day };
    }

    private static IEnumerable<IReadOnlyList<T>> Less<T>(IReadOnlyList<T> all)
    {
        if (all.Count > 2) yield return [.. all.Take(all.Count / 2)];
        if (all.Count > 2) yield return [.. all.Skip(all.Count / 2)];
        for (var i = 0; i < all.Count; i++) yield return [.. all.Take(i), .. all.Skip(i + 1)];
    }

    private static IReadOnlyList<T> Put<T>(IReadOnlyList<T> all, int at, T other) => [.. all.Select((item, i) => i == at ? other : item)];
}
