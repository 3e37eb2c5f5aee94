using Billing.Domain.Contracts;
using Billing.Domain.Pricing;
using Billing.Domain.Values;
using Billing.UseCases.Documents;
using Billing.UseCases.Pricing;
using NodaTime;

namespace Billing.UseCases.Contracts;

/// <summary>A package with what it is shown with.</summary>
/// <param name="RateCardId">The one that it stands for now; null: none.</param>
/// <param name="Products">By id.</param>
public sealed record PackageView(Package Package, string? RateCardId, string CurrencyId, IReadOnlyDictionary<string, Product> Products, IReadOnlyDictionary<string, string> UnitNames);

/// <summary>Packages: one document each in the catalog, with a document for each contract beside it.</summary>
public sealed class Packages(IDocumentStore store, IClock clock, Catalogs catalogs, PricingUnits units)
{
    private const string Kind = "package";
    private const string ContractKind = "package-contract";
    private const string ContractPrefix = "contract:";

    private readonly Aliases aliases = new(store, "package-alias");

    /// <summary>Makes a package. Its terms are checked as those of a contract that would be made of it now.</summary>
    public async Task<Outcome<Package>> CreateAsync(NewPackage wanted, IdSource ids, CancellationToken stop)
    {
        var request = ids.New();
        if (Check(wanted) is { } refusal) return refusal;
        // The uniqueness key is in the id: two packages with one cannot be.
        var id = wanted.UniquenessKey is { } key ? DerivedId.Of(Kind, key) : request;
        if (await FindAsync(id, stop) is { } existing) return existing.Value.RequestId == request ? existing.Value : Used(wanted.UniquenessKey!, id);
        var now = clock.GetCurrentInstant();
        var start = Instant.FromUnixTimeTicks(now.ToUnixTimeTicks() - now.ToUnixTimeTicks() % NodaConstants.TicksPerHour);
        if (await TryAsync(wanted, id, start, stop) is { } wrong) return wrong;
        var package = new Package(id, request, wanted with { Further = null }, now, wanted.CreatedBy, null);
        var document = PlaceOf(id).Keep(Kind, Kind, package);
        if (AccountWrites.Check([new Write.Create(document)]) is { } large) return large;
        await aliases.TakeAsync(id, wanted.Aliases ?? [], stop);
        if (await store.TryAsync(PlaceOf(id), new Write.Create(document), stop)) return package;
        return (await FindAsync(id, stop))!.Value is var other && other.RequestId == request ? other : Used(wanted.UniquenessKey!, id);
    }

    /// <summary>One package.</summary>
    public async Task<Outcome<PackageView>> GetAsync(string id, CancellationToken stop) => await FindAsync(id, stop) is { } found ? await ViewAsync(found.Value, stop) : NotFound(id, "/package_id");

    /// <summary>A page of packages.</summary>
    public async Task<Listed<PackageView>> ListAsync(ArchiveFilter filter, string? after, int limit, CancellationToken stop)
    {
        var page = await store.ListAsync<Package>(Container.Catalog, Kind, p => filter.Fits(p.ArchivedAt), after, limit, stop);
        var views = new List<PackageView>();
        foreach (var package in page.Items) views.Add(await ViewAsync(package, stop));
        return new Listed<PackageView>(views, page.Next);
    }

    /// <summary>Archives a package: no new contracts; those that are made of it stay.</summary>
    public async Task<Outcome<Package>> ArchiveAsync(string id, CancellationToken stop)
    {
        while (true)
        {
            if (await FindAsync(id, stop) is not { } found) return NotFound(id, "/package_id");
            if (found.Value.ArchivedAt is not null) return found.Value;
            var archived = found.Value with { ArchivedAt = clock.GetCurrentInstant() };
            if (await store.TryAsync(PlaceOf(id), new Write.Replace(PlaceOf(id).Keep(Kind, Kind, archived), found.ETag), stop)) return archived;
        }
    }

    /// <summary>A page of the contracts that were made of a package.</summary>
    public async Task<Outcome<Listed<Contract>>> ContractsAsync(string id, Func<Contract, bool> fits, string? after, int limit, CancellationToken stop)
    {
        if (await FindAsync(id, stop) is null) return NotFound(id, "/package_id");
        var (contracts, from) = (new List<Contract>(), after is null ? ContractPrefix : after + "+");
        while (true)
        {
            var page = await store.RangeAsync(PlaceOf(id), from, ContractPrefix + "~", limit - contracts.Count, stop);
            foreach (var stored in page.Items)
            {
                // A creation that broke off left a name without a contract.
                var of = stored.Value<ListedContract>();
                if ((await ContractDocuments.FindAsync(store, of.CustomerId, of.ContractId, stop))?.Value is { } contract && contract.PackageId == id && fits(contract)) contracts.Add(contract);
            }
            if (page.Next is null || page.Items.Count == 0) return new Listed<Contract>(contracts, null);
            from = page.Items[^1].Document.Id + "+";
            if (contracts.Count == limit) return new Listed<Contract>(contracts, page.Items[^1].Document.Id);
        }
    }

