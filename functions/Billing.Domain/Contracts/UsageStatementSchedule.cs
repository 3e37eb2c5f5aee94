using Billing.Domain.Values;
using NodaTime;

namespace Billing.Domain.Contracts;

public enum StatementDay
{
    FirstOfMonth,
    ContractStart,
    CustomDate,
}

/// <summary>When usage invoices end.</summary>
/// <param name="Frequency">How often.</param>
/// <param name="Day">What the periods are counted from.</param>
/// <param name="BillingAnchorDate">CUSTOM_DATE only: a boundary, before or after the contract's start.</param>
/// <param name="InvoiceGenerationStartingAt">No invoice covers usage before it (it was billed elsewhere); null: from the contract's start.</param>
public sealed record UsageStatementSchedule(
    BillingFrequency Frequency,
    StatementDay Day = StatementDay.FirstOfMonth,
    Instant? BillingAnchorDate = null,
    Instant? InvoiceGenerationStartingAt = null)
{
    /// <summary>The cycle of a contract.</summary>
    /// <remarks>
    /// FIRST_OF_MONTH counts from the first of the month that the contract starts in, also for quarters, years and weeks.
    /// Example: start 09-15 with anchor 09-10 gives 09-15..10-10, then the 10th of each month.
    /// </remarks>
    public BillingCycle CycleOf(Instant contractStart)
    {
        var start = contractStart.InUtc().LocalDateTime;
        var anchor = Day switch
        {
            StatementDay.FirstOfMonth => new LocalDate(start.Year, start.Month, 1).AtMidnight(),
            StatementDay.ContractStart => start,
            StatementDay.CustomDate => BillingAnchorDate!.Value.InUtc().LocalDateTime,
            _ => throw new ArgumentOutOfRangeException(nameof(contractStart), Day, "Unknown statement day."),
        };
        return new BillingCycle(anchor, Frequency);
    }

    /// <summary>The refusal for a schedule that cannot be followed, or null.</summary>
    public Refusal? Check()
    {
        if (Frequency == BillingFrequency.Daily) return new Refusal("bad_frequency", "Usage statements are WEEKLY at the most.", "/usage_statement_schedule/frequency");
        if ((Day == StatementDay.CustomDate) != BillingAnchorDate is not null)
        {
            return new Refusal("billing_anchor_date", "CUSTOM_DATE needs a billing_anchor_date; the other days take none.", "/usage_statement_schedule/billing_anchor_date");
        }
        return Hours.Check(BillingAnchorDate, "/usage_statement_schedule/billing_anchor_date")
            ?? Hours.Check(InvoiceGenerationStartingAt, "/usage_statement_schedule/invoice_generation_starting_at");
    }
}
