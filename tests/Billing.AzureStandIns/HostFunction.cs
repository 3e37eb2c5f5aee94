using System.Text.Json.Nodes;

namespace Billing.AzureStandIns;

/// <summary>A function as its function.json describes it.</summary>
/// <param name="Name">The folder's name.</param>
/// <param name="Trigger">The input binding.</param>
/// <param name="Retry">What the host does after a failure; null for nothing.</param>
public sealed record HostFunction(string Name, JsonObject Trigger, JsonObject? Retry)
{
    public string Type => Trigger["type"]!.GetValue<string>();

    /// <summary>All functions of a published app. Errors: throws where the host would not start.</summary>
    public static IReadOnlyList<HostFunction> ReadAll(string folder) =>
        [.. Directory.EnumerateFiles(folder, "function.json", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(Read)];

    private static HostFunction Read(string file)
    {
        var name = Path.GetFileName(Path.GetDirectoryName(file)!);
        var json = JsonNode.Parse(File.ReadAllText(file))!.AsObject();
        var bindings = json["bindings"]!.AsArray().Select(b => b!.AsObject()).ToList();
        var inputs = bindings.Where(b => b["direction"]!.GetValue<string>() == "in").ToList();
        if (inputs.Count != 1) throw new InvalidOperationException($"{name} has {inputs.Count} triggers.");
        var isHttp = inputs[0]["type"]!.GetValue<string>() == "httpTrigger";
        if (isHttp != (bindings.Count == 2 && bindings.Exists(b => b["type"]!.GetValue<string>() == "http")))
            throw new InvalidOperationException($"{name} would not be proxied: it has to be one httpTrigger in and one http out.");
        if (inputs[0]["type"]!.GetValue<string>() == "eventHubTrigger")
        {
            if (inputs[0]["dataType"] is null) throw new InvalidOperationException($"{name} has no dataType: a body that is no JSON would lose its batch.");
            if (json["retry"]?["maxRetryCount"]?.GetValue<int>() != -1) throw new InvalidOperationException($"{name} does not retry for ever: a failed batch would be lost.");
        }
        return new HostFunction(name, inputs[0], json["retry"]?.AsObject());
    }
}
