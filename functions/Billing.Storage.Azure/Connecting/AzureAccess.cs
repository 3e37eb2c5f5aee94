using Azure.Core;
using Azure.Identity;

namespace Billing.Storage.Azure.Connecting;

/// <summary>Who we are to Azure: the identity of the app, or on a developer's machine whoever is signed in. No key or secret is ever read from a setting.</summary>
/// <remarks>An emulator, at a loopback address, is given its well-known key instead: it has no identities.</remarks>
public static class AzureAccess
{
    /// <summary>The storage emulator's key: the same everywhere, and known to everyone.</summary>
    internal const string EmulatorStorageKey = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    /// <summary>The Cosmos emulator's key: the same everywhere, and known to everyone.</summary>
    internal const string EmulatorCosmosKey = "C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD4b8mGgyIPMbJqCeyPdTx9Mpl8eQ==";

    private static readonly Lazy<TokenCredential> Credential = new(() => new DefaultAzureCredential());

    /// <summary>The credential for a service.</summary>
    internal static TokenCredential Identity => Credential.Value;

    /// <summary>True for an emulator of this machine.</summary>
    internal static bool IsEmulator(Uri endpoint) => endpoint.IsLoopback;
}
