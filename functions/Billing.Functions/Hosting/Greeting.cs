namespace Billing.Functions.Hosting;

/// <summary>What the program says on the terminal.</summary>
public static class Greeting
{
    public const string Help = """
        Usage-based billing: meters, contracts, credits, invoices.

        dotnet run --project functions/Billing.Functions [-- <command>] [--NAME=value …]

        Commands:
          (none)       Start the server on http://127.0.0.1:7071.
          demo         Bill a month of made-up traffic (or --events FILE.csv) and check every sum; demo --help tells more.
          export, import, release, rebuild
                       Move an installation between this machine and Azure, keep a copy, or make its usage anew from the archive; export --help tells more.
          --help       This text.

        Settings (environment variables, or --NAME=value):
          BILLING_DATA        Folder of the embedded store. Default: .billing in the working folder.
          BILLING_API_KEY     An admin API key that is accepted as it is. Default: the first start makes one.
          BILLING_BEHIND_DAYS How many days late an event may come. Default: 400.
          BILLING_LOG_PARTITIONS  Partitions of the embedded log, 1 to 32; may grow, never shrink. Default: 2.
          BILLING_MAX_BACKLOG_MB  Megabytes of events that may wait to be counted; past it ingest answers 429. Default: 2048.
          BILLING_PRICES      What Azure takes, for GET /v1/operations/cost: JSON as {"requestUnits":0.25,"perHour":0.03}, dollars a million and an hour.
          BILLING_PDF_FONT    TrueType file for PDFs in scripts other than Latin, Greek and Cyrillic; also BILLING_PDF_FONT_BOLD. As environment variables only.
          BILLING_TEST_CLOCK  1 adds POST /v1/test/clock and /v1/test/reset, which set the clock and empty the store.
          BILLING_WEBHOOKS_PRIVATE  1 lets webhooks go to this machine and to private networks. Default: 0.
          BILLING_COSMOS      Address of the Cosmos DB account: then all is kept in Azure, and these are needed too (infra/README.md).
          BILLING_TABLES      Addresses of the storage accounts for claims, with commas between.
          BILLING_BLOBS       Address of the storage account for the archive.
          EVENTHUB__fullyQualifiedNamespace, EVENTHUB_NAME  Namespace and name of the event hub. As environment variables only.
          OTEL_EXPORTER_OTLP_ENDPOINT  Where traces, metrics and logs go by OTLP; OpenTelemetry's other OTEL_ settings count too. Default: nowhere.
          ASPNETCORE_URLS     Where to listen (also --urls). Default: http://127.0.0.1:7071.
        """;

    /// <summary>Where the server is, how to get in, and what to try.</summary>
    /// <param name="address">The first address it listens on.</param>
    /// <param name="newKey">The key that was made at this start; null for none.</param>
    /// <param name="keyFile">Where the first key's text lies.</param>
    /// <param name="settings">The settings.</param>
    public static string Text(string address, string? newKey, string keyFile, Settings settings)
    {
        var (about, key) = (newKey, settings.ApiKey, File.Exists(keyFile)) switch
        {
            ({ } made, _, _) => ($"API key:  {made}\n          (new; keys are stored hashed, this one's text is kept in {keyFile})", $"$(cat {keyFile})"),
            (_, not null, _) => ("API key:  the one in BILLING_API_KEY", "$BILLING_API_KEY"),
            (_, _, true) => ($"API key:  made at the first start, see {keyFile}", $"$(cat {keyFile})"),
            _ => ("API key:  stored hashed and shown once. To make a new one, start with BILLING_API_KEY set and POST /v1/api-keys", "$KEY"),
        };
        return $$$"""
            Billing is ready at {{{address}}}
            {{{about}}}
            API:      {{{address}}}/openapi/v1.json

            To try:
              curl {{{address}}}/v1/billable-metrics/create -H "Authorization: Bearer {{{key}}}" -H 'Content-Type: application/json' \
                -d '{"name":"Tokens","aggregation_type":"SUM","aggregation_key":"tokens","event_type_filter":{"in_values":["llm"]}}'
              curl {{{address}}}/v1/ingest -H "Authorization: Bearer {{{key}}}" -H 'Content-Type: application/json' \
                -d '[{"transaction_id":"1","customer_id":"acme","event_type":"llm","timestamp":"'$(date -u +%Y-%m-%dT%H:%M:%SZ)'","properties":{"tokens":"1200"}}]'
              curl {{{address}}}/v1/billable-metrics -H "Authorization: Bearer {{{key}}}"
            """;
    }
}
