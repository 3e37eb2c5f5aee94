using System.Globalization;

namespace Billing.Benchmarks.Server;

/// <summary>What processes and the machine have used, as /proc tells it.</summary>
/// <param name="ServerSeconds">CPU time of the server.</param>
/// <param name="ClientSeconds">CPU time of this program.</param>
/// <param name="MachineSeconds">CPU time of all processes of the machine.</param>
internal sealed record ProcessUse(double ServerSeconds, double ClientSeconds, double MachineSeconds)
{
    // USER_HZ is 100 on every Linux that .NET runs on.
    private const double TicksPerSecond = 100;

    public static ProcessUse Of(int serverProcess) => new(Cpu(serverProcess), Cpu(Environment.ProcessId), Machine());

    public static ProcessUse operator -(ProcessUse a, ProcessUse b) =>
        new(a.ServerSeconds - b.ServerSeconds, a.ClientSeconds - b.ClientSeconds, a.MachineSeconds - b.MachineSeconds);

    /// <summary>CPU time of everything else on the machine.</summary>
    public double OthersSeconds => MachineSeconds - ServerSeconds - ClientSeconds;

    /// <summary>Resident memory of a process, in MB of 10^6 bytes.</summary>
    public static double ResidentMb(int process)
    {
        foreach (var line in File.ReadLines($"/proc/{process}/status"))
            if (line.StartsWith("VmRSS:", StringComparison.Ordinal))
                return double.Parse(line.AsSpan(6).Trim().TrimEnd("kB"), CultureInfo.InvariantCulture) * 1_024 / 1e6;
        return 0;
    }

    /// <summary>The machine's load averages.</summary>
    public static string LoadAverage() => string.Join(' ', File.ReadAllText("/proc/loadavg").Split(' ').Take(3));

    /// <summary>Bytes of all files in a folder and below.</summary>
    public static long FolderBytes(string folder) => new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(f => f.Exists ? f.Length : 0);

    private static double Cpu(int process)
    {
        var text = File.ReadAllText($"/proc/{process}/stat");
        var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
        return (double.Parse(fields[11], CultureInfo.InvariantCulture) + double.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond;
    }

    // user, nice, system, irq, softirq: all but idle, iowait and what a hypervisor took.
    private static double Machine()
    {
        var fields = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return new[] { 1, 2, 3, 6, 7 }.Sum(i => double.Parse(fields[i], CultureInfo.InvariantCulture)) / TicksPerSecond;
    }
}
