namespace Billing.Domain.Values;

/// <summary>The fiat currencies, each with its fixed id.</summary>
/// <remarks>
/// Ids: the dollar's is Metronome's own; each other one is the name-based UUID (version 5) of its ISO 4217 code in the
/// namespace of the dollar's id, so that every installation knows a currency by the same id.
/// Source: ISO 4217 for the minor units.
/// </remarks>
public static class Currencies
{
    /// <summary>The dollar, kept in cents.</summary>
    public static readonly CreditType Usd = new("2714e483-4ff1-48e4-9e25-ac732e8f24f2", "USD (cents)", 0);

    /// <summary>All of them, the dollar first.</summary>
    public static readonly IReadOnlyList<CreditType> All =
    [
        Usd,
        new("f6d0d64e-9c0e-55a5-83da-5174788e0c18", "AED", 2),
        new("e1e0a02f-668b-5688-adc4-853d08bcbef1", "ARS", 2),
        new("909377c6-ea7b-508d-bd5e-9642adcb0805", "AUD", 2),
        new("dc1e568a-ff44-5c44-a8f4-2c6e725cece5", "BGN", 2),
        new("f719bc98-6540-5033-9dd2-b9ad0c35242f", "BHD", 3),
        new("f4a66f69-cea0-53bd-976f-c47a8bf137bf", "BRL", 2),
        new("c71cf65d-bf5c-5a17-a9fe-d916364fcb95", "CAD", 2),
        new("b78ee650-a83a-5582-bf84-586e19d14f64", "CHF", 2),
        new("a1239e94-ca3f-50c2-995d-33b4a982eb45", "CLP", 0),
        new("60d27846-de37-51a7-9148-44aeafd25d6d", "CNY", 2),
        new("59661683-b5cd-53cc-a0fa-3014e575e69e", "COP", 2),
        new("2edf4693-2699-5b8f-b00d-f6bd539ee3ee", "CZK", 2),
        new("af5986a1-757c-511e-b790-126c12bd40da", "DKK", 2),
        new("3314cd71-8c4b-5150-b573-e4c0786357d5", "EGP", 2),
        new("1c475899-09b3-5c1d-b62f-404b15bf01fe", "EUR", 2),
        new("d0a5656c-0066-56b2-9de8-30adf765ee71", "GBP", 2),
        new("fc5a18a1-6dbe-599b-ac83-4553b9ff7044", "HKD", 2),
        new("dd7010b3-d87e-5016-a29e-edb778efb947", "HUF", 2),
        new("d02ef888-1a14-50b4-8f66-5a98e08b2a32", "IDR", 2),
        new("a4d48136-4283-54e9-8508-6ace9d6fccc7", "ILS", 2),
        new("95733ea7-e7bd-5635-9ed7-6bc387386782", "INR", 2),
        new("616f78bf-4c53-5309-9891-031da1afb6a4", "ISK", 0),
        new("8f879fd3-484e-526f-8ea0-0f9f4ac28346", "JPY", 0),
        new("8414ad66-3ce8-5524-a97d-1b837b57522c", "KES", 2),
        new("011285c4-1ed8-573c-9d53-0fa8d0de6de4", "KRW", 0),
        new("14a07800-5f4f-5dd9-8858-94ed0c49157d", "KWD", 3),
        new("3e8f3c52-f332-58fd-9237-db3d0ac17549", "MXN", 2),
        new("8f33499b-514a-5490-9541-8ac69ed355bb", "MYR", 2),
        new("cfc75f9e-c254-5d1d-b4df-cedd63dc4b4a", "NGN", 2),
        new("b812ec8d-08fc-532f-8314-b346b8ad4afc", "NOK", 2),
        new("967e38df-fb9e-5a9b-9902-bd0ef3e9a169", "NZD", 2),
        new("a122a75f-34a5-5359-b400-4fe4ce0b2c28", "PEN", 2),
        new("894956cb-52c7-5e61-999b-dbbe10a81bcd", "PHP", 2),
        new("7a5b3724-6bbd-502c-a66a-12e9ea51872a", "PLN", 2),
        new("45ad994d-83ae-544b-997e-c3ee3bdfa3a3", "QAR", 2),
        new("cf1a494b-e53b-5dfa-9568-e9935dcb70f4", "RON", 2),
        new("03ef8c88-7224-5f92-b09f-1adb313c7501", "SAR", 2),
        new("4a021352-4f93-55b6-b176-411b0d60ebf4", "SEK", 2),
        new("87fe0129-930e-5931-838f-884910e299cd", "SGD", 2),
        new("925dddb8-db8c-5177-9989-ed57ee54a396", "THB", 2),
        new("caac8164-a353-5b10-ac0a-6f966699c9a1", "TND", 3),
        new("aabb4cee-2440-5823-8bbb-4d0aed083433", "TRY", 2),
        new("ca9b1c2a-f74a-5726-aaa8-df2427b4b79d", "TWD", 2),
        new("5c123f2d-11d3-5fa2-92b5-d3fbf2457c1c", "UAH", 2),
        new("4633ab79-9919-5fe5-b99e-229e79e71ff5", "VND", 0),
        new("9a6dab30-1e67-5d2e-a922-533599273f06", "ZAR", 2),
    ];

    private static readonly Dictionary<string, CreditType> ById = All.ToDictionary(c => c.Id, StringComparer.OrdinalIgnoreCase);

    /// <summary>The currency with this id, or null.</summary>
    public static CreditType? Find(string id) => ById.GetValueOrDefault(id);
}
