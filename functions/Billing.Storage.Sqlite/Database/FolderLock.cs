namespace Billing.Storage.Sqlite.Database;

/// <summary>One process a folder: two writers would each keep numbers in memory that must be given out once.</summary>
internal static class FolderLock
{
    /// <summary>Creates the folder and locks it. The operating system frees the lock with the process, also when it is killed.</summary>
    public static FileStream Take(string folder)
    {
        Directory.CreateDirectory(folder);
        try
        {
            return new FileStream(Path.Combine(folder, "billing.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException reason)
        {
            throw new InvalidOperationException(
                $"The folder '{folder}' is in use by another process. Stop that one, or choose another folder.", reason);
        }
    }
}
