using System.Globalization;

namespace Billing.Simulation;

/// <summary><c>--seeds N --from S</c>: runs N seeds from S on and prints those that fail.</summary>
internal static class Program
{
    public static int Main(string[] args)
    {
        var (seeds, from) = (Argument(args, "--seeds", 1_000), Argument(args, "--from", 1));
        var failed = 0;
        var done = 0;
        Parallel.For(from, from + seeds, new ParallelOptions { MaxDegreeOfParallelism = Math.Max(1, Environment.ProcessorCount - 1) }, seed =>
        {
            if (Run.Try(seed) is { } failure)
            {
                Interlocked.Increment(ref failed);
                Console.WriteLine($"seed {seed}: {failure}");
            }
            if (Interlocked.Increment(ref done) % 500 == 0) Console.WriteLine($"{done} of {seeds}, {failed} failed");
        });
        Console.WriteLine($"{seeds} seeds from {from}: {failed} failed.");
        return failed == 0 ? 0 : 1;
    }

    private static int Argument(string[] args, string name, int otherwise)
    {
        var at = Array.IndexOf(args, name);
        return at < 0 ? otherwise : int.Parse(args[at + 1], CultureInfo.InvariantCulture);
    }
}
