namespace Billing.Functions.Hosting.Triggers;

/// <summary>The Azure Functions host that started this process as its custom handler, if one did.</summary>
public static class FunctionsHost
{
    private const string PortSetting = "FUNCTIONS_CUSTOMHANDLER_PORT";
    private const string InvocationHeader = "X-Azure-Functions-InvocationId";

    // On every request that the host passes on from outside, and on none of its own; a client can't take them away.
    private static readonly string[] FromOutside = ["x-ms-invocation-id", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"];

    /// <summary>Where the host wants the handler to listen; null when there is no host. Errors: throws on text that is no port.</summary>
    public static int? Port(IConfiguration configuration) =>
        configuration[PortSetting] is not { Length: > 0 } text ? null
        : int.TryParse(text, out var port) && port is > 0 and <= 65_535 ? port
        : throw new ArgumentException($"{PortSetting} is a port from 1 to 65535, not '{text}'.");

    /// <summary>True for the host's own call of a function, which nobody outside can make.</summary>
    public static bool IsCaller(HttpRequest request) =>
        request.Headers.ContainsKey(InvocationHeader) && !FromOutside.Any(request.Headers.ContainsKey);

    public static void AddTriggers(this IServiceCollection services)
    {
        services.AddSingleton<CountedCalls>();
        services.AddSingleton<UsageTrigger>();
        services.AddSingleton<HostTriggers>();
    }
}
