using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Billing.Benchmarks.Server;

/// <summary>What strace saw while requests came one after another.</summary>
/// <param name="Requests">Answered.</param>
/// <param name="Syncs">fdatasync and fsync calls that came back.</param>
/// <param name="AnsweredWithoutSync">Requests between whose sending and answer no sync of a file came back: must be 0.</param>
internal sealed record SyncProof(int Requests, int Syncs, int AnsweredWithoutSync);

/// <summary>Shows that no answer comes before its sync, by watching the server's system calls.</summary>
internal static partial class SyncTrace
{
    private const int Requests = 100;

    /// <summary>Sends requests one after another under strace; null when strace is not there or may not look.</summary>
    /// <param name="server">The server.</param>
    /// <param name="send">Sends one request and waits for its answer.</param>
    /// <param name="scratch">A folder for the trace.</param>
    /// <param name="stop">Gives up.</param>
    public static async Task<SyncProof?> RunAsync(ServerUnderTest server, Action send, string scratch, CancellationToken stop)
    {
        if (Commands.Find("strace") is not { } strace) return null;
        var file = Path.Combine(scratch, "syncs.txt");
        using var tracer = Process.Start(new ProcessStartInfo(strace, ["-f", "-ttt", "-T", "-e", "trace=fdatasync,fsync", "-o", file, "-p", server.ProcessId.ToString(CultureInfo.InvariantCulture)])
        { RedirectStandardError = true })!;
        var spans = new List<(double From, double To)>();
        try
        {
            var said = await tracer.StandardError.ReadLineAsync(stop);
            if (said?.Contains("attached", StringComparison.Ordinal) != true) return null;
            await Task.Delay(300, stop);
            for (var i = 0; i < Requests; i++)
            {
                var from = Now();
                send();
                spans.Add((from, Now()));
            }
        }
        finally
        {
            await EndAsync(tracer);
        }
        var syncs = ReadSyncs(file);
        return new SyncProof(Requests, syncs.Count, spans.Count(span => !syncs.Any(at => at >= span.From && at <= span.To)));
    }

    private static double Now() => (DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch).TotalSeconds;

    // When each sync came back: a whole line has the start and the duration, a resumed one the moment itself.
    private static List<double> ReadSyncs(string file)
    {
        var ends = new List<double>();
        foreach (var line in File.ReadLines(file))
        {
            if (Line().Match(line) is not { Success: true } match) continue;
            var at = double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture);
            ends.Add(line.Contains("resumed", StringComparison.Ordinal) ? at : at + double.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture));
        }
        return ends;
    }

    private static async Task EndAsync(Process tracer)
    {
        if (tracer.HasExited) return;
        // SIGINT lets strace detach; killed, it would leave the server stopped.
        using (var kill = Process.Start("kill", ["-INT", tracer.Id.ToString(CultureInfo.InvariantCulture)])) await kill.WaitForExitAsync();
        await tracer.WaitForExitAsync();
    }

    [GeneratedRegex(@"^\d+\s+(\d+\.\d+) .*(?:fdatasync|fsync).*= 0 <(\d+\.\d+)>$")]
    private static partial Regex Line();
}
