using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using Billing.Benchmarks.Workload;
using Microsoft.Win32.SafeHandles;

namespace Billing.Benchmarks;

/// <summary>What the machine can do at all: the limits that the other figures are seen against.</summary>
internal static partial class Probes
{
    private const int AppendBytes = 30_000;
    private static readonly TimeSpan Lasting = TimeSpan.FromSeconds(2);

    /// <summary>Appends of 30 KB a second, each followed by fdatasync.</summary>
    public static double SyncsPerSecond(string folder)
    {
        var file = Path.Combine(folder, "sync-probe");
        using var handle = File.OpenHandle(file, FileMode.Create, FileAccess.Write);
        var bytes = new byte[AppendBytes];
        var start = Stopwatch.GetTimestamp();
        long count = 0;
        for (; Stopwatch.GetElapsedTime(start) < Lasting; count++)
        {
            RandomAccess.Write(handle, bytes, count * AppendBytes);
            if (SyncData(handle) != 0) throw new InvalidOperationException($"fdatasync failed: {Marshal.GetLastPInvokeErrorMessage()}");
        }
        var rate = count / Stopwatch.GetElapsedTime(start).TotalSeconds;
        File.Delete(file);
        return rate;
    }

    /// <summary>Events a second that one core's Utf8JsonReader walks over, in batches of 500.</summary>
    public static double ParsedPerSecond(ulong seed)
    {
        var writer = new EventWriter();
        var batches = Enumerable.Range(0, 40).Select(i =>
        {
            var body = new byte[2 + Load.BatchEvents * (EventWriter.Length + 1)];
            return body.AsMemory(0, writer.WriteBatch(body, seed, -1_000_000 - i * Load.BatchEvents, Load.BatchEvents, null));
        }).ToList();
        foreach (var batch in batches) Walk(batch.Span);
        var start = Stopwatch.GetTimestamp();
        long count = 0;
        for (var i = 0; Stopwatch.GetElapsedTime(start) < Lasting; i++, count += Load.BatchEvents) Walk(batches[i % batches.Count].Span);
        return count / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static void Walk(ReadOnlySpan<byte> body)
    {
        var reader = new Utf8JsonReader(body);
        while (reader.Read())
        {
        }
    }

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    private static partial int SyncData(SafeFileHandle handle);
}
