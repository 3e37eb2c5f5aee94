using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Billing.UseCases.Notifications;

namespace Billing.Functions.Hosting.Webhooks;

/// <summary>Posts messages. It follows no redirects, sends no cookies, waits ten seconds, and connects to public addresses only.</summary>
/// <remarks>The address that a name resolves to is checked where the connection is made, so that no name can change in between.</remarks>
public sealed class WebhookSender : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private readonly HttpClient client;

    public WebhookSender(Settings settings)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            ConnectTimeout = Patience,
            PooledConnectionLifetime = TimeSpan.FromMinutes(2),
            MaxResponseHeadersLength = 32,
            ConnectCallback = (context, stop) => ConnectAsync(context.DnsEndPoint, settings.PrivateWebhooks, stop),
        };
        client = new HttpClient(handler) { Timeout = Patience, MaxResponseContentBufferSize = 64 * 1024 };
    }

    /// <summary>The <see cref="SendWebhook"/> of the product.</summary>
    public async Task<SendResult> SendAsync(string url, string date, string signature, string body, CancellationToken stop)
    {
        var since = Stopwatch.GetTimestamp();
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)) };
            request.Content.Headers.TryAddWithoutValidation("Content-Type", "application/json");
            request.Headers.TryAddWithoutValidation("Date", date);
            request.Headers.TryAddWithoutValidation("X-Metronome-Date", date);
            request.Headers.TryAddWithoutValidation("Metronome-Webhook-Signature", signature);
            request.Headers.TryAddWithoutValidation("User-Agent", "billing-webhooks");
            using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop);
            return new SendResult((int)answer.StatusCode, answer.IsSuccessStatusCode ? null : $"The endpoint answered {(int)answer.StatusCode}.", Elapsed(since));
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return new SendResult(null, $"No answer within {Patience.TotalSeconds:N0} seconds.", Elapsed(since));
        }
        catch (Exception fault) when (fault is HttpRequestException or UriFormatException or InvalidOperationException or IOException or SocketException)
        {
            return new SendResult(null, fault.InnerException is PrivateAddressException refused ? refused.Message : fault.Message, Elapsed(since));
        }
    }

    public void Dispose() => client.Dispose();

    private static async ValueTask<Stream> ConnectAsync(DnsEndPoint to, bool anyAddress, CancellationToken stop)
    {
        var addresses = await Dns.GetHostAddressesAsync(to.Host, stop);
        var allowed = anyAddress ? addresses : Array.FindAll(addresses, PublicAddresses.Has);
        if (allowed.Length == 0)
            throw new PrivateAddressException($"{to.Host} is an address of this machine or of a private network; BILLING_WEBHOOKS_PRIVATE=1 allows that.");
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(allowed, to.Port, stop);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static int Elapsed(long since) => (int)Stopwatch.GetElapsedTime(since).TotalMilliseconds;

    private sealed class PrivateAddressException(string message) : IOException(message);
}
