using System.Text.Json;

namespace Billing.Functions.Hosting.Json;

/// <summary>A value of another kind, or in another form, stands where one is needed; the reader adds the place, and what was found.</summary>
/// <param name="needed">What is needed, as the start of a sentence: "A whole number".</param>
public sealed class ValueNeededException(string needed) : JsonException($"{needed} is needed here.")
{
    /// <summary>What is needed.</summary>
    public string Needed => needed;
}
