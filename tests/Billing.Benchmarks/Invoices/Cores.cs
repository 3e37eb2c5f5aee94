using System.Globalization;
using System.Runtime.InteropServices;

namespace Billing.Benchmarks.Invoices;

/// <summary>Holds all threads of the process to the first cores until it is disposed. Linux only.</summary>
/// <remarks>Process.ProcessorAffinity holds the first thread alone there.</remarks>
internal sealed partial class Cores : IDisposable
{
    public Cores(int count) => Hold((1UL << count) - 1);

    public void Dispose() => Hold((1UL << Math.Min(63, Environment.ProcessorCount)) - 1);

    private static void Hold(ulong mask)
    {
        if (!OperatingSystem.IsLinux()) throw new PlatformNotSupportedException("Threads can be held to cores on Linux only.");
        // Threads made in between have the mask of the one that made them: the second round finds those of the first.
        for (var round = 0; round < 2; round++)
        {
            foreach (var thread in Directory.GetDirectories("/proc/self/task"))
                if (SetAffinity(int.Parse(Path.GetFileName(thread), CultureInfo.InvariantCulture), sizeof(ulong), mask) != 0 && Directory.Exists(thread))
                    throw new InvalidOperationException($"A thread could not be held to cores: {Marshal.GetLastPInvokeErrorMessage()}");
        }
    }

    [LibraryImport("libc", EntryPoint = "sched_setaffinity", SetLastError = true)]
    private static partial int SetAffinity(int thread, nint bytes, in ulong mask);
}
