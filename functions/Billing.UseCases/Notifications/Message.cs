using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Billing.Domain.Values;
using NodaTime;

namespace Billing.UseCases.Notifications;

/// <summary>Something that happened to a customer and that others want to hear of.</summary>
/// <param name="Id">Who hears of it twice tells by it.</param>
/// <param name="Type">Such as <c>invoice.finalized</c>.</param>
/// <param name="At">When it happened.</param>
/// <param name="Body">The JSON that is sent, byte for byte: id, type, properties.</param>
public sealed record Message(string Id, string CustomerId, string Type, Instant At, string Body)
{
    /// <summary>A message of a change.</summary>
    /// <param name="customerId">Whose.</param>
    /// <param name="version">Of the head that the commit makes: a commit that is tried again makes the same message, another commit another.</param>
    /// <param name="type">What happened.</param>
    /// <param name="about">Tells messages of one type in one commit apart.</param>
    /// <param name="at">When.</param>
    /// <param name="properties">Text, decimals, truth, instants or null, by name.</param>
    public static Message Of(string customerId, long version, string type, string about, Instant at, params ReadOnlySpan<(string Name, object? Value)> properties)
    {
        var id = DerivedId.Of("message", customerId, version.ToString(CultureInfo.InvariantCulture), type, about);
        return new Message(id, customerId, type, at, BodyOf(id, type, properties));
    }

    private static string BodyOf(string id, string type, ReadOnlySpan<(string Name, object? Value)> properties)
    {
        var written = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(written))
        {
            writer.WriteStartObject();
            writer.WriteString("id", id);
            writer.WriteString("type", type);
            writer.WriteStartObject("properties");
            foreach (var (name, value) in properties)
            {
                switch (value)
                {
                    case null: writer.WriteNull(name); break;
                    case decimal amount: writer.WriteNumber(name, amount); break;
                    case bool truth: writer.WriteBoolean(name, truth); break;
                    case Instant instant: writer.WriteString(name, NodaTime.Text.InstantPattern.General.Format(instant)); break;
                    default: writer.WriteString(name, value.ToString()); break;
                }
            }
            writer.WriteEndObject();
            writer.WriteEndObject();
        }
        return Encoding.UTF8.GetString(written.WrittenSpan);
    }
}
