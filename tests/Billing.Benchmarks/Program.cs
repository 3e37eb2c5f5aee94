using System.Runtime.InteropServices;
using Billing.Benchmarks;
using Billing.Benchmarks.Invoices;

var invoices = args is ["invoices", ..];
var help = invoices ? InvoiceOptions.Help : Options.Help;
if (args.Contains("--help") || args.Contains("-h"))
{
    Console.WriteLine(help);
    return 0;
}
var (usage, complaint) = invoices ? (null, null) : Options.From(args);
var (invoicing, unread) = invoices ? InvoiceOptions.From(args[1..]) : (null, null);
if ((complaint ?? unread) is { } wrong)
{
    Console.Error.WriteLine($"{wrong}\n\n{help}");
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
    return usage is null ? await new InvoiceBenchmark(invoicing!, ending.Token).RunAsync() : await new BenchmarkRun(usage, ending.Token).RunAsync();
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
