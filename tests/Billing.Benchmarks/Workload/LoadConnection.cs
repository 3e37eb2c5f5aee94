using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Billing.Benchmarks.Workload;

/// <summary>One kept-alive HTTP/1.1 connection that posts bodies and waits for each answer. A raw socket, so that the client costs next to nothing.</summary>
internal sealed class LoadConnection : IDisposable
{
    private readonly Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] answer = new byte[64 * 1024];
    private readonly string head;

    /// <param name="port">On the loopback.</param>
    /// <param name="key">API key.</param>
    public LoadConnection(int port, string key)
    {
        head = $"POST /v1/ingest HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\nContent-Length: ";
        socket.Connect(IPAddress.Loopback, port);
    }

    /// <summary>Posts a body and reads the whole answer.</summary>
    /// <returns>The status; 429 and 503 mean: send it again later.</returns>
    /// <remarks>Errors: throws on any other status than 200, 429 and 503.</remarks>
    public int Post(byte[] body, int length)
    {
        var headers = Encoding.ASCII.GetBytes(head + length.ToString(CultureInfo.InvariantCulture) + "\r\n\r\n");
        socket.Send([new ArraySegment<byte>(headers), new ArraySegment<byte>(body, 0, length)]);
        var (text, status) = Read();
        return status is 200 or 429 or 503 ? status : throw new InvalidOperationException($"The server answered an ingest request with:\n{text}");
    }

    public void Dispose() => socket.Dispose();

    private (string Text, int Status) Read()
    {
        var have = 0;
        while (true)
        {
            var read = socket.Receive(answer.AsSpan(have));
            if (read == 0) throw new InvalidOperationException("The server closed the connection.");
            have += read;
            var got = answer.AsSpan(0, have);
            var end = got.IndexOf("\r\n\r\n"u8);
            if (end < 0 || !IsWhole(got[..(end + 2)], got[(end + 4)..])) continue;
            return (Encoding.UTF8.GetString(got), int.Parse(got.Slice(9, 3), CultureInfo.InvariantCulture));
        }
    }

    private static bool IsWhole(ReadOnlySpan<byte> headers, ReadOnlySpan<byte> body)
    {
        var at = headers.IndexOf("\r\nContent-Length: "u8);
        if (at < 0) return body.EndsWith("0\r\n\r\n"u8);
        var value = headers[(at + 18)..];
        return body.Length >= int.Parse(value[..value.IndexOf((byte)'\r')], CultureInfo.InvariantCulture);
    }
}
