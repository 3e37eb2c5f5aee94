using System.Text;
using Billing.Domain.Invoicing;
using Billing.Domain.Metering.Events;
using Billing.Domain.Values;
using Billing.UseCases.Contracts;
using Billing.UseCases.Documents;
using Billing.UseCases.Metering;
using NodaTime;

namespace Billing.UseCases.Invoicing;

/// <summary>What the usage invoices that are open now would be if certain events came: the drafts, with other usage. Nothing is stored.</summary>
public sealed class PreviewInvoices(
    IDocumentStore store, IClock clock, ContractTerms terms, MeteredUsage metered, LateUsage late, SettingsStore settings, IDedupLedger ledger, Installation installation)
{
    private readonly LogRegistry registry = new(store);

    /// <summary>The usage drafts of a customer with the events.</summary>
    /// <param name="customerId">Whose.</param>
    /// <param name="events">A JSON array in Metronome's shape, all of this customer; the time may be left out and is now then.</param>
    /// <param name="instead">True: as if these were all events there are; false: they come on top, and those whose id has been counted change nothing.</param>
    /// <param name="stop">Gives up.</param>
    /// <remarks>Bounds: at most <see cref="UsageLimits.MaxEvents"/>. Errors: refused for the first bad event, by index; for an id that stands twice; and when the drafts can't be rated.</remarks>
    public async Task<Outcome<IReadOnlyList<Invoice>>> RunAsync(string customerId, ReadOnlyMemory<byte> events, bool instead, CancellationToken stop)
    {
        var parsed = new ParsedMessage();
        if (new EventParser().Parse(events, EventShape.Metronome, parsed) is { } malformed) return malformed;
        if (parsed.Count > UsageLimits.MaxEvents)
            return new Refusal("too_many_events", $"There are {parsed.Count} events; at most {UsageLimits.MaxEvents} are previewed.", "", RefusalKind.TooLarge);
        if (parsed.Refusals.Count > 0) return parsed.Refusals[0].Refusal;
        if (!(await CountedAsync(parsed, instead, stop)).Is(out var counted, out var refusal)) return refusal;
        var assumed = new AssumedUsage(installation.Secret, parsed, counted, instead, clock.GetCurrentInstant());
        var drafts = new Invoices(store, clock, new ReadAccounts(store, terms, metered.With(assumed)), late, settings);
        if (!(await drafts.DraftsAsync(customerId, null, stop)).Is(out var found, out refusal)) return refusal;
        return found.LeftOut.Count > 0
            ? new Refusal("draft_not_rated", $"The usage of contract {found.LeftOut[0].ContractId} can't be rated: {found.LeftOut[0].Reason}", null, RefusalKind.Conflict)
            : new Outcome<IReadOnlyList<Invoice>>([.. found.Rated.Where(i => i.Type == InvoiceType.Usage)]);
    }

    private async Task<Outcome<List<int>>> CountedAsync(ParsedMessage parsed, bool instead, CancellationToken stop)
    {
        var (counted, seen) = (new List<int>(), new HashSet<UInt128>());
        var lost = new LostClaims((await registry.AllAsync(stop)).SelectMany(l => l.Lost));
        for (var i = 0; i < parsed.Count; i++)
        {
            var id = parsed.Events[i].Id;
            var key = EventIdentity.Key(installation.Secret, [], id.Span);
            if (!seen.Add(key)) return new Refusal("duplicate_transaction_id", $"The transaction_id '{Encoding.UTF8.GetString(id.Span)}' stands twice.", $"/{i}/transaction_id");
            if (instead || (await ledger.FindAsync(key, lost, stop)).Count == 0) counted.Add(i);
        }
        return counted;
    }
}
