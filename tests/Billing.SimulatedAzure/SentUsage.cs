using System.Globalization;

namespace Billing.SimulatedAzure;

/// <summary>Usage to send, in the batches it is sent in, and what it adds up to when each id counts once.</summary>
internal sealed class SentUsage
{
    public const int Customers = 12;

    private readonly Random chance;

    public SentUsage(int events, int seed)
    {
        chance = new Random(seed);
        Make(events);
    }

    /// <summary>Bodies of requests.</summary>
    public List<string> Requests { get; } = [];

    /// <summary>Batches that go straight to the hub.</summary>
    public List<List<string>> Direct { get; } = [];

    /// <summary>Ids.</summary>
    public int Distinct { get; private set; }

    /// <summary>Sum of each customer.</summary>
    public long[] Tokens { get; } = new long[Customers];

    /// <summary>Number of events of each customer.</summary>
    public long[] Counts { get; } = new long[Customers];

    // Every event once or more: again with the same content, again with other content that sums to the same, in a request or straight to the hub.
    private void Make(int events)
    {
        var sent = new List<string>();
        var batch = new List<string>();
        var size = Size();
        var now = DateTime.UtcNow.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
        for (var i = 0; i < events; i++)
        {
            var again = sent.Count > 0 ? chance.Next(100) : 100;
            string text;
            if (again < 2) text = sent[chance.Next(sent.Count)];
            else if (again < 3) text = sent[chance.Next(sent.Count)].Replace("\"llm\"", "\"other\"", StringComparison.Ordinal);
            else
            {
                var (customer, used) = (chance.Next(Customers), chance.Next(1, 5_000));
                text = $$$"""{"transaction_id":"e{{{Distinct++}}}","customer_id":"c{{{customer}}}","event_type":"llm","timestamp":"{{{now}}}","properties":{"tokens":"{{{used}}}"}}""";
                Tokens[customer] += used;
                Counts[customer]++;
                sent.Add(text);
            }
            batch.Add(text);
            if (batch.Count < size && i < events - 1) continue;
            if (chance.Next(4) == 0) Direct.Add([.. batch]);
            else Requests.Add($"[{string.Join(',', batch)}]");
            batch.Clear();
            size = Size();
        }
    }

    // One event to a thousand, as many as a request may have.
    private int Size() => chance.Next(10) switch { 0 => chance.Next(1, 20), < 7 => chance.Next(100, 400), _ => chance.Next(400, 1_001) };
}
