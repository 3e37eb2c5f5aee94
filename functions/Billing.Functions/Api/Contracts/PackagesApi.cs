using Billing.Domain.Contracts;
using Billing.Functions.Api.Invoicing;
using Billing.Functions.Hosting.Access;
using Billing.UseCases.Access;
using Billing.UseCases.Contracts;
using Billing.UseCases.Pricing;
using NodaTime;

namespace Billing.Functions.Api.Contracts;

/// <summary>Packages: templates of contracts.</summary>
public static class PackagesApi
{
    private const int DefaultPage = 10;

    public static void Map(IEndpointRouteBuilder app)
    {
        var packages = app.MapGroup("/v1/packages").WithTags("Packages");
        packages.MapPost("/create", CreateAsync).Needs(Scope.Write).WithName("createPackage");
        packages.MapPost("/get", GetAsync).Needs(Scope.Read).WithName("getPackage");
        packages.MapPost("/list", ListAsync).Needs(Scope.Read).WithName("listPackages");
        packages.MapPost("/archive", ArchiveAsync).Needs(Scope.Write).WithName("archivePackage");
        packages.MapPost("/listContractsOnPackage", ContractsAsync).Needs(Scope.Read).WithName("listContractsOnPackage");
    }

    /// <summary>Makes a package: the terms of contracts, with time counted from the start of each. It never changes.</summary>
    internal static async Task<Answer<Data<ShownId>>> CreateAsync(NewPackage body, Packages packages, Caller caller, CancellationToken stop) =>
        ContractsApi.NotOffered(body.Further, ["discounts", "professional_services", "reseller_royalties", "usage_filter", "hierarchy_configuration"]) is { } refusal
            ? Answers.Of<ShownId>(refusal)
            : Answers.Of(await packages.CreateAsync(body with { CreatedBy = caller.KeyName }, caller.Ids, stop), p => new ShownId(p.Id));

    /// <summary>Reads a package.</summary>
    internal static async Task<Answer<Data<ShownPackage>>> GetAsync(OnePackage body, Packages packages, IClock clock, CancellationToken stop) =>
        Answers.Of(await packages.GetAsync(body.PackageId, stop), v => ShownPackage.Of(v, clock.GetCurrentInstant()));

    /// <summary>Lists packages.</summary>
    internal static async Task<Answer<Listing<ShownPackage>>> ListAsync([AsParameters] PageQuery page, WhichPackages body, Packages packages, IClock clock, CancellationToken stop)
    {
        if (!page.Check(DefaultPage).Is(out var wanted, out var refusal)) return Answers.List<ShownPackage>(refusal);
        var list = await packages.ListAsync(body.ArchiveFilter, wanted.From, wanted.Limit, stop);
        return Answers.List<ShownPackage>(new Listing<ShownPackage>([.. list.Items.Select(v => ShownPackage.Of(v, clock.GetCurrentInstant()))], PageCursor.Encode(list.Next)));
    }

    /// <summary>Archives a package: it takes no new contracts.</summary>
    internal static async Task<Answer<Data<ShownId>>> ArchiveAsync(OnePackage body, Packages packages, CancellationToken stop) =>
        Answers.Of(await packages.ArchiveAsync(body.PackageId, stop), p => new ShownId(p.Id));

    /// <summary>Lists the contracts that were made of a package.</summary>
    internal static async Task<Answer<Listing<ShownPackageContract>>> ContractsAsync([AsParameters] PageQuery page, ContractsOfPackage body, Packages packages, CancellationToken stop)
    {
        if (!page.Check(DefaultPage).Is(out var wanted, out var refusal)) return Answers.List<ShownPackageContract>(refusal);
        return (await packages.ContractsAsync(body.PackageId, body.Fits, wanted.From, wanted.Limit, stop)).Is(out var list, out refusal)
            ? Answers.List<ShownPackageContract>(new Listing<ShownPackageContract>(
                [.. list.Items.Select(c => new ShownPackageContract(c.Id, c.CustomerId, c.StartingAt, c.EndingBefore, c.ArchivedAt))], PageCursor.Encode(list.Next)))
            : Answers.List<ShownPackageContract>(refusal);
    }

    /// <summary>Which package.</summary>
    internal sealed record OnePackage(string PackageId);

    /// <summary>Which packages.</summary>
    internal sealed record WhichPackages(ArchiveFilter ArchiveFilter = ArchiveFilter.NotArchived);

    /// <summary>Which contracts of a package.</summary>
    internal sealed record ContractsOfPackage(string PackageId, Instant? CoveringDate = null, Instant? StartingAt = null, bool IncludeArchived = false)
    {
        public bool Fits(Contract c) => (IncludeArchived || c.ArchivedAt is null) && !(c.StartingAt > CoveringDate) && !(c.EndingBefore <= CoveringDate) && !(c.StartingAt < StartingAt);
    }

    /// <summary>A contract that was made of a package.</summary>
    internal sealed record ShownPackageContract(string ContractId, string CustomerId, Instant StartingAt, Instant? EndingBefore, Instant? ArchivedAt);
}
