using Billing.Domain.Invoicing;
using Billing.Domain.Spending;
using Billing.Domain.Values;
using Billing.Functions.Api.Invoicing;
using Billing.Functions.Hosting.Access;
using Billing.UseCases.Access;
using Billing.UseCases.Pricing;
using Billing.UseCases.Spending;
using NodaTime;

namespace Billing.Functions.Api.Spending;

/// <summary>Alerts, and how they stand for a customer.</summary>
public static class AlertsApi
{
    public static void Map(IEndpointRouteBuilder app)
    {
        var alerts = app.MapGroup("/v1/alerts").Needs(Scope.Write).WithTags("Alerts");
        alerts.MapPost("/create", CreateAsync).WithName("createAlert");
        alerts.MapPost("/archive", ArchiveAsync).WithName("archiveAlert");
        var ofCustomer = app.MapGroup("/v1/customer-alerts").WithTags("Alerts");
        ofCustomer.MapPost("/get", GetAsync).Needs(Scope.Read).WithName("getCustomerAlert");
        ofCustomer.MapPost("/list", ListAsync).Needs(Scope.Read).WithName("listCustomerAlerts");
        ofCustomer.MapPost("/reset", ResetAsync).Needs(Scope.Write).WithName("resetCustomerAlert");
    }

    /// <summary>Makes an alert for one customer, or for all. Each crossing of its threshold is told of once, by a message.</summary>
    internal static async Task<Answer<Data<ShownId>>> CreateAsync(NewAlert body, Alerts alerts, Caller caller, CancellationToken stop) =>
        Answers.Of(await alerts.CreateAsync(body.Alert(), caller.Ids, stop), a => new ShownId(a.Id));

    /// <summary>Archives an alert; it is not looked at any more.</summary>
    internal static async Task<Answer<Data<ShownId>>> ArchiveAsync(WhichAlert body, Alerts alerts, CancellationToken stop) =>
        Answers.Of(await alerts.ArchiveAsync(body.Id, body.ReleaseUniquenessKey, stop), a => new ShownId(a.Id));

    /// <summary>How an alert stands for a customer.</summary>
    internal static async Task<Answer<Data<ShownCustomerAlert>>> GetAsync(AlertOfCustomer body, Alerts alerts, PricingUnits units, CancellationToken stop)
    {
        if (!(await alerts.GetAsync(body.CustomerId, body.AlertId, stop)).Is(out var alert, out var refusal)) return Answers.Of<ShownCustomerAlert>(refusal);
        return Answers.Of<ShownCustomerAlert>(await ShowAsync(alert, body.Subject(alert.Alert), units, stop));
    }

    /// <summary>All alerts that concern a customer, those of everyone first.</summary>
    internal static async Task<Answer<Listing<ShownCustomerAlert>>> ListAsync(
        AlertsOfCustomer body, Alerts alerts, PricingUnits units, CancellationToken stop)
    {
        if (!(await alerts.ListAsync(body.CustomerId, body.Filter(), stop)).Is(out var list, out var refusal)) return Answers.List<ShownCustomerAlert>(refusal);
        var shown = new List<ShownCustomerAlert>();
        foreach (var alert in list) shown.Add(await ShowAsync(alert, null, units, stop));
        return Answers.List<ShownCustomerAlert>(new Listing<ShownCustomerAlert>(shown, null));
    }

    /// <summary>Looks at an alert of a customer anew: when it is past its threshold, it is told of again.</summary>
    internal static async Task<EmptyAnswer> ResetAsync(AlertOfCustomer body, Alerts alerts, CancellationToken stop) =>
        Answers.Empty(await alerts.ResetAsync(body.CustomerId, body.AlertId, stop));

    private static async Task<ShownCustomerAlert> ShowAsync(CustomerAlert of, string? subject, PricingUnits units, CancellationToken stop)
    {
        var (alert, state) = (of.Alert, of.State);
        var unit = !alert.IsMoney ? null
            : ShownCreditType.Of(alert.CreditTypeId, await units.NamesAsync([alert.CreditTypeId], stop));
        var status = alert.ArchivedAt is not null ? null : state is null ? AlertStatus.Evaluating : state.Status;
        // Asked for one group value or seat: that one decides.
        if (subject is not null && status == AlertStatus.InAlarm && !state!.Alarms.Any(a => a.Subject == subject)) status = AlertStatus.Ok;
        return new ShownCustomerAlert(
            new ShownAlert(
                alert.Id, alert.Name, alert.Type, alert.ArchivedAt is null ? AlertAvailability.Enabled : AlertAvailability.Archived, alert.Threshold, alert.ArchivedAt ?? alert.CreatedAt, unit,
                alert.CustomFieldFilters.Count == 0 ? null : alert.CustomFieldFilters, alert.Specifiers.Count == 0 ? null : alert.Specifiers,
                alert.GroupValues.Count == 0 ? null : alert.GroupValues, alert.InvoiceTypes.Count == 0 ? null : alert.InvoiceTypes, alert.Seats, alert.UniquenessKey),
            status, status == AlertStatus.InAlarm ? subject ?? state?.TriggeredBy() : null);
    }

