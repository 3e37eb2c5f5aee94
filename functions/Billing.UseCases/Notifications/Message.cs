using System.Buffers;
using System.Text;
using System.Text.Json;
using Billing.Domain.Values;
using Billing.UseCases.Contracts;
using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.UseCases.Notifications;

/// <summary>Something that happened to a customer and that others want to hear of. It is written in the commit that makes it so.</summary>
/// <param name="Id">Who hears of it twice tells by it.</param>
/// <param name="Type">Such as <c>invoice.finalized</c>.</param>
/// <param name="At">When it happened.</param>
/// <param name="Body">The JSON that is sent, byte for byte: id, type, properties.</param>
public sealed record Message(string Id, string CustomerId, string Type, Instant At, string Body)
{
    /// <summary>By endpoint: how its delivery stands. An endpoint that is not listed has not been tried.</summary>
    public IReadOnlyList<Delivery> Deliveries { get; init; } = [];
}

/// <summary>How far the delivery of a message to an endpoint has come.</summary>
/// <param name="Attempts">Made so far.</param>
/// <param name="NextAt">When it is tried again, in real time; null: never.</param>
/// <param name="DeliveredAt">When it was taken; null: it was not.</param>
public sealed record Delivery(string EndpointId, int Attempts, Instant FirstAt, Instant? NextAt, Instant? DeliveredAt);

/// <summary>Writes messages into the commits of what they tell of.</summary>
internal static class Outbox
{
    public const string Kind = "message";

    /// <summary>The write of a message.</summary>
    /// <param name="customerId">Whose.</param>
    /// <param name="version">Of the head that the commit makes: a commit that is tried again makes the same message, another commit another.</param>
    /// <param name="type">What happened.</param>
    /// <param name="about">Tells messages of one type in one commit apart.</param>
    /// <param name="at">When.</param>
    /// <param name="properties">Text, decimals, instants or null, by name.</param>
    public static Write Write(string customerId, long version, string type, string about, Instant at, params ReadOnlySpan<(string Name, object? Value)> properties)
    {
        var id = DerivedId.Of("message", customerId, version.ToString(System.Globalization.CultureInfo.InvariantCulture), type, about);
        return new Write.Create(Document(new Message(id, customerId, type, at, Body(id, type, properties))));
    }

    /// <summary>A message that has something to deliver is due.</summary>
    public static Document Document(Message message) =>
        Accounts.PlaceOf(message.CustomerId).Keep(DocumentIdOf(message.Id), Kind, message, message.Deliveries.Count == 0 ? Accounts.AtOnce : message.Deliveries.Select(d => d.NextAt).Min());

    public static string DocumentIdOf(string messageId) => "message:" + messageId;

    private static string Body(string id, string type, ReadOnlySpan<(string Name, object? Value)> properties)
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
