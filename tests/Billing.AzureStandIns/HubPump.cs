using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Billing.AzureStandIns;

/// <summary>The host's listener of one partition: gathers a batch, calls the function, again after a failure, and goes on after an answer.</summary>
public sealed class HubPump(EventHubsStandIn hub, HostFunction function, JsonNode host, IReadOnlyDictionary<string, string> settings, HostInstance instance, int partition)
{
    private static readonly JsonSerializerOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly TimeSpan BackOff = TimeSpan.FromMilliseconds(50);
    private long checkpoint;

    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var events = await GatherAsync(stop);
            for (var retry = 0; !await instance.CallAsync(function.Name, Body(hub.Hub, partition, events, function.Trigger["dataType"]!.GetValue<string>(), retry), stop); retry++)
                await Task.Delay(BackOff * Math.Min(retry + 1, 20), stop);
            checkpoint = events[^1].SequenceNumber + 1;
        }
    }

    /// <summary>A batch in the host's own encoding: arrays and texts are JSON texts within JSON texts, bytes are base64, times have no zone.</summary>
    public static byte[] Body(string hub, int partition, IReadOnlyList<HubEvent> events, string dataType, int retry)
    {
        var bodies = events.Select(e => dataType == "binary" ? Convert.ToBase64String(e.Body) : Encoding.UTF8.GetString(e.Body));
        var metadata = new JsonObject
        {
            ["PartitionContext"] = new JsonObject
            {
                ["IsCheckpointingAfterInvocation"] = true,
                ["FullyQualifiedNamespace"] = "evhns-x.servicebus.windows.net",
                ["EventHubName"] = hub,
                ["ConsumerGroup"] = "$Default",
                ["PartitionId"] = partition.ToString(CultureInfo.InvariantCulture),
            },
            ["PartitionKeyArray"] = Text(events.Select(e => e.PartitionKey)),
            ["OffsetArray"] = Text(events.Select(e => (4_295_013_472 + e.SequenceNumber * 168).ToString(CultureInfo.InvariantCulture))),
            ["SequenceNumberArray"] = Text(events.Select(e => e.SequenceNumber)),
            ["EnqueuedTimeUtcArray"] = Text(events.Select(Time)),
            ["PropertiesArray"] = Text(events.Select(e => e.Properties)),
            ["SystemPropertiesArray"] = Text(events.Select(e => new Dictionary<string, object?>
            {
                ["x-opt-sequence-number-epoch"] = -1, ["SequenceNumber"] = e.SequenceNumber, ["PartitionKey"] = e.PartitionKey, ["EnqueuedTimeUtc"] = Time(e),
            })),
            ["sys"] = new JsonObject { ["MethodName"] = "EventHubTrigger", ["UtcNow"] = "2026-08-20T10:15:31Z", ["RandGuid"] = Guid.NewGuid().ToString() },
        };
        if (retry > 0) metadata["RetryContext"] = new JsonObject { ["RetryCount"] = retry, ["MaxRetryCount"] = -1, ["Exception"] = new JsonObject() };
        return Encoding.UTF8.GetBytes(new JsonObject { ["Data"] = new JsonObject { ["events"] = Text(bodies) }, ["Metadata"] = metadata }.ToJsonString(Compact));
    }

    private static string Text<T>(IEnumerable<T> values) => JsonSerializer.Serialize(values, Compact);

    private static string Time(HubEvent of) => of.EnqueuedTimeUtc.ToString("yyyy-MM-ddTHH:mm:ss.FFFFFFF", CultureInfo.InvariantCulture);

    private async Task<IReadOnlyList<HubEvent>> GatherAsync(CancellationToken stop)
    {
        var (least, most) = (int.Parse(Option("minEventBatchSize", "1"), CultureInfo.InvariantCulture), int.Parse(Option("maxEventBatchSize", "100"), CultureInfo.InvariantCulture));
        var wait = TimeSpan.Parse(Option("maxWaitTime", "00:01:00"), CultureInfo.InvariantCulture);
        DateTime? since = null;
        while (true)
        {
            var events = hub.Read(partition, checkpoint, most);
            if (events.Count > 0 && (events.Count >= least || DateTime.UtcNow - since >= wait)) return events;
            if (events.Count > 0) since ??= DateTime.UtcNow;
            await Task.Delay(5, stop);
        }
    }

    // A setting of the app overrides host.json.
    private string Option(string name, string otherwise) =>
        settings.GetValueOrDefault($"AzureFunctionsJobHost__extensions__eventHubs__{name}") ?? host["extensions"]?["eventHubs"]?[name]?.ToString() ?? otherwise;
}
