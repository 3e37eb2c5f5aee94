using System.Text.Json;
using Billing.Functions.Hosting;
using Billing.Functions.Hosting.Json;

namespace Billing.Functions.Api;

/// <summary>Reads JSON that no parameter can stand for, with the same answers to what is wrong with it.</summary>
public static class Body
{
    /// <summary>The body as a T. Errors: <see cref="BadHttpRequestException"/>, answered as a 400 that says where and what.</summary>
    public static async ValueTask<T> ReadAsync<T>(HttpRequest request, CancellationToken stop)
    {
        try
        {
            return await JsonSerializer.DeserializeAsync<T>(request.Body, JsonRules.Options, stop)
                ?? throw new BadHttpRequestException("no body was provided: the body is null");
        }
        catch (JsonException fault)
        {
            fault.Data[JsonFaults.RootKey] = typeof(T);
            throw new BadHttpRequestException("The body can't be read.", fault);
        }
    }
}
