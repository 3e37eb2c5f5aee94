using Billing.Domain.Contracts;
using Billing.Domain.Values;
using Billing.UseCases.Documents;
using Billing.UseCases.Pricing;
using NodaTime;

namespace Billing.UseCases.Contracts;

/// <summary>Whose a named schedule is.</summary>
public abstract record ScheduleOwner
{
    private ScheduleOwner()
    {
    }

    public sealed record RateCard(string Id) : ScheduleOwner;

    public sealed record Contract(string CustomerId, string Id) : ScheduleOwner;

    public sealed record Customer(string Id) : ScheduleOwner;
}

/// <summary>Named schedules of rate cards, contracts and customers: one document each in the catalog.</summary>
public sealed class NamedSchedules(IDocumentStore store, RateCards cards)
{
    private const string Kind = "named-schedule";
    private const int MaxNameLength = 128;
    private const int MaxBytes = 400_000;

    private readonly Accounts accounts = new(store);

    /// <summary>The values of a schedule, those at an instant only when one is given; none for a name that was never set.</summary>
    public async Task<Outcome<NamedValue[]>> GetAsync(ScheduleOwner owner, string name, Instant? covering, CancellationToken stop)
    {
        if (await CheckAsync(owner, name, stop) is { } refusal) return refusal;
        return ((await store.FindAsync<NamedSchedule>(PlaceOf(owner, name), Kind, stop))?.Value ?? NamedSchedule.Empty).At(covering).ToArray();
    }

    /// <summary>Sets a value (JSON) from an instant on, up to another or for good.</summary>
    public async Task<Outcome<NamedSchedule>> SetAsync(ScheduleOwner owner, string name, string value, Instant startingAt, Instant? endingBefore, CancellationToken stop)
    {
        if (await CheckAsync(owner, name, stop) is { } refusal) return refusal;
        var place = PlaceOf(owner, name);
        while (true)
        {
            var found = await store.FindAsync<NamedSchedule>(place, Kind, stop);
            if (!(found?.Value ?? NamedSchedule.Empty).Set(value, startingAt, endingBefore).Is(out var changed, out var wrong)) return wrong;
            var document = place.Keep(Kind, Kind, changed);
            if (document.Body.Length > MaxBytes) return new Refusal("too_large", "The values of this schedule are larger than can be kept.", "/value", RefusalKind.TooLarge);
            if (await store.TryAsync(place, found is null ? new Write.Create(document) : new Write.Replace(document, found.ETag), stop)) return changed;
        }
    }

    private async Task<Refusal?> CheckAsync(ScheduleOwner owner, string name, CancellationToken stop)
    {
        if (name.Length is 0 or > MaxNameLength) return new Refusal("bad_schedule_name", $"A schedule's name has 1 to {MaxNameLength} characters.", "/schedule_name");
        return owner switch
        {
            ScheduleOwner.RateCard card => (await cards.GetAsync(card.Id, stop)).Refusal,
            ScheduleOwner.Contract contract => await ContractDocuments.FindAsync(store, contract.CustomerId, contract.Id, stop) is null ? Contracts.NotFound(contract.Id) : null,
            ScheduleOwner.Customer customer => await accounts.CustomerAsync(customer.Id, stop) is null ? Customers.NotFound(customer.Id) : null,
            _ => throw new ArgumentOutOfRangeException(nameof(owner), owner.GetType().Name, "Unknown owner."),
        };
    }

    private static Place PlaceOf(ScheduleOwner owner, string name) => new(Container.Catalog, Kind, LookupKey.Of(owner switch
    {
        ScheduleOwner.RateCard card => $"rate-card:{card.Id}:{name}",
        ScheduleOwner.Contract contract => $"contract:{contract.Id}:{name}",
        ScheduleOwner.Customer customer => $"customer:{customer.Id}:{name}",
        _ => throw new ArgumentOutOfRangeException(nameof(owner), owner.GetType().Name, "Unknown owner."),
    }));
}