    /// <summary>An alert to make.</summary>
    /// <param name="Threshold">Money in the credit type, a quantity, percent or days, as the type says.</param>
    /// <param name="CustomerId">None: every customer.</param>
    /// <param name="CreditTypeId">None: dollars, in cents.</param>
    /// <param name="EvaluateOnCreate">False: customers who are past the threshold already are not told of.</param>
    internal sealed record NewAlert(
        AlertType AlertType,
        string Name,
        decimal Threshold,
        string? CustomerId = null,
        string? CreditTypeId = null,
        string? BillableMetricId = null,
        IReadOnlyList<CustomFieldFilter>? CustomFieldFilters = null,
        IReadOnlyList<AlertSpecifier>? AlertSpecifiers = null,
        IReadOnlyList<GroupValue>? GroupValues = null,
        IReadOnlyList<InvoiceType>? InvoiceTypesFilter = null,
        SeatFilter? SeatFilter = null,
        bool EvaluateOnCreate = true,
        string? UniquenessKey = null)
    {
        public Alert Alert() => new("", AlertType, Name, Threshold, CustomerId, CreditTypeId ?? Currencies.Usd.Id, default)
        {
            BillableMetricId = BillableMetricId,
            CustomFieldFilters = CustomFieldFilters ?? [],
            Specifiers = AlertSpecifiers ?? [],
            GroupValues = GroupValues ?? [],
            InvoiceTypes = InvoiceTypesFilter ?? [],
            Seats = SeatFilter,
            EvaluateOnCreate = EvaluateOnCreate,
            UniquenessKey = UniquenessKey,
        };
    }

    /// <summary>Which alert.</summary>
    internal sealed record WhichAlert(string Id, bool ReleaseUniquenessKey = false);

    /// <summary>Which alert of which customer.</summary>
    /// <param name="GroupValues">Only these values; none: all that the alert watches.</param>
    /// <param name="SeatFilter">Only this seat.</param>
    internal sealed record AlertOfCustomer(string CustomerId, string AlertId, IReadOnlyList<GroupValue>? GroupValues = null, SeatFilter? SeatFilter = null)
    {
        /// <summary>As in the alert's readings; null: whatever is in alarm.</summary>
        public string? Subject(Alert of)
        {
            if (SeatFilter?.SeatGroupValue is { } seat) return seat;
            var free = of.GroupValues.Where(g => g.Value is null).Select(g => GroupValues?.FirstOrDefault(v => v.Key == g.Key)).ToList();
            return free.Count == 0 || free.Contains(null) ? null : string.Join(", ", free.Select(g => $"{g!.Key}={g.Value}"));
        }
    }

    /// <summary>Which alerts of a customer.</summary>
    /// <param name="AlertStatuses">None: the enabled ones.</param>
    internal sealed record AlertsOfCustomer(string CustomerId, IReadOnlyList<AlertAvailability>? AlertStatuses = null)
    {
        public ArchiveFilter Filter() => AlertStatuses is null or { Count: 0 } ? ArchiveFilter.NotArchived
            : !AlertStatuses.Contains(AlertAvailability.Archived) ? ArchiveFilter.NotArchived
            : AlertStatuses.Contains(AlertAvailability.Enabled) ? ArchiveFilter.All : ArchiveFilter.Archived;
    }

    /// <summary>Whether an alert is looked at.</summary>
    [LowerCase]
    internal enum AlertAvailability
    {
        Enabled,
        Archived,
        Disabled,
    }

    /// <summary>An alert and how it stands for a customer.</summary>
    /// <param name="CustomerStatus">Null: the customer has nothing that it watches.</param>
    /// <param name="TriggeredBy">What set it off: a group value, an invoice, a segment, a seat.</param>
    internal sealed record ShownCustomerAlert(
        ShownAlert Alert, [property: System.Text.Json.Serialization.JsonIgnore(Condition = System.Text.Json.Serialization.JsonIgnoreCondition.Never)] AlertStatus? CustomerStatus, string? TriggeredBy);

    /// <summary>An alert.</summary>
    internal sealed record ShownAlert(
        string Id,
        string Name,
        AlertType Type,
        AlertAvailability Status,
        decimal Threshold,
        Instant UpdatedAt,
        ShownCreditType? CreditType,
        IReadOnlyList<CustomFieldFilter>? CustomFieldFilters,
        IReadOnlyList<AlertSpecifier>? AlertSpecifiers,
        IReadOnlyList<GroupValue>? GroupValues,
        IReadOnlyList<InvoiceType>? InvoiceTypesFilter,
        SeatFilter? SeatFilter,
        string? UniquenessKey);
}
