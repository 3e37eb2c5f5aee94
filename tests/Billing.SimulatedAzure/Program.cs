using System.Runtime.InteropServices;
using Billing.AzureStandIns;

// Runs the published app under a simulated Functions host, on simulated services, until it is stopped.
//   dotnet run --project tests/Billing.SimulatedAzure -- <published folder> [--port 7071] [--partitions 4] [--apart] [--timers-ms 1000] [NAME=value …]
// With --chaos N [--kill-ms 8000] it sends N events while instances are killed and services fail, compares what was counted with what was sent, and ends.
if (args.Length == 0 || args[0].StartsWith('-'))
{
    Console.Error.WriteLine("Give the folder that 'dotnet publish functions/Billing.Functions --output FOLDER' has made.");
    return 2;
}
int Number(string name, int otherwise) => Array.IndexOf(args, name) is >= 0 and var at ? int.Parse(args[at + 1], System.Globalization.CultureInfo.InvariantCulture) : otherwise;
var chaos = Number("--chaos", 0);
// The emulator looks through a whole partition of a table to find a row: in several accounts it finds it sooner.
await using var azure = await Billing.AzureStandIns.SimulatedAzure.StartAsync(Number("--partitions", 4), chaos > 0 ? 6 : 1);
var settings = azure.Settings;
foreach (var pair in args.Skip(1).Where(a => a.Contains('=', StringComparison.Ordinal)).Select(a => a.Split('=', 2))) settings[pair[0]] = pair[1];
if (chaos > 0)
{
    settings["BILLING_API_KEY"] = "dev";
    // Small batches: more of them are under way when something fails.
    foreach (var (name, value) in (ValueTuple<string, string>[])[("minEventBatchSize", "10"), ("maxEventBatchSize", "40"), ("maxWaitTime", "00:00:01")])
        settings[$"AzureFunctionsJobHost__extensions__eventHubs__{name}"] = value;
    // Instances don't live long enough for code that is compiled once more to pay.
    settings["DOTNET_TieredPGO"] = "0";
}
await using var host = new SimulatedHost(Path.GetFullPath(args[0]), settings, azure.Hub, args.Contains("--apart") || chaos > 0, Console.WriteLine);
await host.StartAsync(Number("--port", 7071), Number("--timers-ms", 1_000) is > 0 and var every ? TimeSpan.FromMilliseconds(every) : null);
Console.WriteLine($"The app answers at {host.Address}");
if (chaos > 0)
{
    var same = await new Billing.SimulatedAzure.Chaos(azure, host, chaos, Number("--seed", 1), TimeSpan.FromMilliseconds(Number("--kill-ms", 8_000))).RunAsync();
    if (!same) foreach (var instance in host.Instances) Console.WriteLine(instance.Output);
    Console.WriteLine(same ? "Everything sent was counted once." : "What was counted is not what was sent.");
    return same ? 0 : 1;
}
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
