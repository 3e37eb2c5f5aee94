using Billing.Functions.Api;
using Billing.Functions.Hosting;
using Billing.Functions.Hosting.Access;
using Billing.Functions.Hosting.OpenApi;
using Billing.UseCases.Access;
using Billing.UseCases.Idempotency;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using NodaTime;

const int MaxBodyBytes = 30 * 1024 * 1024;
const string DefaultAddress = "http://127.0.0.1:7071";

switch (args.FirstOrDefault())
{
    case "--help" or "-h" or "help":
        Console.WriteLine(Greeting.Help);
        return 0;
    case { } command when !command.StartsWith('-'):
        await Console.Error.WriteLineAsync($"There is no command '{command}'.\n\n{Greeting.Help}");
        return 2;
}

var builder = WebApplication.CreateBuilder(args);
var settings = Settings.From(builder.Configuration);
if (builder.Configuration["urls"] is null && builder.Configuration["http_ports"] is null && builder.Configuration["https_ports"] is null)
    builder.WebHost.UseUrls(DefaultAddress);
builder.WebHost.ConfigureKestrel(kestrel =>
{
    kestrel.AddServerHeader = false;
    kestrel.Limits.MaxRequestBodySize = MaxBodyBytes;
});
builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
builder.Services.ConfigureHttpJsonOptions(json => JsonRules.Apply(json.SerializerOptions));
builder.Services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);
builder.Services.AddApiDescription();
builder.Services.AddSingleton(settings);
builder.Services.AddSingleton(TimeProvider.System);
builder.Services.AddStorage(settings);
#pragma warning disable RS0030 // The one place that names the real clock.
builder.Services.AddSingleton(all => ActivatorUtilities.CreateInstance<BillingClock>(all, SystemClock.Instance));
#pragma warning restore RS0030
builder.Services.AddSingleton<IClock>(all => all.GetRequiredService<BillingClock>());
builder.Services.AddSingleton<ApiKeys>();
builder.Services.AddSingleton<FirstKey>();
builder.Services.AddSingleton<KeyCheck>();
builder.Services.AddSingleton<StoredAnswers>();
builder.Services.AddSingleton<IdempotencyKeys>();
builder.Services.AddHostedService<Housekeeping>();

var app = builder.Build();
app.UseProblems();
app.UseRouting();
app.Use(app.Services.GetRequiredService<KeyCheck>().RunAsync);
app.Use(app.Services.GetRequiredService<IdempotencyKeys>().RunAsync);
app.MapOpenApi("/openapi/{documentName}.json").NeedsNoKey();
HealthApi.Map(app);
ApiKeysApi.Map(app);
if (settings.TestClock) TestClockApi.Map(app);

await app.Services.GetRequiredService<BillingClock>().LoadAsync(CancellationToken.None);
var firstKey = app.Services.GetRequiredService<FirstKey>();
var newKey = await firstKey.MakeAsync(CancellationToken.None);
app.Lifetime.ApplicationStarted.Register(() =>
{
    var addresses = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses;
    Console.WriteLine(Greeting.Text(addresses?.FirstOrDefault() ?? DefaultAddress, newKey, firstKey.File, settings));
});
await app.RunAsync();
return 0;
