using System.Text.Json;

namespace Billing.UseCases.Invoicing;

/// <summary>Tells faults that rating will meet again from those that pass.</summary>
internal static class RatingFaults
{
    /// <summary>
    /// True when trying again can't help. What a calculation or a damaged document throws will be thrown again;
    /// everything else comes from a store or a network.
    /// </summary>
    public static bool Lasts(Exception fault) => fault is not ObjectDisposedException && fault is
        ArithmeticException or ArgumentException or InvalidOperationException or FormatException or NullReferenceException
        or KeyNotFoundException or InvalidCastException or NotSupportedException or JsonException;

    /// <summary>Why a contract can't be rated, for its operator.</summary>
    public static string Reason(Exception fault) => fault switch
    {
        OverflowException => "A quantity or amount is larger than can be kept (28 digits).",
        ArithmeticException or Domain.Invoicing.InvoiceCheckException => fault.Message,
        _ => $"{fault.GetType().Name}: {fault.Message}",
    };
}
