using Billing.Domain.Contracts;
using Billing.Domain.Values;
using Billing.UseCases.Documents;

namespace Billing.UseCases.Contracts;

/// <summary>Which contracts have which parent: a document for each child in the catalog. A child says itself who its parent is; the documents only name candidates.</summary>
internal sealed class ChildContracts(IDocumentStore store)
{
    /// <summary>Live contracts of one family, the parent among them.</summary>
    public const int MaxNodes = 10;

    private const string Kind = "child-contract";
    private const string Prefix = "contract:";

    /// <summary>The live children of a contract.</summary>
    public async Task<List<Contract>> OfAsync(string parentContractId, CancellationToken stop)
    {
        var children = new List<Contract>();
        foreach (var stored in await store.AllAsync(PlaceOf(parentContractId), Prefix, Prefix + "~", stop))
        {
            var named = stored.Value<ListedContract>();
            if ((await ContractDocuments.FindAsync(store, named.CustomerId, named.ContractId, stop))?.Value is { ArchivedAt: null } child && child.Hierarchy?.ParentContractId == parentContractId) children.Add(child);
        }
        return children;
    }

    /// <summary>Lists a child before it is made; the refusal of a parent that cannot have it, or null.</summary>
    public async Task<Refusal?> AddAsync(Contract child, CancellationToken stop)
    {
        if (child.Hierarchy is not { ParentCustomerId: { } customerId, ParentContractId: { } parentId }) return null;
        const string Field = "/hierarchy_configuration/parent";
        if (customerId == child.CustomerId) return new Refusal("own_parent", "A parent is a contract of another customer.", Field + "/customer_id");
        if ((await ContractDocuments.FindAsync(store, customerId, parentId, stop))?.Value is not { ArchivedAt: null } parent)
            return new Refusal("contract_not_found", $"Customer {customerId} has no live contract with the id '{parentId}'.", Field + "/contract_id", RefusalKind.NotFound);
        if (parent.Hierarchy?.ParentContractId is not null) return new Refusal("too_deep", "The parent is a child itself; a family has one level.", Field + "/contract_id", RefusalKind.Conflict);
        if (child.Hierarchy.ConsolidateUsage && parent.Hierarchy is not { Consolidation: ConsolidationType.Concatenate })
            return new Refusal("parent_consolidates_nothing", "The parent has no consolidated invoices: make it with parent_behavior CONCATENATE, or the child with usage_statement_behavior SEPARATE.", "/hierarchy_configuration/usage_statement_behavior", RefusalKind.Conflict);
        // Its own repeat does not count twice.
        if ((await OfAsync(parentId, stop)).Count(c => c.Id != child.Id) + 2 > MaxNodes)
            return new Refusal("too_many_nodes", $"A family has {MaxNodes} live contracts at the most.", Field + "/contract_id", RefusalKind.Conflict);
        var place = PlaceOf(parentId);
        await store.CommitAsync(place, [new Write.Upsert(place.Keep(Prefix + LookupKey.Of(child.Id), Kind, new ListedContract(child.CustomerId, child.Id)))], stop);
        return null;
    }

    private static Place PlaceOf(string parentContractId) => new(Container.Catalog, Kind, LookupKey.Of(parentContractId));
}
