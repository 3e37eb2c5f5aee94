using Billing.UseCases.Telemetry;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Billing.Functions.Hosting.Telemetry;

/// <summary>Sends spans and measures from the start of the process to its end; what was not sent yet goes out when it stops.</summary>
internal sealed class TelemetryExport(IConfiguration configuration) : IHostedService, IDisposable
{
    private TracerProvider? traces;
    private MeterProvider? metrics;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (OtlpSettings.AreGiven(configuration, Signal.Traces))
            traces = Sdk.CreateTracerProviderBuilder().ConfigureServices(Configured).ConfigureResource(OtlpSettings.Describe)
                .AddSource(Measures.Name).AddOtlpExporter(otlp => otlp.Apply(configuration, Signal.Traces)).Build();
        if (OtlpSettings.AreGiven(configuration, Signal.Metrics))
            metrics = Sdk.CreateMeterProviderBuilder().ConfigureServices(Configured).ConfigureResource(OtlpSettings.Describe)
                .AddMeter(Measures.Name).AddOtlpExporter(otlp => otlp.Apply(configuration, Signal.Metrics)).Build();
        return Task.CompletedTask;
    }

    // Each waits up to some seconds for its receiver.
    public Task StopAsync(CancellationToken cancellationToken) => Task.Run(Dispose, CancellationToken.None);

    public void Dispose() => Parallel.Invoke(() => traces?.Dispose(), () => metrics?.Dispose());

    // The same settings as everything else, --NAME=value included.
    private void Configured(IServiceCollection services) => services.AddSingleton(configuration);
}
