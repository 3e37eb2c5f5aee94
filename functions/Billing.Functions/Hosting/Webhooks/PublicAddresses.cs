using System.Net;
using System.Net.Sockets;

namespace Billing.Functions.Hosting.Webhooks;

/// <summary>Tells addresses of the internet from those of this machine, its network and its host's own services.</summary>
/// <remarks>Source: the IANA registries of special-purpose IPv4 and IPv6 addresses.</remarks>
public static class PublicAddresses
{
    private static readonly IPNetwork[] Special =
    [
        .. new[]
        {
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16",
            "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
            "::/127", "100::/64", "2001::/23", "2001:db8::/32", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
        }.Select(n => IPNetwork.Parse(n)),
    ];

    /// <summary>True for an address that anyone may be sent to.</summary>
    public static bool Has(IPAddress address)
    {
        if (address.AddressFamily != AddressFamily.InterNetworkV6) return !Array.Exists(Special, n => n.BaseAddress.AddressFamily == AddressFamily.InterNetwork && n.Contains(address));
        if (address.IsIPv4MappedToIPv6) return Has(address.MapToIPv4());
        var bytes = address.GetAddressBytes();
        // An IPv4 address inside: translated (64:ff9b::/96), 6to4 (2002::/16), and the old compatible form (::/96).
        if (bytes.AsSpan(0, 12).SequenceEqual((ReadOnlySpan<byte>)[0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0])) return Has(new IPAddress(bytes.AsSpan(12, 4)));
        if (bytes[0] == 0x20 && bytes[1] == 0x02) return Has(new IPAddress(bytes.AsSpan(2, 4)));
        if (!bytes.AsSpan(0, 12).ContainsAnyExcept((byte)0)) return !Array.Exists(Special, n => n.Contains(address)) && Has(new IPAddress(bytes.AsSpan(12, 4)));
        return !Array.Exists(Special, n => n.BaseAddress.AddressFamily == AddressFamily.InterNetworkV6 && n.Contains(address));
    }
}
