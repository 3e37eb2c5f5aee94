using System.Diagnostics;

namespace Billing.Benchmarks.Invoices;

/// <summary>Holds the process to a number of cores until it is disposed.</summary>
internal sealed class Cores : IDisposable
{
    private readonly nint before;

    public Cores(int count)
    {
        before = Affinity();
        var (mask, left) = ((nint)0, count);
        for (var bit = 0; bit < 8 * nint.Size && left > 0; bit++)
        {
            if ((before >> bit & 1) == 0) continue;
            mask |= (nint)1 << bit;
            left--;
        }
        Hold(mask);
    }

    public void Dispose() => Hold(before);

    private static nint Affinity()
    {
        using var process = Process.GetCurrentProcess();
        if (OperatingSystem.IsLinux()) return process.ProcessorAffinity;
        if (OperatingSystem.IsWindows()) return process.ProcessorAffinity;
        throw new PlatformNotSupportedException("A process can be held to cores on Linux and Windows only.");
    }

    private static void Hold(nint mask)
    {
        using var process = Process.GetCurrentProcess();
        if (OperatingSystem.IsLinux()) process.ProcessorAffinity = mask;
        else if (OperatingSystem.IsWindows()) process.ProcessorAffinity = mask;
    }
}
