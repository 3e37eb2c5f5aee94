using System.Collections.Concurrent;
using Billing.UseCases.Contracts;
using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.UseCases.Notifications;

/// <summary>What became of one attempt to send a message.</summary>
/// <param name="StatusCode">What the endpoint answered; null: nothing.</param>
/// <param name="Error">Why there is no answer, or what is wrong with it; null: it was taken.</param>
public sealed record SendResult(int? StatusCode, string? Error, int Milliseconds)
{
    /// <summary>True when the endpoint has it.</summary>
    public bool IsTaken => Error is null;
}

/// <summary>Sends a signed message.</summary>
public delegate Task<SendResult> SendWebhook(string url, string date, string signature, string body, CancellationToken stop);

/// <summary>One attempt, as it is listed.</summary>
public sealed record DeliveryAttempt(
    string MessageId, string CustomerId, string Type, string EndpointId, int Attempt, Instant At, int? StatusCode, string? Error, int Milliseconds, bool IsLast);

/// <summary>Delivers messages to the endpoints that want them: each at least once, in the order of an account's changes while all goes well.</summary>
/// <remarks>
/// How a delivery stands is written after it was sent, with the attempt, on the entry's ETag: two that deliver at once send twice and write once; a crash in between
/// sends again. An endpoint that failed is left alone until its wait is over, so it holds up nobody else. Times are real ones.
/// </remarks>
public sealed class DeliverMessages(IDocumentStore store, WebhookEndpoints endpoints, SendWebhook send, Func<double> chance)
{
    private const string AttemptKind = "delivery-attempt";
    private const int PageSize = 100;
    private const int AtOnce = 8;
    private const int MaxAttempts = 90;

    private readonly ConcurrentDictionary<string, (int Failures, Instant Until)> resting = new(StringComparer.Ordinal);

