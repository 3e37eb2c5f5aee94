using Billing.Domain.Values;

namespace Billing.UseCases.Documents;

/// <summary>Pages of lists that are computed anew each time.</summary>
internal static class Pages
{
    /// <summary>What follows the item that a cursor names; the first page without one. Refused when no item has it any more.</summary>
    /// <param name="all">In order.</param>
    /// <param name="cursor">Names an item; no two alike.</param>
    public static Outcome<Listed<T>> After<T>(IReadOnlyList<T> all, Func<T, string> cursor, string? after, int limit)
    {
        var rest = after is null ? all : [.. all.SkipWhile(i => cursor(i) != after)];
        if (after is not null && rest.Count == 0) return new Refusal("next_page_invalid", "This next_page is not known any more; leave it out to start at the first.", "next_page");
        var from = after is null ? 0 : 1;
        var page = rest.Skip(from).Take(limit).ToList();
        return new Listed<T>(page, from + limit < rest.Count ? cursor(page[^1]) : null);
    }
}
