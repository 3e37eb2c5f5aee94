using Billing.Functions.Api;
using Billing.Functions.Api.Credits;
using Billing.Functions.Api.Invoicing;
using Billing.Functions.Api.Metering;
using Billing.Functions.Api.Notifications;
using Billing.Functions.Api.OpenMeter;
using Billing.Functions.Hosting.Access;
using Billing.Functions.Hosting.OpenApi;
using Billing.Functions.Hosting.Parts;
using Billing.Functions.Hosting.Requests;
using Billing.Functions.Hosting.Telemetry;
using Billing.Functions.Hosting.Triggers;
using Billing.UseCases.Access;
using Billing.UseCases.Documents;
using Billing.UseCases.Idempotency;
using Billing.UseCases.Moving;
using NodaTime;

namespace Billing.Functions.Hosting;

/// <summary>Puts the server together: its parts, the way of a request through it, its endpoints.</summary>
public static class Wiring
{
    /// <summary>Where the server listens when nothing else is said.</summary>
    public const string DefaultAddress = "http://127.0.0.1:7071";

    private const int MaxBodyBytes = 30 * 1024 * 1024;
    private const int MaxRequestLineBytes = 32 * 1024;

    /// <summary>Registers the parts.</summary>
    public static void AddBilling(this WebApplicationBuilder builder, IClock realClock)
    {
        // Without it a gzip body that ends early is read as if it were whole.
        AppContext.SetSwitch("System.IO.Compression.UseStrictValidation", true);
        var settings = Settings.From(builder.Configuration);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = MaxBodyBytes;
            // A question about a hundred subjects stands in the query.
            kestrel.Limits.MaxRequestLineSize = MaxRequestLineBytes;
        });
        if (FunctionsHost.Port(builder.Configuration) is { } port)
        {
            builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
            builder.Services.AddTriggers();
        }
        else if (builder.Configuration["urls"] is null && builder.Configuration["http_ports"] is null && builder.Configuration["https_ports"] is null)
            builder.WebHost.UseUrls(DefaultAddress);
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        // What keeps the server from starting is said once, in a line, by the program; the host would say it in a hundred.
        var start = new StartUp();
        builder.Services.AddSingleton(start);
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", level => level >= LogLevel.Warning && start.Done);
        builder.AddTelemetry();
        builder.Services.ConfigureHttpJsonOptions(json => JsonRules.Apply(json.SerializerOptions));
        builder.Services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);
        builder.Services.AddApiDescription();
        builder.Services.AddCapabilities(settings, realClock);
        // A server stands still when the installation does; the commands that hold it write.
        builder.Services.AddSingleton<IDocumentStore>(all => new HeldDocuments(all.GetRequiredService<RecordingDocuments>(), all.GetRequiredService<Standstill>));
        builder.Services.AddSingleton<ApiKeys>();
        builder.Services.AddSingleton<FirstKey>();
        builder.Services.AddSingleton<KeyCheck>();
        builder.Services.AddSingleton<StandstillGate>();
        builder.Services.AddSingleton<StoredAnswers>();
        builder.Services.AddSingleton<IdempotencyKeys>();
        builder.Services.AddSingleton<AuditTrail>();
        builder.Services.AddTimer<Housekeeping>(settings);
    }

    /// <summary>Registers all that works without a port to listen on: stores, metering, invoicing and their clock.</summary>
    public static void AddCapabilities(this IServiceCollection services, Settings settings, IClock realClock)
    {
        services.AddSingleton(settings);
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton<AuditLog>();
        services.AddStorage(settings);
        services.AddMetering(settings);
        services.AddInvoicing();
        services.AddNotifications(settings);
        services.AddSingleton(all => ActivatorUtilities.CreateInstance<BillingClock>(all, realClock));
        services.AddSingleton<IClock>(all => all.GetRequiredService<BillingClock>());
    }

    /// <summary>Sets the way of a request: problems, route, key, standstill, body, Idempotency-Key, audit, endpoint.</summary>
    public static void UseBilling(this WebApplication app)
    {
        if (app.Services.GetService<CountedCalls>() is { } counted) app.Use(counted.RunAsync);
        app.UseProblems();
        if (app.Services.GetService<HostTriggers>() is { } triggers) app.Use(triggers.RunAsync);
        app.Use(HeadAndOptions.RunAsync);
        app.UseRouting();
        app.Use(app.Services.GetRequiredService<KeyCheck>().RunAsync);
        app.Use(app.Services.GetRequiredService<StandstillGate>().RunAsync);
        app.Use(RequestBodies.RunAsync);
        app.Use(app.Services.GetRequiredService<IdempotencyKeys>().RunAsync);
        app.Use(app.Services.GetRequiredService<AuditTrail>().RunAsync);
    }

    /// <summary>Maps every endpoint.</summary>
    public static void MapBilling(this WebApplication app)
    {
        app.MapOpenApi("/openapi/v1.json").NeedsNoKey();
        HealthApi.Map(app);
        ApiKeysApi.Map(app);
        AuditLogsApi.Map(app);
        CustomFieldsApi.Map(app);
        app.MapInvoicing();
        CustomerCommitsApi.Map(app);
        WebhooksApi.Map(app);
        IngestApi.Map(app);
        BillableMetricsApi.Map(app);
        UsageApi.Map(app);
        LogsApi.Map(app);
        CostApi.Map(app);
        MetersApi.Map(app);
        MeterQueryApi.Map(app);
        EventsApi.Map(app);
        SubjectsApi.Map(app);
        if (app.Services.GetRequiredService<Settings>().TestClock) TestClockApi.Map(app);
    }

    /// <summary>Reads where the clock was left, and makes the first key when there is none.</summary>
    /// <returns>The new key's text; null when none was made.</returns>
    public static async Task<string?> PrepareAsync(this WebApplication app, CancellationToken stop)
    {
        await app.Services.GetRequiredService<BillingClock>().LoadAsync(stop);
        // In Azure a key that is made by whichever instance starts first would be shown to nobody: provisioning makes it.
        return app.Services.GetRequiredService<Settings>().Azure is null ? await app.Services.GetRequiredService<FirstKey>().MakeAsync(stop) : null;
    }
}
