using System.Net;
using System.Net.Sockets;

namespace Billing.AzureStandIns;

/// <summary>What tests ask of the machine they run on.</summary>
public static class ThisMachine
{
    /// <summary>The folder that holds the solution.</summary>
    public static string RepositoryRoot { get; } = FindRoot();

    /// <summary>A port that nobody listens on just now.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Billing.Functions.sln"))) return folder.FullName;
        throw new InvalidOperationException("The repository's root was not found.");
    }
}
