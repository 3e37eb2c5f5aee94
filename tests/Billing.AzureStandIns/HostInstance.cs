using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;

namespace Billing.AzureStandIns;

/// <summary>An instance of the app: the custom handler's process, started and killed as the host does it.</summary>
public sealed class HostInstance(string folder, string executable, IReadOnlyDictionary<string, string> settings, Action<string>? echo = null) : IDisposable
{
    private readonly SemaphoreSlim turn = new(1, 1);
    private readonly StringBuilder output = new();
    private Process? process;
    private int port;
    private volatile bool ready;

    /// <summary>True while the process runs and has answered.</summary>
    public bool IsReady => ready && process is { HasExited: false };

    /// <summary>For the host's own calls and those it passes on; redirects and cookies are the client's.</summary>
    public HttpClient Client { get; } = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { Timeout = TimeSpan.FromMinutes(30) };

    public string Authority => $"127.0.0.1:{port}";

    public string Output
    {
        get
        {
            lock (output) return output.ToString();
        }
    }

    /// <summary>Starts the process unless it runs, and waits until it answers anything at all.</summary>
    public async Task RunningAsync(CancellationToken stop)
    {
        if (IsReady) return;
        await turn.WaitAsync(stop);
        try
        {
            for (var failures = 0; process is not { HasExited: false };)
            {
                Start();
                if (ready = await AnswersAsync(stop)) return;
                // The host gives up after three errors.
                if (++failures == 3) throw new InvalidOperationException($"The handler did not start:\n{Output}");
            }
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>Kills the process without a warning.</summary>
    public void Kill()
    {
        try
        {
            process?.Kill();
        }
        catch (InvalidOperationException)
        {
            // It was gone already.
        }
    }

    /// <summary>Calls a function; false when it failed.</summary>
    public async Task<bool> CallAsync(string function, byte[] body, CancellationToken stop)
    {
        try
        {
            await RunningAsync(stop);
        }
        catch (InvalidOperationException fault)
        {
            // The platform starts the app again.
            echo?.Invoke(fault.Message);
            await Task.Delay(500, stop);
            return false;
        }
        using var request = new HttpRequestMessage(HttpMethod.Post, $"http://{Authority}/{function}") { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse("application/json; charset=utf-8");
        request.Headers.Add("X-Azure-Functions-InvocationId", Guid.NewGuid().ToString());
        request.Headers.Add("X-Azure-Functions-HostVersion", "4.1048.0");
        request.Headers.UserAgent.ParseAdd("Azure-Functions-Host/4.1048.0");
        try
        {
            using var answer = await Client.SendAsync(request, stop);
            // An answer of nothing would never end the call.
            return answer.IsSuccessStatusCode && (await answer.Content.ReadAsStringAsync(stop)).StartsWith('{');
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    public void Dispose()
    {
        Kill();
        process?.Dispose();
        Client.Dispose();
        turn.Dispose();
    }

    private void Start()
    {
        ready = false;
        process?.Dispose();
        port = ThisMachine.FreePort();
        var start = new ProcessStartInfo(Path.Combine(folder, executable)) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in settings) start.Environment[name] = value;
        foreach (var name in (string[])["FUNCTIONS_CUSTOMHANDLER_PORT", "FUNCTIONS_HTTPWORKER_PORT"]) start.Environment[name] = $"{port}";
        start.Environment["FUNCTIONS_APP_ROOT_PATH"] = folder;
        process = Process.Start(start) ?? throw new InvalidOperationException("The handler could not be started.");
        process.OutputDataReceived += Keep;
        process.ErrorDataReceived += Keep;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    private void Keep(object sender, DataReceivedEventArgs line)
    {
        if (line.Data is { } text) echo?.Invoke(text);
        lock (output)
        {
            if (output.Length > 1_000_000) output.Remove(0, 500_000);
            output.AppendLine(line.Data);
        }
    }

    private async Task<bool> AnswersAsync(CancellationToken stop)
    {
        var since = Stopwatch.GetTimestamp();
        while (process is { HasExited: false } && Stopwatch.GetElapsedTime(since) < TimeSpan.FromSeconds(60))
        {
            try
            {
                using var answer = await Client.GetAsync($"http://{Authority}/", stop);
                return true;
            }
            catch (HttpRequestException)
            {
                await Task.Delay(25, stop);
            }
        }
        return false;
    }
}
