using Billing.Domain.Values;

namespace Billing.Functions.Api.Invoicing;

/// <summary>An id by itself.</summary>
public sealed record ShownId(string Id) : INamed;

/// <summary>A unit of money.</summary>
public sealed record ShownCreditType(string Id, string Name)
{
    /// <summary>Shows the currency with this id.</summary>
    public static ShownCreditType Of(string id) => Currencies.Find(id) is { } currency ? new(currency.Id, currency.Name) : new(id, id);

    /// <summary>Shows a currency or a custom pricing unit.</summary>
    public static ShownCreditType Of(string id, IReadOnlyDictionary<string, string> unitNames) => unitNames.TryGetValue(id, out var name) ? new(id, name) : Of(id);
}
