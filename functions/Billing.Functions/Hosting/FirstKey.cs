using Billing.UseCases.Access;
using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.Functions.Hosting;

/// <summary>Makes the first admin key of an installation that has none, so that it can be used at once.</summary>
/// <remarks>Stored hashed like every key. Its text is printed once and lies in <c>{BILLING_DATA}/api-key</c>, readable for the owner alone.</remarks>
public sealed class FirstKey(ApiKeys keys, IClock clock, Settings settings)
{
    /// <summary>Where the text of the first key lies.</summary>
    public string File => Path.Combine(settings.DataFolder, "api-key");

    /// <summary>The new key's text; null when BILLING_API_KEY is set or a usable admin key exists.</summary>
    public async Task<string?> MakeAsync(CancellationToken stop)
    {
        if (settings.ApiKey is not null || await AnyAdminAsync(stop)) return null;
        var ids = new IdSource(clock);
        var issued = (await keys.IssueAsync(new NewApiKey("First key", [Scope.Admin], ExpiresAt: null), ids, stop)).Value;
        try
        {
            await WriteAsync(issued.Token, stop);
        }
        catch
        {
            // A key that nobody has ever seen must not stop the next start from making one.
            await keys.RevokeAsync(issued.Key.Id, CancellationToken.None);
            throw;
        }
        return issued.Token;
    }

    private async Task<bool> AnyAdminAsync(CancellationToken stop)
    {
        string? next = null;
        do
        {
            var (found, after) = await keys.ListAsync(next, 100, stop);
            if (found.Any(k => k.Scopes.Contains(Scope.Admin) && k.IsUsableAt(clock.GetCurrentInstant()))) return true;
            next = after;
        }
        while (next is not null);
        return false;
    }

    private async Task WriteAsync(string token, CancellationToken stop)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        // A file that is there keeps its mode: remove it, so that the new one is ours alone from the beginning.
        System.IO.File.Delete(File);
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        await using var file = new StreamWriter(File, options);
        await file.WriteLineAsync(token.AsMemory(), stop);
    }
}
