using Billing.UseCases.Access;

namespace Billing.Functions.Hosting.Access;

/// <summary>What a caller must hold to use an endpoint; null when no key is needed.</summary>
public sealed record EndpointAccess(Scope? Needed);

/// <summary>Marks an endpoint whose POSTs take no Idempotency-Key: usage events carry ids of their own.</summary>
public sealed record OwnIds;

/// <summary>How endpoints declare who may use them.</summary>
public static class EndpointAccessRules
{
    /// <summary>Only keys with this scope, or one that implies it.</summary>
    public static TBuilder Needs<TBuilder>(this TBuilder builder, Scope scope)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithMetadata(new EndpointAccess(scope));

    /// <summary>Anyone, without a key.</summary>
    public static TBuilder NeedsNoKey<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithMetadata(new EndpointAccess(Needed: null));

    /// <summary>An endpoint that takes usage events: scope ingest, no Idempotency-Key. Its handler limits the body.</summary>
    public static TBuilder TakesEvents<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder =>
        builder
            .Needs(Scope.Ingest)
            .WithMetadata(new OwnIds());
}
