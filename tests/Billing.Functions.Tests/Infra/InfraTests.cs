using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Billing.Functions.Hosting.Triggers;
using Billing.Storage.Azure.Claims;
using Billing.Storage.Azure.Documents;
using Billing.Storage.Azure.Metering;
using Xunit;

namespace Billing.Functions.Tests.Infra;

/// <summary>The templates, the bindings and the code say the same: names, settings, roles, versions.</summary>
public sealed partial class InfraTests
{
    // Versions that are known to be there.
    private static readonly Dictionary<string, string> Versions = new()
    {
        ["Microsoft.Resources/resourceGroups"] = "2024-03-01",
        ["Microsoft.Web/serverfarms"] = "2024-04-01",
        ["Microsoft.Web/sites"] = "2024-04-01",
        ["Microsoft.Web/sites/basicPublishingCredentialsPolicies"] = "2024-04-01",
        ["Microsoft.Storage/storageAccounts"] = "2023-05-01",
        ["Microsoft.Storage/storageAccounts/blobServices"] = "2023-05-01",
        ["Microsoft.Storage/storageAccounts/blobServices/containers"] = "2023-05-01",
        ["Microsoft.Storage/storageAccounts/tableServices"] = "2023-05-01",
        ["Microsoft.Storage/storageAccounts/tableServices/tables"] = "2023-05-01",
        ["Microsoft.Storage/storageAccounts/managementPolicies"] = "2023-05-01",
        ["Microsoft.EventHub/namespaces"] = "2024-01-01",
        ["Microsoft.EventHub/namespaces/eventhubs"] = "2024-01-01",
        ["Microsoft.EventHub/namespaces/eventhubs/consumergroups"] = "2024-01-01",
        ["Microsoft.DocumentDB/databaseAccounts"] = "2024-11-15",
        ["Microsoft.DocumentDB/databaseAccounts/sqlDatabases"] = "2024-11-15",
        ["Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers"] = "2024-11-15",
        ["Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments"] = "2024-11-15",
        ["Microsoft.KeyVault/vaults"] = "2023-07-01",
        ["Microsoft.KeyVault/vaults/secrets"] = "2023-07-01",
        ["Microsoft.Insights/components"] = "2020-02-02",
        ["Microsoft.Insights/diagnosticSettings"] = "2021-05-01-preview",
        ["Microsoft.Insights/actionGroups"] = "2023-01-01",
        ["Microsoft.Insights/metricAlerts"] = "2018-03-01",
        ["Microsoft.Insights/scheduledQueryRules"] = "2023-12-01",
        ["Microsoft.Insights/workbooks"] = "2023-06-01",
        ["Microsoft.OperationalInsights/workspaces"] = "2023-09-01",
        ["Microsoft.ManagedIdentity/userAssignedIdentities"] = "2023-01-31",
        ["Microsoft.Authorization/roleAssignments"] = "2022-04-01",
        ["Microsoft.Network/virtualNetworks"] = "2024-05-01",
        ["Microsoft.Network/privateEndpoints"] = "2024-05-01",
        ["Microsoft.Network/privateEndpoints/privateDnsZoneGroups"] = "2024-05-01",
        ["Microsoft.Network/privateDnsZones"] = "2024-06-01",
        ["Microsoft.Network/privateDnsZones/virtualNetworkLinks"] = "2024-06-01",
    };

    // Built-in roles by the name of the variable that holds their id.
    private static readonly Dictionary<string, string> Roles = new()
    {
        ["storageBlobDataOwner"] = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
        ["storageBlobDataContributor"] = "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
        ["storageQueueDataContributor"] = "974c5e8b-45b9-4653-ba55-5f855dd0fb88",
        ["storageTableDataContributor"] = "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3",
        ["eventHubsDataOwner"] = "f526a384-b230-433a-b45c-95f59c4a2dec",
        ["keyVaultSecretsUser"] = "4633458b-17de-408a-b874-0445c86b69e6",
        ["monitoringMetricsPublisher"] = "3913510d-42f4-4e42-8a64-420c390055eb",
        ["dataContributor"] = "00000000-0000-0000-0000-000000000002",
    };