    /// <summary>What a contract says that asks for a package: the package's terms. One that asks for none says what it says.</summary>
    internal async Task<Outcome<NewContract>> UnpackAsync(NewContract wanted, CancellationToken stop)
    {
        if (wanted.PackageId is null && wanted.PackageAlias is null) return wanted;
        if (wanted.PackageId is not null && wanted.PackageAlias is not null) return new Refusal("two_packages", "Give package_id or package_alias, not both.", "/package_alias");
        var bare = new NewContract(wanted.CustomerId, wanted.StartingAt, UniquenessKey: wanted.UniquenessKey)
        {
            PackageId = wanted.PackageId, PackageAlias = wanted.PackageAlias, Transition = wanted.Transition, CustomFields = wanted.CustomFields, Further = wanted.Further, CreatedBy = wanted.CreatedBy,
        };
        if (bare != wanted)
            return new Refusal("package_and_terms", "A contract that is made of a package has its terms; beside it give only customer_id, starting_at, uniqueness_key, transition and custom_fields.", wanted.PackageId is null ? "/package_alias" : "/package_id");
        if (!(await FindAsync(wanted, stop)).Is(out var package, out var refusal)) return refusal;
        return package.ArchivedAt is null
            ? package.Terms.Contract(package.Id, wanted)
            : new Refusal("package_archived", "An archived package takes no new contracts.", wanted.PackageId is null ? "/package_alias" : "/package_id", RefusalKind.Conflict);
    }

    /// <summary>Lists a contract with its package, before it is made.</summary>
    internal async Task ListAsync(string packageId, string customerId, string contractId, CancellationToken stop)
    {
        var place = PlaceOf(packageId);
        await store.CommitAsync(place, [new Write.Upsert(place.Keep(ContractPrefix + LookupKey.Of(contractId), ContractKind, new ListedContract(customerId, contractId)))], stop);
    }

    private async Task<Outcome<Package>> FindAsync(NewContract wanted, CancellationToken stop)
    {
        if (wanted.PackageId is { } id) return await FindAsync(id, stop) is { } found ? found.Value : NotFound(id, "/package_id");
        foreach (var candidate in await aliases.CandidatesAsync(wanted.PackageAlias!, stop))
        {
            if ((await FindAsync(candidate, stop))?.Value is { } package && package.Terms.Aliases?.Any(a => a.Name == wanted.PackageAlias && a.Holds(wanted.StartingAt)) == true) return package;
        }
        return new Refusal("package_not_found", $"No package has the alias '{wanted.PackageAlias}'.", "/package_alias", RefusalKind.NotFound);
    }

    private async Task<Found<Package>?> FindAsync(string id, CancellationToken stop) => await store.FindAsync<Package>(PlaceOf(id), Kind, stop);

    private async Task<Refusal?> TryAsync(NewPackage wanted, string id, Instant start, CancellationToken stop)
    {
        var contract = wanted.Contract(id, new NewContract("", start));
        if (!(await catalogs.CardAsync(contract, stop)).Is(out var cardId, out var refusal)) return refusal;
        var catalog = await catalogs.ReadAsync(cardId.Length == 0 ? null : cardId, MakeContract.Products(contract), stop);
        var n = 0;
        if (MakeContract.Of(contract, id, catalog, new KnownTerms([], [], []), clock.GetCurrentInstant(), () => $"{n++}").Is(out _, out refusal)) return null;
        return refusal with { Field = Relative(refusal.Field) };
    }

    private async Task<PackageView> ViewAsync(Package package, CancellationToken stop)
    {
        var contract = package.Terms.Contract(package.Id, new NewContract("", clock.GetCurrentInstant()));
        var cardId = (await catalogs.CardAsync(contract, stop)).Is(out var found, out _) && found.Length > 0 ? found : package.Terms.RateCardId;
        var catalog = await catalogs.ReadAsync(cardId, MakeContract.Products(contract), stop);
        var names = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var conversion in catalog.Card?.Conversions ?? [])
            if (await units.FindAsync(conversion.CustomCreditTypeId, stop) is { } unit) names[conversion.CustomCreditTypeId] = unit.Name;
        return new PackageView(package, cardId, catalog.CurrencyId, catalog.Products, names);
    }

    private static Refusal? Check(NewPackage wanted)
    {
        if (string.IsNullOrWhiteSpace(wanted.Name)) return new Refusal("name_missing", "A package needs a name.", "/name");
        if (wanted.UniquenessKey?.Length is 0 or > 128) return new Refusal("bad_uniqueness_key", "A uniqueness key has 1 to 128 characters.", "/uniqueness_key");
        if (wanted.Aliases?.Any(a => a.Name.Length is 0 or > 128) == true) return new Refusal("bad_alias", "An alias has 1 to 128 characters.", "/aliases");
        return wanted.Duration?.Check("/duration") ?? wanted.CheckRelative();
    }

    /// <summary>A place of a contract's terms as a package's say it.</summary>
    private static string? Relative(string? field) => field?
        .Replace("/starting_at", "/starting_at_offset", StringComparison.Ordinal).Replace("/starting_at_offset_offset", "/starting_at_offset", StringComparison.Ordinal)
        .Replace("/ending_before", "/duration", StringComparison.Ordinal).Replace("/timestamp", "/date_offset", StringComparison.Ordinal);

    private static Refusal Used(string key, string id) => new("uniqueness_key_used", $"The uniqueness key '{key}' was used by package {id}.", "/uniqueness_key", RefusalKind.Conflict);

    private static Refusal NotFound(string id, string field) => new("package_not_found", $"No package has the id '{id}'.", field, RefusalKind.NotFound);

    private static Place PlaceOf(string id) => new(Container.Catalog, Kind, LookupKey.Of(id));
}
