using System.Text.Json.Serialization;
using Billing.Domain.Contracts;

namespace Billing.Functions.Api.Invoicing;

/// <summary>Who an invoice is from, or to.</summary>
/// <param name="AddressLines">As on an envelope, without the name.</param>
/// <param name="Note">Of the letterhead: at the foot of each page.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record ShownParty(string Name, IReadOnlyList<string>? AddressLines = null, string? TaxId = null, string? Email = null, string? Note = null)
{
    public static ShownParty? Of(Party? party) => party is null ? null : new ShownParty(party.Name, party.AddressLines, party.TaxId, party.Email, party.Note);

    public Party Party() => new(Name, AddressLines ?? [], TaxId, Email, Note);
}