    // Read by the platform, not by our code.
    private static readonly string[] OfThePlatform =
    [
        "AzureWebJobsStorage__accountName", "AzureWebJobsStorage__credential", "AzureWebJobsStorage__clientId", "AzureWebJobsDisableHomepage",
        "APPLICATIONINSIGHTS_CONNECTION_STRING", "APPLICATIONINSIGHTS_AUTHENTICATION_STRING", "AZURE_CLIENT_ID", "EVENTHUB__credential", "EVENTHUB__clientId",
    ];

    // Of a server that is started by hand.
    private static readonly string[] NotInAzure =
        ["BILLING_DATA", "BILLING_LOG_PARTITIONS", "BILLING_MAX_BACKLOG_MB", "BILLING_TEST_CLOCK", "BILLING_WEBHOOKS_PRIVATE", "BILLING_PDF_FONT", "BILLING_PDF_FONT_BOLD"];

    [Fact]
    public void Brackets_and_texts_of_every_file_close() => Assert.Empty(BicepFile.All.Select(f => f.Fault()).OfType<string>());

    [Fact]
    public void Every_module_is_there_and_is_given_the_parameters_it_has()
    {
        var main = BicepFile.Of("main");
        foreach (var (symbol, file, body) in main.Modules)
        {
            Assert.True(File.Exists(Path.Combine(BicepFile.Root, "infra", file)), $"{symbol}: {file} is not there.");
            var module = BicepFile.Of(Path.GetFileNameWithoutExtension(file));
            var given = BicepFile.Keys(BicepFile.BlockAt(body, body.IndexOf("params: {", StringComparison.Ordinal) + "params: ".Length));
            Assert.Empty(given.Except(module.Params.Keys));
            Assert.Empty(module.Params.Where(p => !p.Value).Select(p => p.Key).Except(given));
        }
        Assert.Equal(BicepFile.All.Count - 1, main.Modules.Count);
    }

    [Fact]
    public void Every_output_that_is_used_is_given()
    {
        var main = BicepFile.Of("main");
        foreach (Match use in OutputUse().Matches(main.Text))
        {
            var module = main.Modules.Single(m => m.Symbol == use.Groups[1].Value);
            Assert.Contains(use.Groups[2].Value, BicepFile.Of(Path.GetFileNameWithoutExtension(module.File)).Outputs);
        }
    }

    [Fact]
    public void Every_name_that_is_used_is_declared_and_every_one_declared_is_used()
    {
        foreach (var file in BicepFile.All)
        {
            var loops = Loop().Matches(file.Text).SelectMany(m => m.Groups.Values.Skip(1)).Select(g => g.Value).Where(v => v.Length > 0);
            var declared = file.Params.Keys.Concat(file.Vars).Concat(file.Resources.Select(r => r.Symbol)).Concat(file.Modules.Select(m => m.Symbol)).ToList();
            Assert.Empty(MemberUse().Matches(file.Text).Select(m => m.Groups[1].Value).Distinct().Except(declared).Except(loops).Except(["subscription", "environment"]));
            foreach (var name in file.Params.Keys.Concat(file.Vars))
                Assert.True(Regex.Count(file.Text, $@"(?<![\w'.]){name}(?![\w'])") > 1, $"{file.Name}: {name} is declared and not used.");
        }
    }

    [Fact]
    public void Every_API_version_is_one_that_is_known() =>
        Assert.All(BicepFile.All.SelectMany(f => f.Resources), r => Assert.Equal(Versions.GetValueOrDefault(r.Type), r.Version));

    [Fact]
    public void Every_role_is_the_one_that_its_name_says()
    {
        var guids = BicepFile.All.SelectMany(f => RoleVar().Matches(f.Text)).ToList();
        Assert.Equal(Roles.Count, guids.Select(m => m.Groups[1].Value).Distinct().Count());
        Assert.All(guids, m => Assert.Equal(Roles[m.Groups[1].Value], m.Groups[2].Value));
    }

