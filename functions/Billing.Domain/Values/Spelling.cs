namespace Billing.Domain.Values;

/// <summary>The names of this enum are written in lower snake case (<c>in_alarm</c>); without it they are UPPER_SNAKE (<c>ROUND_HALF_UP</c>).</summary>
[AttributeUsage(AttributeTargets.Enum)]
public sealed class LowerCaseAttribute : Attribute;

/// <summary>Further names that are read for an enum member, and never written.</summary>
[AttributeUsage(AttributeTargets.Field)]
public sealed class AliasAttribute(params string[] names) : Attribute
{
    public IReadOnlyList<string> Names { get; } = names;
}
