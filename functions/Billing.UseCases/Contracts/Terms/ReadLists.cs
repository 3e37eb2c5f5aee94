using Billing.Domain.Values;

namespace Billing.UseCases.Contracts;

/// <summary>Reads lists of terms one by one.</summary>
internal static class ReadLists
{
    /// <summary>All of a list, or the refusal of the first that cannot be, with its place.</summary>
    public static Outcome<List<T>> All<TWanted, T>(IReadOnlyList<TWanted>? wanted, string at, Func<TWanted, Outcome<T>> read)
    {
        var all = new List<T>();
        for (var i = 0; i < wanted?.Count; i++)
        {
            if (wanted[i] is not { } one) return new Refusal("body_invalid", $"{at}/{i} must not be null.", $"{at}/{i}");
            if (!read(one).Is(out var done, out var refusal)) return refusal.Under($"{at}/{i}");
            all.Add(done);
        }
        return all;
    }

    /// <summary>Does something with each of a list; the refusal of the first that cannot be, with its place, or null.</summary>
    public static Refusal? Each<T>(IReadOnlyList<T>? wanted, string at, Func<T, Refusal?> apply)
    {
        for (var i = 0; i < wanted?.Count; i++)
        {
            if (wanted[i] is not { } one) return new Refusal("body_invalid", $"{at}/{i} must not be null.", $"{at}/{i}");
            if (apply(one) is { } refusal) return refusal.Under($"{at}/{i}");
        }
        return null;
    }

    /// <summary>A refusal of a part, with the place of the part before its own.</summary>
    public static Refusal Under(this Refusal refusal, string at) => refusal with { Field = at + refusal.Field };
}
