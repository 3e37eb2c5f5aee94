namespace Billing.UseCases.Metering;

/// <summary>What every archive takes as a name: 1 to 1,024 printable ASCII characters without space (Blob storage: 1,024).</summary>
public static class ArchiveName
{
    /// <exception cref="ArgumentException">The name is not such a name.</exception>
    public static void Check(string name)
    {
        if (name.Length is 0 or > 1_024 || name.AsSpan().ContainsAnyExceptInRange('!', '~'))
            throw new ArgumentException($"'{name}' is not an archive name.", nameof(name));
    }
}
