using System.Text.Json;
using Billing.Domain.Values;
using NodaTime;

namespace Billing.Domain.Contracts;

/// <summary>Who collects, or whom invoices are sent to.</summary>
[LowerCase]
public enum ProviderName
{
    AwsMarketplace,
    Stripe,
    Netsuite,
    Custom,
    AzureMarketplace,
    QuickbooksOnline,
    Workday,
    GcpMarketplace,
    Metronome,
}

/// <summary>How invoices get there.</summary>
[LowerCase]
public enum DeliveryMethod
{
    DirectToBillingProvider,
    AwsSqs,
    Tackle,
    AwsSns,
}

/// <summary>Who tells the tax of what Stripe collects.</summary>
[LowerCase]
public enum TaxProvider
{
    Anrok,
    Avalara,
    Stripe,
}

/// <summary>How a customer is known to a billing provider. Contracts name one; it never changes, but may be archived.</summary>
/// <param name="Id">Of the configuration.</param>
/// <param name="Configuration">As the provider wants it; of Stripe the customer's id there, and how it collects.</param>
/// <param name="ArchivedAt">No contract may name it from here on; null: some may.</param>
public sealed record BillingConfiguration(
    string Id, ProviderName Provider, DeliveryMethod DeliveryMethod, IReadOnlyDictionary<string, JsonElement> Configuration, TaxProvider? TaxProvider, Instant CreatedAt, Instant? ArchivedAt = null)
{
    /// <summary>At the most of one customer, archived ones too.</summary>
    public const int MaxOfCustomer = 100;

    private const int MaxConfigurationLength = 8_000;
    private static readonly string[] CollectionMethods = ["charge_automatically", "send_invoice", "auto_charge_payment_intent", "manually_charge_payment_intent"];

    /// <summary>Names the delivery to a provider by a method: there is one of each.</summary>
    public string DeliveryMethodId => DeliveryOf(Provider, DeliveryMethod);

    /// <inheritdoc cref="DeliveryMethodId"/>
    public static string DeliveryOf(ProviderName provider, DeliveryMethod method) => DerivedId.Of("delivery-method", provider.ToString(), method.ToString());

    /// <summary>The refusal of one that can't be kept, or null; fields are relative to it.</summary>
    public Refusal? Check()
    {
        if (Configuration.Sum(c => c.Key.Length + c.Value.GetRawText().Length) > MaxConfigurationLength)
            return new Refusal("configuration_too_long", $"A configuration has at most {MaxConfigurationLength:N0} characters.", "/configuration");
        if (TaxProvider is not null && Provider != ProviderName.Stripe) return new Refusal("tax_provider_without_stripe", "Only what Stripe collects has a tax provider.", "/tax_provider");
        if (Provider != ProviderName.Stripe) return null;
        if (Text("stripe_customer_id") is not { Length: > 0 }) return new Refusal("stripe_customer_missing", "Stripe needs the customer's id there: stripe_customer_id.", "/configuration/stripe_customer_id");
        return Configuration.ContainsKey("stripe_collection_method") && !CollectionMethods.Contains(Text("stripe_collection_method"))
            ? new Refusal("bad_collection_method", $"One of {string.Join(", ", CollectionMethods)} is needed here.", "/configuration/stripe_collection_method")
            : null;
    }

    private string? Text(string name) => Configuration.TryGetValue(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
