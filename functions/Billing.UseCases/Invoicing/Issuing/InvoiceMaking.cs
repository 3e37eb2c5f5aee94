using Billing.Domain.Contracts;
using Billing.Domain.Invoicing;
using NodaTime;

namespace Billing.UseCases.Invoicing;

/// <summary>The invoice of a rated statement.</summary>
internal static class InvoiceMaking
{
    /// <param name="result">The statement and what it costs.</param>
    /// <param name="n">See <see cref="InvoiceDocuments.InvoiceId"/>.</param>
    /// <param name="grace">Between the end of a usage period and its invoice.</param>
    /// <param name="status">DRAFT or FINALIZED.</param>
    /// <param name="number">Null on a draft.</param>
    public static Invoice Of(StatementResult result, int n, Duration grace, InvoiceStatus status, long? number)
    {
        var ((terms, type, period), rated) = (result.Statement, result.Rated);
        return new Invoice(
            InvoiceDocuments.InvoiceId(terms.Contract.Id, type, period.Start, n), terms.Contract.CustomerId, terms.Contract.Id, type, status, number,
            result.Statement.CreditTypeId, period.Start, period.End, type == InvoiceType.Usage ? terms.Contract.FinalAt(period, grace) : period.End,
            terms.Contract.NetPaymentTermsDays, rated.Total, rated.Total, terms.Versions(), rated.Lines, rated.Unrated)
        {
            Draws = [.. rated.Draws.Select(d => terms.Commits.First(c => c.Id == d.CommitId).CustomerId is var owner && owner != terms.Contract.CustomerId ? d with { CustomerId = owner } : d)],
            PaidBy = terms.Contract.Hierarchy is { Payer: Payer.Parent, ParentCustomerId: { } payer, ParentContractId: { } contract } ? new PayingContract(payer, contract) : null,
            ChargeIds = rated.ChargeIds,
            FieldsOf = FieldsOf(terms, rated.Lines),
        };
    }

    /// <summary>A final invoice with the two sides as they are called now.</summary>
    public static Invoice Between(this Invoice invoice, Party? seller, Customer buyer) =>
        invoice with { Seller = seller, Buyer = buyer.Addressee };

    /// <summary>Custom fields of what is on the lines, and of the contract.</summary>
    private static Dictionary<string, IReadOnlyDictionary<string, string>>? FieldsOf(Terms terms, IReadOnlyList<InvoiceLine> lines)
    {
        var contract = terms.Contract;
        var all = terms.Products.Values.Select(p => (p.Id, p.CustomFields))
            .Concat(terms.Commits.Select(c => (c.Id, c.CustomFields)))
            .Concat(contract.ScheduledCharges.Select(c => (c.Id, c.CustomFields)))
            .Concat(contract.Subscriptions.Select(s => (s.Id, s.CustomFields)))
            .Append((contract.Id, contract.CustomFields))
            .Where(of => of.CustomFields.Count > 0).ToList();
        if (all.Count == 0) return null;
        var named = lines.SelectMany(l => new[] { l.ProductId, l.Commit?.CommitId, l.ScheduledChargeId, l.SubscriptionId }).Append(contract.Id).OfType<string>().ToHashSet(StringComparer.Ordinal);
        return all.Where(of => named.Contains(of.Id)).ToDictionary(of => of.Id, of => of.CustomFields);
    }
}
