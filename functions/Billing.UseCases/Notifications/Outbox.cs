using Billing.UseCases.Contracts;
using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.UseCases.Notifications;

/// <summary>How far the delivery of a message to an endpoint has come.</summary>
/// <param name="Attempts">Made so far.</param>
/// <param name="FirstAt">When it was first due, in real time: from here on it is tried for three days.</param>
/// <param name="NextAt">When it is tried again, in real time; null: never.</param>
/// <param name="DeliveredAt">When it was taken; null: it was not.</param>
public sealed record Delivery(string MessageId, string EndpointId, int Attempts, Instant FirstAt, Instant? NextAt, Instant? DeliveredAt);

/// <summary>The messages of one commit of a customer, in order, and how their deliveries stand.</summary>
public sealed record OutboxEntry(string CustomerId, long Version, IReadOnlyList<Message> Messages)
{
    /// <summary>Null: nobody has looked who wants them.</summary>
    public IReadOnlyList<Delivery>? Deliveries { get; init; }
}

/// <summary>Messages are written in the commit that makes them true, one document a commit, beside what it changed.</summary>
internal static class Outbox
{
    public const string Kind = "outbox";

    /// <summary>As a document; due while something is to be delivered.</summary>
    public static Document Document(OutboxEntry entry) => Accounts.PlaceOf(entry.CustomerId).Keep(
        IdOf(entry.Version), Kind, entry, entry.Deliveries is null ? Accounts.AtOnce : entry.Deliveries.Select(d => d.NextAt).Min());

    public static string IdOf(long version) => $"outbox:{version:D12}";
}
