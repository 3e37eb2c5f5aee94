using Billing.Domain.Values;

namespace Billing.UseCases.Access;

/// <summary>What an API key may do.</summary>
[LowerCase]
public enum Scope
{
    /// <summary>Send usage events; nothing else.</summary>
    Ingest,

    /// <summary>Read everything but keys.</summary>
    Read,

    /// <summary>Change what is not an operator's; implies <see cref="Read"/>.</summary>
    Write,

    /// <summary>Everything: keys, operations, the test clock.</summary>
    Admin,
}

/// <summary>What scopes imply.</summary>
public static class ScopeRules
{
    /// <summary>True when one of the scopes is the needed one or implies it: admin implies all, write implies read.</summary>
    public static bool Allow(this IReadOnlyList<Scope> held, Scope needed) =>
        held.Contains(needed)
        || held.Contains(Scope.Admin)
        || (needed == Scope.Read && held.Contains(Scope.Write));
}
