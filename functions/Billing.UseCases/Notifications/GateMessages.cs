using Billing.Domain.Credits;
using Billing.Domain.Invoicing;
using NodaTime;

namespace Billing.UseCases.Notifications;

/// <summary>What is told of purchases that thresholds make. A workflow's id is that of the commit that it buys.</summary>
internal static class GateMessages
{
    /// <summary>A threshold was reached; behind an external gate somebody must collect the payment now.</summary>
    public static IEnumerable<Message> Reached(string customerId, long version, ThresholdPurchase purchase, Instant at)
    {
        yield return Of(customerId, version, "payment_gate.threshold_reached", purchase.Commit, at, ("workflow_type", Workflow(purchase)));
        if (!purchase.Commit.IsPaid) yield return Of(customerId, version, "payment_gate.external_initiate", purchase.Commit, at, ("workflow_type", Workflow(purchase)));
    }

    /// <summary>The payment was reported as paid or failed.</summary>
    public static Message Settled(long version, Commit commit, bool isPaid, Instant at) =>
        Of(commit.CustomerId, version, "payment_gate.payment_status", commit, at, ("payment_status", isPaid ? "paid" : "failed"));

    private static string Workflow(ThresholdPurchase purchase) => purchase.IsRecharge ? "prepaid_balance_threshold" : "spend_threshold";

    private static Message Of(string customerId, long version, string type, Commit commit, Instant at, (string Name, object? Value) more) => Message.Of(
        customerId, version, type, commit.Id, at,
        ("customer_id", customerId), ("contract_id", commit.ContractId), ("workflow_id", commit.Id), more, ("timestamp", at),
        ("invoice_total", commit.Invoicing?.Total ?? 0), ("invoice_currency", commit.Invoicing?.CreditTypeId));
}
