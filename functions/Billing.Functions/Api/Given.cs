using System.Text;
using System.Text.Json;
using Billing.Domain.Values;
using Billing.Functions.Hosting;
using Billing.Functions.Hosting.Json;

namespace Billing.Functions.Api;

/// <summary>Names what a member that tells "absent" from "null" is read as; the API description shows that type.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ReadAsAttribute(Type type) : Attribute
{
    /// <summary>The type of the member's value.</summary>
    public Type Type => type;
}

/// <summary>A member that was given, be it as null.</summary>
public sealed record Given<T>(T? Value);

/// <summary>Reads members that tell "absent" from "null".</summary>
public static class Given
{
    /// <summary>What was given. Null inside the outcome when the member is absent.</summary>
    /// <param name="member">As it stood in the body; undefined when it did not.</param>
    /// <param name="at">Its place, as a JSON pointer.</param>
    public static Outcome<Given<T>?> Read<T>(JsonElement member, string at)
    {
        try
        {
            return new Outcome<Given<T>?>(member.ValueKind switch
            {
                JsonValueKind.Undefined => null,
                JsonValueKind.Null => new Given<T>(default(T)),
                _ => new Given<T>(member.Deserialize<T>(JsonRules.Options)),
            });
        }
        catch (JsonException fault)
        {
            return JsonFaults.From(fault, typeof(T), Encoding.UTF8.GetBytes(member.GetRawText()), at);
        }
    }
}