    /// <summary>Tries everything that is due; answers whether there may be more.</summary>
    /// <param name="now">Real time.</param>
    /// <param name="stop">Gives up.</param>
    public async Task<bool> RunAsync(Instant now, CancellationToken stop)
    {
        // Without endpoints messages lie where they are; the first endpoint finds them, and takes what came after it.
        var all = await endpoints.AllAsync(stop);
        if (all.Count == 0) return false;
        var due = await store.DueAsync(Container.Accounts, Outbox.Kind, now, PageSize, stop);
        // Several customers at once; what happened to one of them is told in the order in which it happened.
        var byCustomer = due.GroupBy(entry => entry.Document.Place).Select(entries => entries.OrderBy(e => e.Document.Id, StringComparer.Ordinal));
        await Parallel.ForEachAsync(byCustomer, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = stop }, async (entries, token) =>
        {
            foreach (var entry in entries) await DeliverAsync(entry, all, now, token);
        });
        return due.Count == PageSize;
    }

    /// <summary>A page of attempts.</summary>
    public Task<Listed<DeliveryAttempt>> AttemptsAsync(Func<DeliveryAttempt, bool> fits, string? after, int limit, CancellationToken stop) =>
        store.ListAsync(Container.Accounts, AttemptKind, fits, after, limit, stop);

    /// <summary>A page of entries: messages and how their deliveries stand.</summary>
    public Task<Listed<OutboxEntry>> EntriesAsync(Func<OutboxEntry, bool> fits, string? after, int limit, CancellationToken stop) =>
        store.ListAsync(Container.Accounts, Outbox.Kind, fits, after, limit, stop);

    /// <summary>Has messages sent to an endpoint once more; answers how many.</summary>
    /// <param name="endpoint">Where to.</param>
    /// <param name="wanted">Which messages.</param>
    /// <param name="now">Real time.</param>
    /// <param name="stop">Gives up between two entries; what was queued is sent.</param>
    public async Task<int> ReplayAsync(WebhookEndpoint endpoint, Func<Message, bool> wanted, Instant now, CancellationToken stop)
    {
        var queued = 0;
        for (string? after = null; ;)
        {
            var page = await store.OfKindAsync(Container.Accounts, Outbox.Kind, after, PageSize, stop);
            foreach (var stored in page.Items) queued += await ReplayAsync(stored, endpoint, wanted, now, stop);
            if ((after = page.Next) is null) return queued;
        }
    }

    /// <summary>Sends one message, whatever its deliveries say.</summary>
    public async Task<SendResult> SendAsync(WebhookEndpoint endpoint, string body, Instant now, CancellationToken stop)
    {
        var date = WebhookSignature.Date(now);
        return await send(endpoint.Url, date, WebhookSignature.Of(endpoint.Secret, date, body), body, stop);
    }

    private async Task<int> ReplayAsync(Stored stored, WebhookEndpoint endpoint, Func<Message, bool> wanted, Instant now, CancellationToken stop)
    {
        while (true)
        {
            var entry = stored.Value<OutboxEntry>();
            var again = entry.Messages.Where(wanted).ToList();
            if (again.Count == 0) return 0;
            var kept = (entry.Deliveries ?? []).Where(d => d.EndpointId != endpoint.Id || !again.Exists(m => m.Id == d.MessageId));
            var changed = entry with { Deliveries = [.. kept, .. again.Select(m => new Delivery(m.Id, endpoint.Id, 0, now, now, null))] };
            if (await store.TryAsync(stored.Document.Place, new Write.Replace(Outbox.Document(changed), stored.ETag), stop)) return again.Count;
            if (await store.ReadAsync(stored.Document.Place, stored.Document.Id, stop) is not { } now2) return 0;
            stored = now2;
        }
    }

    private async Task DeliverAsync(Stored stored, IReadOnlyList<WebhookEndpoint> all, Instant now, CancellationToken stop)
    {
        var entry = stored.Value<OutboxEntry>();
        var planned = entry.Deliveries ?? [.. from message in entry.Messages
                                              from endpoint in all
                                              where endpoint.ArchivedAt is null && endpoint.Takes(message.Type) && endpoint.CreatedAt <= message.At
                                              select new Delivery(message.Id, endpoint.Id, 0, now, now, null)];
        var groups = planned.GroupBy(d => d.EndpointId).ToList();
        // All attempts are written in one commit; what is left over is due at once.
        var most = groups.Count == 0 ? 0 : Math.Max(1, MaxAttempts / groups.Count);
        var byEndpoint = await Task.WhenAll(groups.Select(g => DeliverAsync(entry, [.. g], all.FirstOrDefault(e => e.Id == g.Key), most, now, stop)));
        var changed = entry with { Deliveries = [.. byEndpoint.SelectMany(b => b.Deliveries)] };
        List<Write> writes = [new Write.Replace(Outbox.Document(changed), stored.ETag), .. byEndpoint.SelectMany(b => b.Attempts).Select(a => new Write.Upsert(Document(a)))];
        await store.CommitAsync(stored.Document.Place, writes, stop);
    }

    private async Task<(IReadOnlyList<Delivery> Deliveries, IReadOnlyList<DeliveryAttempt> Attempts)> DeliverAsync(
        OutboxEntry entry, IReadOnlyList<Delivery> deliveries, WebhookEndpoint? endpoint, int most, Instant now, CancellationToken stop)
    {
        var (after, attempts) = (new List<Delivery>(), new List<DeliveryAttempt>());
        foreach (var delivery in deliveries)
        {
            if (!(delivery.NextAt <= now) || attempts.Count >= most)
            {
                after.Add(delivery);
                continue;
            }
            if (endpoint is null or { ArchivedAt: not null })
            {
                after.Add(delivery with { NextAt = null });
                continue;
            }
            if (!endpoint.IsEnabled || (resting.TryGetValue(endpoint.Id, out var rest) && rest.Until > now))
            {
                // Waiting for an endpoint to come back is no attempt.
                after.Add(delivery with { NextAt = endpoint.IsEnabled ? resting[endpoint.Id].Until : now + BackOff.After(9, chance()) });
                continue;
            }
            var message = entry.Messages.First(m => m.Id == delivery.MessageId);
            var result = await SendAsync(endpoint, message.Body, now, stop);
            var made = delivery.Attempts + 1;
            var next = result.IsTaken ? (Instant?)null : Fail(endpoint.Id, now, made, delivery.FirstAt);
            if (result.IsTaken) resting.TryRemove(endpoint.Id, out _);
            after.Add(delivery with { Attempts = made, NextAt = next, DeliveredAt = result.IsTaken ? now : null });
            attempts.Add(new DeliveryAttempt(message.Id, entry.CustomerId, message.Type, endpoint.Id, made, now, result.StatusCode, result.Error, result.Milliseconds, next is null));
        }
        return (after, attempts);
    }

    private Instant? Fail(string endpointId, Instant now, int attempts, Instant firstAt)
    {
        var failures = resting.TryGetValue(endpointId, out var rest) ? rest.Failures + 1 : 1;
        resting[endpointId] = (failures, now + BackOff.After(failures, chance()));
        var next = now + BackOff.After(attempts, chance());
        return next > firstAt + BackOff.Patience ? null : next;
    }

    private static Document Document(DeliveryAttempt attempt) => Accounts.PlaceOf(attempt.CustomerId).Keep(
        $"attempt:{attempt.At.ToUnixTimeTicks():D20}:{attempt.MessageId}:{LookupKey.Of(attempt.EndpointId)}", AttemptKind, attempt);
}
