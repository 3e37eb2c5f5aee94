namespace Billing.Domain.Metering.Events;

/// <summary>Finds a member name that comes twice in one object; a stack of objects, without allocating for small ones.</summary>
internal sealed class MemberNames
{
    private const int FewNames = 24;
    private readonly List<ReadOnlyMemory<byte>> names = [];
    private readonly Stack<(int First, HashSet<string>? Many)> objects = new();
    private int first;
    private HashSet<string>? many;

    /// <summary>Begins an object.</summary>
    public void Enter()
    {
        objects.Push((first, many));
        first = names.Count;
        many = null;
    }

    /// <summary>Ends an object.</summary>
    public void Leave()
    {
        names.RemoveRange(first, names.Count - first);
        (first, many) = objects.Pop();
    }

    /// <summary>Forgets all objects, after an error left some open.</summary>
    public void Clear()
    {
        names.Clear();
        objects.Clear();
        (first, many) = (0, null);
    }

    /// <summary>False when the current object has the name already.</summary>
    public bool Add(ReadOnlyMemory<byte> name)
    {
        if (many is not null) return many.Add(Text(name.Span));
        for (var i = first; i < names.Count; i++)
            if (names[i].Span.SequenceEqual(name.Span)) return false;
        names.Add(name);
        if (names.Count - first < FewNames) return true;
        many = new HashSet<string>(names.Skip(first).Select(n => Text(n.Span)), StringComparer.Ordinal);
        return true;
    }

    private static string Text(ReadOnlySpan<byte> name) => System.Text.Encoding.UTF8.GetString(name);
}
