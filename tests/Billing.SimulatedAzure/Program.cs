using System.Runtime.InteropServices;
using Billing.AzureStandIns;

// Runs the published app under a simulated Functions host, on simulated services, until it is stopped.
//   dotnet run --project tests/Billing.SimulatedAzure -- <published folder> [--port 7071] [--partitions 4] [--apart] [--timers-ms 1000] [NAME=value …]
if (args.Length == 0 || args[0].StartsWith('-'))
{
    Console.Error.WriteLine("Give the folder that 'dotnet publish functions/Billing.Functions --output FOLDER' has made.");
    return 2;
}
int Number(string name, int otherwise) => Array.IndexOf(args, name) is >= 0 and var at ? int.Parse(args[at + 1], System.Globalization.CultureInfo.InvariantCulture) : otherwise;
await using var azure = await SimulatedAzure.StartAsync(Number("--partitions", 4));
var settings = azure.Settings;
foreach (var pair in args.Skip(1).Where(a => a.Contains('=', StringComparison.Ordinal)).Select(a => a.Split('=', 2))) settings[pair[0]] = pair[1];
await using var host = new SimulatedHost(Path.GetFullPath(args[0]), settings, azure.Hub, args.Contains("--apart"), Console.WriteLine);
await host.StartAsync(Number("--port", 7071), Number("--timers-ms", 1_000) is > 0 and var every ? TimeSpan.FromMilliseconds(every) : null);
Console.WriteLine($"The app answers at {host.Address}");
var stopped = new TaskCompletionSource();
using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
await stopped.Task;
return 0;

void Stop(PosixSignalContext signal)
{
    signal.Cancel = true;
    stopped.TrySetResult();
}