    [Fact]
    public void No_service_takes_a_key()
    {
        Assert.Contains("allowSharedKeyAccess: false", BicepFile.Of("storage").Text, StringComparison.Ordinal);
        foreach (var name in (string[])["eventhubs", "cosmos"]) Assert.Contains("disableLocalAuth: true", BicepFile.Of(name).Text, StringComparison.Ordinal);
        Assert.Contains("DisableLocalAuth: true", BicepFile.Of("monitoring").Text, StringComparison.Ordinal);
        Assert.Contains("enableRbacAuthorization: true", BicepFile.Of("vault").Text, StringComparison.Ordinal);
        Assert.All(BicepFile.All, f => Assert.DoesNotMatch("listKeys|AccountKey|SharedAccessKey", f.Text));
    }

    [Fact]
    public void Every_setting_that_is_read_is_set_and_every_one_set_is_read()
    {
        var set = SettingName().Matches(BicepFile.Of("functions").Text).Select(m => m.Groups[1].Value).ToList();
        var code = string.Concat(Directory.EnumerateFiles(Path.Combine(BicepFile.Root, "functions"), "*.cs", SearchOption.AllDirectories).Select(File.ReadAllText));
        var read = CodeSetting().Matches(code).Select(m => m.Groups[1].Value)
            .Concat(Functions().SelectMany(f => Percent().Matches(f.Json.ToJsonString()).Select(m => m.Groups[1].Value))).Distinct().ToList();
        Assert.Empty(read.Except(set).Except(NotInAzure));
        Assert.Empty(set.Except(read).Except(OfThePlatform));
        Assert.Equal(set.Count, set.Distinct().Count());
    }

    [Fact]
    public void Every_text_that_the_log_is_searched_for_is_logged()
    {
        var code = string.Concat(Directory.EnumerateFiles(Path.Combine(BicepFile.Root, "functions"), "*.cs", SearchOption.AllDirectories).SelectMany(File.ReadLines).Where(l => l.Contains(".Log", StringComparison.Ordinal)));
        var searched = BicepFile.All.SelectMany(f => SearchedText().Matches(f.Text)).Select(m => m.Groups[1].Value).ToList();
        Assert.True(searched.Count >= 5, $"{searched.Count} texts.");
        Assert.All(searched, text => Assert.Contains(text, code, StringComparison.Ordinal));
    }

