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
            Draws = rated.Draws,
            ChargeIds = rated.ChargeIds,
        };
    }
}
