using Billing.Domain.Contracts;
using Billing.Domain.Credits;
using Billing.Domain.Pricing;
using Billing.Domain.Spending;
using Billing.UseCases.Contracts;
using Billing.UseCases.Credits;
using Billing.UseCases.Documents;
using Billing.UseCases.Invoicing;
using Billing.UseCases.Metering;
using Billing.UseCases.Pricing;
using Billing.UseCases.Spending;
using Fields = System.Collections.Generic.IReadOnlyDictionary<string, string>;

namespace Billing.UseCases.CustomFields;

/// <summary>A thing with custom fields, and the document that it lies in.</summary>
/// <param name="CustomerId">Whose account's document it is; null: it lies in the catalog.</param>
/// <param name="With">The document with other fields of this thing.</param>
internal sealed record FieldHolder(string Id, string? CustomerId, Stored In, Fields Fields, Func<Fields, Document> With);

/// <summary>Which documents carry custom fields, and where in them.</summary>
internal static class FieldHolders
{
    /// <summary>Documents of the entity: their container and kind; null: it can't be set by itself.</summary>
    public static (Container Container, string Kind)? DocumentsOf(FieldEntity entity) => entity switch
    {
        FieldEntity.Customer => (Container.Accounts, Accounts.CustomerId),
        FieldEntity.Contract or FieldEntity.ScheduledCharge or FieldEntity.Discount or FieldEntity.ProfessionalService or FieldEntity.Subscription => (Container.Accounts, ContractDocuments.Kind),
        FieldEntity.Commit or FieldEntity.ContractCredit => (Container.Accounts, CommitDocuments.Kind),
        FieldEntity.Invoice => (Container.Accounts, InvoiceDocuments.Kind),
        FieldEntity.Product or FieldEntity.ContractProduct => (Container.Catalog, Products.Kind),
        FieldEntity.RateCard => (Container.Catalog, RateCards.Kind),
        FieldEntity.BillableMetric => (Container.Catalog, MeterCatalog.Kind),
        FieldEntity.Alert => (Container.Catalog, AlertDocuments.Kind),
        _ => null,
    };

    /// <summary>The things of an entity in a document of its kind.</summary>
    public static IEnumerable<FieldHolder> In(FieldEntity entity, Stored stored) => entity switch
    {
        FieldEntity.Customer => [Whole<Customer>(stored, c => (c.Id, c.Id, c.CustomFields), (c, fields) => c with { CustomFields = fields })],
        FieldEntity.Contract => [Whole<Contract>(stored, c => (c.Id, c.CustomerId, c.CustomFields), (c, fields) => c with { CustomFields = fields })],
        FieldEntity.Invoice => [Whole<InvoiceHeader>(
            stored, h => (h.Invoice.Id, h.Invoice.CustomerId, h.Invoice.CustomFields), (h, fields) => h with { Invoice = h.Invoice with { CustomFields = fields } })],
        FieldEntity.Product or FieldEntity.ContractProduct => [Whole<Product>(stored, p => (p.Id, null, p.CustomFields), (p, fields) => p with { CustomFields = fields })],
        FieldEntity.RateCard => [Whole<RateCard>(stored, c => (c.Id, null, c.CustomFields), (c, fields) => c with { CustomFields = fields })],
        FieldEntity.Alert => [Whole<Alert>(stored, a => (a.Id, null, a.CustomFields), (a, fields) => a with { CustomFields = fields })],
        FieldEntity.BillableMetric => [Metric(stored)],
        FieldEntity.Commit => Commits(stored, isCredit: false),
        FieldEntity.ContractCredit => Commits(stored, isCredit: true),
        FieldEntity.ScheduledCharge => Charges(stored, ScheduledKind.Charge),
        FieldEntity.Discount => Charges(stored, ScheduledKind.Discount),
        FieldEntity.ProfessionalService => Parts<ProfessionalService>(
            stored, c => c.ProfessionalServices, s => (s.Id, s.CustomFields), (s, fields) => s with { CustomFields = fields }, (c, all) => c with { ProfessionalServices = all }),
        FieldEntity.Subscription => Parts<Subscription>(
            stored, c => c.Subscriptions, s => (s.Id, s.CustomFields), (s, fields) => s with { CustomFields = fields }, (c, all) => c with { Subscriptions = all }),
        _ => [],
    };

    private static FieldHolder Whole<T>(Stored stored, Func<T, (string Id, string? CustomerId, Fields Fields)> read, Func<T, Fields, T> with)
    {
        var value = stored.Value<T>();
        var (id, customerId, fields) = read(value);
        return new FieldHolder(id, customerId, stored, fields, changed => Rewritten(stored, with(value, changed)));
    }

    private static FieldHolder Metric(Stored stored)
    {
        var meter = StoredJson.Read<MeterDocument>(stored);
        return new FieldHolder(
            meter.Meter.Id, null, stored, meter.CustomFields, fields => stored.Document with { Body = StoredJson.Write(meter with { CustomFields = fields }) });
    }

    private static IEnumerable<FieldHolder> Commits(Stored stored, bool isCredit) =>
        stored.Value<Commit>() is var commit && commit.Type == CommitType.Credit == isCredit
            ? [Whole<Commit>(stored, c => (c.Id, c.CustomerId, c.CustomFields), (c, fields) => c with { CustomFields = fields })]
            : [];

    private static IEnumerable<FieldHolder> Charges(Stored stored, ScheduledKind kind) =>
        Parts<ScheduledCharge>(stored, c => c.ScheduledCharges, s => (s.Id, s.CustomFields), (s, fields) => s with { CustomFields = fields }, (c, all) => c with { ScheduledCharges = all }, s => s.Kind == kind);

    private static IEnumerable<FieldHolder> Parts<T>(
        Stored stored, Func<Contract, IReadOnlyList<T>> parts, Func<T, (string Id, Fields Fields)> read, Func<T, Fields, T> with,
        Func<Contract, IReadOnlyList<T>, Contract> put, Func<T, bool>? fits = null)
        where T : class
    {
        var contract = stored.Value<Contract>();
        foreach (var part in parts(contract).Where(p => fits?.Invoke(p) != false))
        {
            var (id, fields) = read(part);
            yield return new FieldHolder(
                id, contract.CustomerId, stored, fields,
                changed => Rewritten(stored, put(contract, [.. parts(contract).Select(p => ReferenceEquals(p, part) ? with(p, changed) : p)])));
        }
    }

    private static Document Rewritten<T>(Stored stored, T value) => stored.Document with { Body = StoredJson.Write(new Kept<T>(1, value)) };
}
