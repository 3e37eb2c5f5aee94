namespace Billing.Domain.Values;

/// <summary>What kind of "no" a <see cref="Refusal"/> is; it decides the HTTP status and whether a retry can help.</summary>
public enum RefusalKind
{
    /// <summary>The request is wrong and will stay wrong (400).</summary>
    Invalid,

    /// <summary>Nothing there has this id, or not for this caller (404).</summary>
    NotFound,

    /// <summary>It contradicts what is stored (409).</summary>
    Conflict,

    /// <summary>Larger than a stated limit (413).</summary>
    TooLarge,

    /// <summary>Sent in a form that is not taken here (415).</summary>
    Unsupported,

    /// <summary>Understood, and not offered (501).</summary>
    NotOffered,

    /// <summary>Nothing is wrong, but it can't be told yet (503); the same request helps in a moment.</summary>
    NotReady,

    /// <summary>Nothing is wrong, but there is too much to do (429); the same request helps in some seconds.</summary>
    Overloaded,
}

/// <summary>A "no" that the caller can act on.</summary>
/// <param name="Code">Stable snake_case code, one list a capability.</param>
/// <param name="Detail">A full sentence: what is wrong and what to do.</param>
/// <param name="Field">The place in the request, as a JSON pointer, or null.</param>
/// <param name="Kind">What kind of refusal it is.</param>
public sealed record Refusal(string Code, string Detail, string? Field = null, RefusalKind Kind = RefusalKind.Invalid);

/// <summary>A value, or the reason why there is none. Bugs throw instead.</summary>
public readonly struct Outcome<T>
{
    private readonly T? value;

    private Outcome(T? value, Refusal? refusal)
    {
        this.value = value;
        Refusal = refusal;
    }

    /// <summary>It was done. (An interface type needs this: the language converts implicitly from classes and structs only.)</summary>
    public Outcome(T value)
        : this(value, null)
    {
    }

    /// <summary>Null when it was done.</summary>
    public Refusal? Refusal { get; }

    /// <summary>The value. Errors: <see cref="InvalidOperationException"/> when it was refused.</summary>
    public T Value => Refusal is null
        ? value!
        : throw new InvalidOperationException($"Refused: {Refusal.Code}: {Refusal.Detail}");

    public static implicit operator Outcome<T>(T value) => new(value, null);

    public static implicit operator Outcome<T>(Refusal refusal) => new(default, refusal);

    /// <summary>True with the value when it was done; false with the refusal otherwise.</summary>
    public bool Is(out T done, out Refusal refusal)
    {
        done = value!;
        refusal = Refusal!;
        return Refusal is null;
    }
}
