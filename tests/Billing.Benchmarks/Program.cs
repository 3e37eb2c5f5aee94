using System.Runtime.InteropServices;
using Billing.Benchmarks;

if (args.Contains("--help") || args.Contains("-h"))
{
    Console.WriteLine(Options.Help);
    return 0;
}
var read = Options.From(args);
if (read.Read is null)
{
    Console.Error.WriteLine($"{read.Complaint}\n\n{Options.Help}");
    return 2;
}

using var ending = new CancellationTokenSource();
// Cancelling instead of dying lets the run stop its processes and delete its folders.
void End(PosixSignalContext signal)
{
    signal.Cancel = true;
    ending.Cancel();
}
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, End);

try
{
    return await new BenchmarkRun(read.Read, ending.Token).RunAsync();
}
catch (OperationCanceledException) when (ending.IsCancellationRequested)
{
    Console.Error.WriteLine("Stopped; nothing is left behind.");
    return 130;
}
catch (Exception fault) when (fault is not OperationCanceledException)
{
    // Caught, so that the run's own clearing up is done before the program ends.
    Console.Error.WriteLine(fault);
    return 1;
}