    [Fact]
    public void Containers_tables_and_hubs_have_the_names_and_partitions_that_the_code_uses()
    {
        var cosmos = BicepFile.Of("cosmos").Text;
        Assert.Contains($"name: '{CosmosAccount.DatabaseName}'", cosmos, StringComparison.Ordinal);
        foreach (var container in Enum.GetValues<UseCases.Documents.Container>())
        {
            var paths = string.Join(", ", CosmosEnvelope.PartitionOf(container).Select(p => $"'/{p}'"));
            Assert.Contains($"name: '{CosmosReads.NameOf(container)}', key: {{ paths: [{paths}]", cosmos, StringComparison.Ordinal);
        }
        Assert.Contains("defaultConsistencyLevel: 'Strong'", cosmos, StringComparison.Ordinal);
        Assert.Contains($"name: '{TableDedupLedger.TableName}'", BicepFile.Of("storage").Text, StringComparison.Ordinal);
        Assert.Contains($"name: '{BlobArchive.ContainerName}'", BicepFile.Of("storage").Text, StringComparison.Ordinal);
        Assert.Contains($"prefixMatch: ['{BlobArchive.ContainerName}/']", BicepFile.Of("storage").Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Functions_of_the_bindings_are_those_of_the_code()
    {
        var triggers = Functions().Where(f => !f.Name.StartsWith("http-", StringComparison.Ordinal)).Select(f => f.Name);
        Assert.Equal(HostTriggers.Names.Order(StringComparer.Ordinal), triggers.Order(StringComparer.Ordinal));
        // No route from outside can be a function's name.
        foreach (var (_, json) in Functions().Where(f => f.Name.StartsWith("http-", StringComparison.Ordinal)))
        {
            var route = json["bindings"]![0]!["route"]!.GetValue<string>();
            Assert.Matches(@"^[a-z0-9]+(/\{\*path\})?$", route);
            Assert.DoesNotContain(route.Split('/')[0], HostTriggers.Names, StringComparer.OrdinalIgnoreCase);
            Assert.Equal("anonymous", json["bindings"]![0]!["authLevel"]!.GetValue<string>());
        }
    }

    [Fact]
    public void Host_json_is_for_function_json_and_lets_requests_through_as_they_are()
    {
        var host = JsonNode.Parse(File.ReadAllText(Path.Combine(BicepFile.Root, "host.json")))!;
        Assert.True(host["customHandler"]!["enableProxyingHttpRequest"]!.GetValue<bool>());
        Assert.Equal("Billing.Functions", host["customHandler"]!["description"]!["defaultExecutablePath"]!.GetValue<string>());
        Assert.Equal("", host["extensions"]!["http"]!["routePrefix"]!.GetValue<string>());
        Assert.Null(host["retry"]);
        Assert.Null(host["configurationProfile"]);
        Assert.Equal(1, host["extensions"]!["eventHubs"]!["batchCheckpointFrequency"]!.GetValue<int>());
    }

    [Fact]
    public void The_parameter_file_names_parameters_and_gives_all_that_have_no_default()
    {
        var given = JsonNode.Parse(File.ReadAllText(Path.Combine(BicepFile.Root, "infra/main.parameters.json")))!["parameters"]!.AsObject().Select(p => p.Key).ToList();
        var main = BicepFile.Of("main");
        Assert.Empty(given.Except(main.Params.Keys));
        Assert.Empty(main.Params.Where(p => !p.Value).Select(p => p.Key).Except(given));
    }

    [Fact]
    public void Hooks_and_parameters_use_what_the_templates_put_out()
    {
        var outputs = BicepFile.Of("main").Outputs;
        foreach (var hook in (string[])["infra/hooks/postup.sh", "infra/hooks/postup.ps1"])
        {
            Assert.Contains(hook, File.ReadAllText(Path.Combine(BicepFile.Root, "azure.yaml")), StringComparison.Ordinal);
            Assert.Empty(HookVariable().Matches(File.ReadAllText(Path.Combine(BicepFile.Root, hook))).Select(m => m.Groups[1].Value).Except(outputs));
        }
        var service = Regex.Match(File.ReadAllText(Path.Combine(BicepFile.Root, "azure.yaml")), @"services:\n  (\w+):").Groups[1].Value;
        Assert.Contains($"'azd-service-name': '{service}'", BicepFile.Of("functions").Text, StringComparison.Ordinal);
    }

    private static IEnumerable<(string Name, JsonNode Json)> Functions() =>
        Directory.EnumerateFiles(Path.Combine(BicepFile.Root, "functions/Billing.Functions/Host"), "function.json", SearchOption.AllDirectories)
            .Select(f => (Path.GetFileName(Path.GetDirectoryName(f)!), JsonNode.Parse(File.ReadAllText(f), documentOptions: new JsonDocumentOptions())!));

    [GeneratedRegex(@"(\w+)!?\.outputs\.(\w+)")]
    private static partial Regex OutputUse();

    [GeneratedRegex(@"\[for (?:\((\w+), (\w+)\)|(\w+)) in ")]
    private static partial Regex Loop();

    [GeneratedRegex(@"(?<![\w.'/@\-])([a-z]\w*)(?:\[\w+\])?!?\.(?:id|name|properties|outputs|location|group|zone|key|throughput|query|scope|metric|threshold|description)\b")]
    private static partial Regex MemberUse();

    [GeneratedRegex(@"^var (\w+) = '([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})'", RegexOptions.Multiline)]
    private static partial Regex RoleVar();

    [GeneratedRegex(@"\{ name: '([A-Za-z_]+)', value: ")]
    private static partial Regex SettingName();

    [GeneratedRegex("\"((?:BILLING|EVENTHUB|OTEL)_[A-Za-z_]+)\"")]
    private static partial Regex CodeSetting();

    [GeneratedRegex(" has \"([^\"]+)\"")]
    private static partial Regex SearchedText();

    [GeneratedRegex("%([A-Z_]+)%")]
    private static partial Regex Percent();

    [GeneratedRegex(@"(?:\$\{|\$env:)([A-Z_]+)")]
    private static partial Regex HookVariable();
}
