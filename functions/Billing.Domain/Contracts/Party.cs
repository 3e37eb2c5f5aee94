using Billing.Domain.Values;

namespace Billing.Domain.Contracts;

/// <summary>One of the two sides of an invoice, as its document names them.</summary>
/// <param name="AddressLines">As on an envelope, without the name: at most 6 of at most 100 characters.</param>
/// <param name="TaxId">Such as a VAT number.</param>
/// <param name="Note">At the foot of each page: how to pay, register entries.</param>
public sealed record Party(string Name, IReadOnlyList<string> AddressLines, string? TaxId = null, string? Email = null, string? Note = null)
{
    private const int MaxLines = 6;
    private const int MaxLength = 100;
    private const int MaxNote = 500;

    /// <summary>The refusal of a party that a document can't show, or null.</summary>
    /// <param name="field">Where it stands.</param>
    public Refusal? Check(string field)
    {
        if (string.IsNullOrWhiteSpace(Name) || Name.Length > Customer.MaxNameLength) return new Refusal("bad_party", $"Give a name of 1 to {Customer.MaxNameLength} characters.", field + "/name");
        if (AddressLines.Count > MaxLines || AddressLines.Any(l => l is null || l.Length > MaxLength))
            return new Refusal("bad_party", $"An address has at most {MaxLines} lines of at most {MaxLength} characters.", field + "/address_lines");
        if (TaxId?.Length > MaxLength) return new Refusal("bad_party", $"At most {MaxLength} characters are kept.", field + "/tax_id");
        if (Email?.Length > MaxLength) return new Refusal("bad_party", $"At most {MaxLength} characters are kept.", field + "/email");
        return Note?.Length > MaxNote ? new Refusal("bad_party", $"At most {MaxNote} characters are kept.", field + "/note") : null;
    }
}
