using System.Globalization;
using Billing.UseCases.Telemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Logs;
using OpenTelemetry.Resources;

namespace Billing.Functions.Hosting.Telemetry;

/// <summary>A kind of telemetry.</summary>
internal enum Signal
{
    Traces,
    Metrics,
    Logs,
}

/// <summary>OpenTelemetry's standard variables, as far as the library does not read them by itself.</summary>
internal static class OtlpSettings
{
    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";
    private const string ServiceName = "billing";

    /// <summary>Registers what is sent: nothing, unless the variables say where to.</summary>
    public static void AddTelemetry(this WebApplicationBuilder builder)
    {
        var configuration = builder.Configuration;
        // Before everything that works in the background, so that it stops after it.
        if (AreGiven(configuration, Signal.Traces) || AreGiven(configuration, Signal.Metrics)) builder.Services.AddHostedService<TelemetryExport>();
        if (!AreGiven(configuration, Signal.Logs)) return;
        builder.Logging.AddOpenTelemetry(logs =>
        {
            logs.IncludeFormattedMessage = true;
            var resource = ResourceBuilder.CreateEmpty();
            Describe(resource);
            logs.SetResourceBuilder(resource);
            logs.AddProcessor(new WordlessFaults());
            logs.AddOtlpExporter(otlp => otlp.Apply(configuration, Signal.Logs));
        });
        // What others log may have paths and bodies in it; they go on writing to the console.
        builder.Logging.AddFilter<OpenTelemetryLoggerProvider>((category, level) => level >= LogLevel.Information && category?.StartsWith(Measures.Name + '.', StringComparison.Ordinal) == true);
    }

    /// <summary>True when it is said where telemetry of a kind goes, and not that there is none of it. Errors: throws on an address that is none.</summary>
    public static bool AreGiven(IConfiguration configuration, Signal signal)
    {
        if (Text(configuration, $"OTEL_{Name(signal)}_EXPORTER") is "none") return false;
        if ((Text(configuration, Of(signal, "ENDPOINT")) ?? Text(configuration, Endpoint)) is not { } address) return false;
        return Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" ? true
            : throw new ArgumentException($"{Endpoint} is an address that begins with http:// or https://, not '{address}'.");
    }

    /// <summary>Who sends; OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say it better.</summary>
    public static void Describe(ResourceBuilder resource) => resource.Clear().AddService(ServiceName).AddTelemetrySdk().AddEnvironmentVariableDetector();

    /// <summary>Takes what is set for one kind alone; the library reads what is set for all.</summary>
    public static void Apply(this OtlpExporterOptions otlp, IConfiguration configuration, Signal signal)
    {
        if (Text(configuration, Of(signal, "ENDPOINT")) is { } address) otlp.Endpoint = new Uri(address);
        if (Text(configuration, Of(signal, "HEADERS")) is { } headers) otlp.Headers = headers;
        if (Text(configuration, Of(signal, "TIMEOUT")) is { } text && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds)) otlp.TimeoutMilliseconds = milliseconds;
        otlp.Protocol = Text(configuration, Of(signal, "PROTOCOL")) switch
        {
            "grpc" => OtlpExportProtocol.Grpc,
            "http/protobuf" => OtlpExportProtocol.HttpProtobuf,
            _ => otlp.Protocol,
        };
    }

    private static string Of(Signal signal, string setting) => $"OTEL_EXPORTER_OTLP_{Name(signal)}_{setting}";

    private static string Name(Signal signal) => signal.ToString().ToUpperInvariant();

    private static string? Text(IConfiguration configuration, string name) => configuration[name] is { } text && !string.IsNullOrWhiteSpace(text) ? text.Trim() : null;
}
