using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Billing.Domain.Invoicing;
using Billing.UseCases.Contracts;
using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.UseCases.Invoicing;

/// <summary>An invoice's first document: it makes the invoice exist, and makes the pages of its run count.</summary>
/// <param name="Invoice">Without lines and unrated usage when they are on pages.</param>
/// <param name="Run">Which run's pages count.</param>
/// <param name="Pages">How many; 0 when everything is in here.</param>
public sealed record InvoiceHeader(Invoice Invoice, string Run, int Pages);

/// <summary>A part of an invoice that does not fit into its header.</summary>
public sealed record InvoicePage(IReadOnlyList<InvoiceLine> Lines, IReadOnlyList<UnratedUsage> Unrated);

/// <summary>How invoices lie in their customer's partition.</summary>
internal static class InvoiceDocuments
{
    public const string Kind = "invoice";
    public const string PageKind = "invoice-page";

    /// <summary>A header or page beyond this is split; two of them fit into a commit.</summary>
    private const int MaxBytes = 400_000;

    /// <summary>After this long a final invoice's period is due to be rated once more from fresh reads.</summary>
    private static readonly Duration UntilRerating = Duration.FromHours(1);

    /// <summary>The id of the n-th invoice of a contract for the period that starts here; the same whoever computes it, and a draft has it already.</summary>
    /// <param name="contractId">Whose.</param>
    /// <param name="type">Its kind.</param>
    /// <param name="periodStart">Start of the period.</param>
    /// <param name="n">Invoices of this contract, kind and start before it, void ones included.</param>
    public static string InvoiceId(string contractId, InvoiceType type, Instant periodStart, int n)
    {
        var contract = Encoding.UTF8.GetBytes(contractId);
        Span<byte> numbers = stackalloc byte[20];
        BinaryPrimitives.WriteInt32BigEndian(numbers, (int)type);
        BinaryPrimitives.WriteInt64BigEndian(numbers[4..], periodStart.ToUnixTimeTicks());
        BinaryPrimitives.WriteInt32BigEndian(numbers[12..], n);
        BinaryPrimitives.WriteInt32BigEndian(numbers[16..], contract.Length);
        var hash = SHA256.HashData([.. numbers, .. contract]).AsSpan(0, 16);
        // Version 8: a UUID whose bits are ours.
        hash[6] = (byte)(0x80 | (hash[6] & 0x0F));
        hash[8] = (byte)(0x80 | (hash[8] & 0x3F));
        return new Guid(hash, bigEndian: true).ToString();
    }

    /// <summary>How many invoices of a contract and kind there are for the period that starts here, void ones included.</summary>
    public static async Task<int> CountAsync(IDocumentStore store, string customerId, string contractId, InvoiceType type, Instant periodStart, CancellationToken stop)
    {
        var n = 0;
        while (await store.ReadAsync(Accounts.PlaceOf(customerId), IdOf(InvoiceId(contractId, type, periodStart, n)), stop) is not null) n++;
        return n;
    }

    public static string IdOf(string invoiceId) => "invoice:" + LookupKey.Of(invoiceId);

    /// <summary>The header of an invoice and the pages to write before it.</summary>
    public static (Document Header, IReadOnlyList<Document> Pages) Split(Invoice invoice, string run)
    {
        var place = Accounts.PlaceOf(invoice.CustomerId);
        var due = invoice.IssuedAt + UntilRerating;
        var whole = place.Keep(IdOf(invoice.Id), Kind, new InvoiceHeader(invoice, run, 0), due);
        if (whole.Body.Length <= MaxBytes) return (whole, []);
        var pages = Chunks(invoice.Lines).Select(lines => new InvoicePage(lines, []))
            .Concat(Chunks(invoice.Unrated).Select(unrated => new InvoicePage([], unrated)))
            .Select((page, i) => place.Keep($"{IdOf(invoice.Id)}:page:{run}:{i:D5}", PageKind, page)).ToList();
        return (place.Keep(IdOf(invoice.Id), Kind, new InvoiceHeader(invoice with { Lines = [], Unrated = [] }, run, pages.Count), due), pages);
    }

    /// <summary>The invoice with its lines, or null.</summary>
    public static async Task<Invoice?> ReadAsync(IDocumentStore store, string customerId, string invoiceId, CancellationToken stop) =>
        await store.FindAsync<InvoiceHeader>(Accounts.PlaceOf(customerId), IdOf(invoiceId), stop) is { } found
            ? await WholeAsync(store, found.Value, stop)
            : null;

    /// <summary>The headers of a customer.</summary>
    public static async Task<List<InvoiceHeader>> HeadersAsync(IDocumentStore store, string customerId, CancellationToken stop) =>
        [.. (await store.AllAsync(Accounts.PlaceOf(customerId), "invoice:", "invoice:~", stop))
            .Where(s => s.Document.Kind == Kind).Select(s => s.Value<InvoiceHeader>())];

    /// <summary>An invoice with the lines of its pages.</summary>
    public static async Task<Invoice> WholeAsync(IDocumentStore store, InvoiceHeader header, CancellationToken stop)
    {
        if (header.Pages == 0) return header.Invoice;
        var prefix = $"{IdOf(header.Invoice.Id)}:page:{header.Run}:";
        var stored = await store.AllAsync(Accounts.PlaceOf(header.Invoice.CustomerId), prefix, prefix + "~", stop);
        if (stored.Count != header.Pages) throw new InvalidOperationException($"Invoice {header.Invoice.Id} has {stored.Count} of {header.Pages} pages.");
        var pages = stored.Select(s => s.Value<InvoicePage>()).ToList();
        return header.Invoice with { Lines = [.. pages.SelectMany(p => p.Lines)], Unrated = [.. pages.SelectMany(p => p.Unrated)] };
    }

    private static IEnumerable<List<T>> Chunks<T>(IReadOnlyList<T> items)
    {
        var (chunk, bytes) = (new List<T>(), 0);
        foreach (var item in items)
        {
            var size = StoredJson.Write(item).Length;
            if (chunk.Count > 0 && bytes + size > MaxBytes)
            {
                yield return chunk;
                (chunk, bytes) = ([], 0);
            }
            chunk.Add(item);
            bytes += size;
        }
        if (chunk.Count > 0) yield return chunk;
    }
}
