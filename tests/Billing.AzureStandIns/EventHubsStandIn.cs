using System.Globalization;
using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Billing.AzureStandIns;

/// <summary>An event as the hub keeps it.</summary>
public sealed record HubEvent(long SequenceNumber, DateTime EnqueuedTimeUtc, string? PartitionKey, IReadOnlyDictionary<string, string> Properties, byte[] Body);

/// <summary>One event hub behind the REST endpoint of Event Hubs: it takes events, describes itself, and shows a simulated host what to deliver.</summary>
public sealed class EventHubsStandIn(string hub, int partitions) : IAsyncDisposable
{
    private readonly Lock gate = new();
    private List<HubEvent>[] events = Empty(partitions);
    private long[] forgotten = new long[partitions];
    private DateTime createdAt = DateTime.UtcNow;
    private WebApplication? app;

    public string Hub => hub;

    public int Partitions => partitions;

    /// <summary>Where it listens.</summary>
    public Uri Endpoint => new(app!.Urls.First());

    /// <summary>The hub's clock; it never goes back in a partition.</summary>
    public Func<DateTime> Now { get; set; } = () => DateTime.UtcNow;

    /// <summary>Asked before each send.</summary>
    public Func<ServiceFault?>? Fault { get; set; }

    public async Task StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0));
        app = builder.Build();
        app.MapGet($"/{hub}", () => Xml($"<EventHubDescription><CreatedAt>{createdAt:yyyy-MM-ddTHH:mm:ss.fffffffZ}</CreatedAt><PartitionCount>{partitions}</PartitionCount></EventHubDescription>"));
        app.MapGet($"/{hub}/consumergroups/{{group}}/partitions/{{partition:int}}", (int partition) =>
        {
            lock (gate)
            {
                var end = forgotten[partition] + events[partition].Count - 1;
                return Xml($"<PartitionDescription><BeginSequenceNumber>{forgotten[partition]}</BeginSequenceNumber><EndSequenceNumber>{end}</EndSequenceNumber></PartitionDescription>");
            }
        });
        app.MapPost($"/{hub}/partitions/{{partition:int}}/messages", (int partition, HttpRequest request) => TakeAsync(partition, request));
        app.MapPost($"/{hub}/messages", (HttpRequest request) => TakeAsync(null, request));
        await app.StartAsync();
    }

    /// <summary>The events of a partition from a sequence number on.</summary>
    public IReadOnlyList<HubEvent> Read(int partition, long from, int most)
    {
        lock (gate)
        {
            // They lie in order, without gaps.
            var at = (int)Math.Clamp(from - forgotten[partition], 0, events[partition].Count);
            return events[partition].GetRange(at, Math.Min(most, events[partition].Count - at));
        }
    }

    /// <summary>Lets go of the events before a sequence number, as retention does.</summary>
    public void Forget(int partition, long before)
    {
        lock (gate)
        {
            forgotten[partition] = before;
            events[partition].RemoveAll(e => e.SequenceNumber < before);
        }
    }

    /// <summary>Puts an event straight into a partition, as a producer with its own client does.</summary>
    public void Put(int partition, byte[] body, string? partitionKey = null, IReadOnlyDictionary<string, string>? properties = null)
    {
        lock (gate)
        {
            var all = events[partition];
            var now = Now();
            if (all.Count > 0 && all[^1].EnqueuedTimeUtc > now) now = all[^1].EnqueuedTimeUtc;
            all.Add(new HubEvent(forgotten[partition] + all.Count, now, partitionKey, properties ?? new Dictionary<string, string>(), body));
        }
    }

    /// <summary>Deletes the hub and makes it anew.</summary>
    public void Recreate()
    {
        lock (gate) (events, forgotten, createdAt) = (Empty(partitions), new long[partitions], DateTime.UtcNow);
    }

    public async ValueTask DisposeAsync()
    {
        if (app is not null) await app.DisposeAsync();
    }

    private async Task<IResult> TakeAsync(int? partition, HttpRequest request)
    {
        var body = new MemoryStream();
        await request.Body.CopyToAsync(body);
        if (body.Length > 1_000_000) return Results.StatusCode(413);
        var fault = Fault?.Invoke();
        if (fault is null || fault.Done) Take(partition, request, body.ToArray());
        if (fault is null) return Results.StatusCode(201);
        if (fault.Status == 0) request.HttpContext.Abort();
        return Results.StatusCode(fault.Status == 0 ? 500 : fault.Status);
    }

    private void Take(int? partition, HttpRequest request, byte[] body)
    {
        var key = request.Headers.TryGetValue("BrokerProperties", out var broker) && JsonDocument.Parse(broker.ToString()).RootElement.TryGetProperty("PartitionKey", out var k) ? k.GetString() : null;
        var number = partition ?? (int)((uint)(key ?? request.HttpContext.TraceIdentifier).GetHashCode(StringComparison.Ordinal) % (uint)partitions);
        if (request.ContentType?.StartsWith("application/vnd.microsoft.servicebus.json", StringComparison.Ordinal) == true)
        {
            foreach (var one in JsonDocument.Parse(body).RootElement.EnumerateArray()) Put(number, System.Text.Encoding.UTF8.GetBytes(one.GetProperty("Body").GetString()!), key);
            return;
        }
        var properties = request.Headers.Where(h => h.Key.StartsWith("billing-", StringComparison.OrdinalIgnoreCase) || h.Key.Equals("Diagnostic-Id", StringComparison.OrdinalIgnoreCase)).ToDictionary(h => h.Key.ToLowerInvariant(), h => h.Value.ToString());
        Put(number, body, key, properties);
    }

    private static List<HubEvent>[] Empty(int partitions) => [.. Enumerable.Range(0, partitions).Select(_ => new List<HubEvent>())];

    private static IResult Xml(FormattableString content) => Results.Text(
        $"""<entry xmlns="http://www.w3.org/2005/Atom"><content type="application/xml">{content.ToString(CultureInfo.InvariantCulture)}</content></entry>""", "application/atom+xml");
}
