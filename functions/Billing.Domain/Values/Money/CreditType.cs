namespace Billing.Domain.Values;

/// <summary>The unit of an amount of money.</summary>
/// <remarks>Units: dollars are kept in cents, every other fiat currency in whole units (19.99 EUR is 19.99).</remarks>
/// <param name="Id">A UUID; fixed for the currencies of <see cref="Currencies"/>.</param>
/// <param name="Name">ISO 4217 code, or <c>USD (cents)</c>.</param>
/// <param name="MinorUnitDecimals">Decimals of the kept unit that can be paid: 0 for USD (cents) and JPY, 2 for EUR, 3 for KWD.</param>
public sealed record CreditType(string Id, string Name, int MinorUnitDecimals);
