using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using NodaTime;

namespace Billing.UseCases.Moving;

/// <summary>A file of an export.</summary>
/// <param name="Section">What is in it, see <see cref="MovedContent.Sections"/>.</param>
/// <param name="File">Its name: lines of JSON, gzipped.</param>
/// <param name="Lines">How many.</param>
/// <param name="Sha256">Of the file, in hexadecimal digits.</param>
public sealed record MovePart(string Section, string File, int Lines, string Sha256);

/// <summary>How far a section is exported.</summary>
/// <param name="Next">Where to go on; null at the beginning, and when it is done.</param>
/// <param name="Done">All of it is in parts.</param>
/// <param name="Kinds">What is in its parts.</param>
public sealed record MoveSection(string? Next, bool Done, IReadOnlyDictionary<string, Tally> Kinds);

/// <summary>What an export is, and how far it has come: the file manifest.json of its folder.</summary>
/// <param name="Format">Of the folder; this version knows <see cref="MoveFolder.Format"/>.</param>
/// <param name="Id">Of this export; the installation is held under it.</param>
/// <param name="BegunAt">When.</param>
/// <param name="FinishedAt">Null until all is in it and was compared.</param>
/// <param name="Ends">By log partition: how far it was folded when the copy began; null before that.</param>
/// <param name="Logs">The ids of the logs in it; all are closed.</param>
/// <param name="Sections">By name.</param>
/// <param name="Parts">In order.</param>
public sealed record MoveManifest(
    int Format, string Id, Instant BegunAt, Instant? FinishedAt, IReadOnlyDictionary<string, long>? Ends, IReadOnlyList<string> Logs, IReadOnlyDictionary<string, MoveSection> Sections, IReadOnlyList<MovePart> Parts);

/// <summary>The folder of an export. Every file in it is written aside and renamed, so that it is whole or not there.</summary>
/// <remarks>It holds the hash key and the secrets of webhooks: on systems that can, only its owner may read it.</remarks>
public sealed class MoveFolder(string path)
{
    /// <summary>The version of what is written.</summary>
    public const int Format = 1;

    private const string ManifestFile = "manifest.json";
    private static readonly JsonSerializerOptions Json = new(Documents.StoredJson.Options) { WriteIndented = true };

    public string Path => path;

    /// <summary>The manifest; null when there is none yet.</summary>
    /// <exception cref="InvalidDataException">The folder holds something else, or an export that this version can't read.</exception>
    public async Task<MoveManifest?> ReadAsync(CancellationToken stop)
    {
        var file = System.IO.Path.Combine(path, ManifestFile);
        if (!File.Exists(file))
        {
            if (Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any()) throw new InvalidDataException($"{path} is not empty, and is no export. Name a new folder.");
            return null;
        }
        MoveManifest? manifest;
        try
        {
            manifest = JsonSerializer.Deserialize<MoveManifest>(await File.ReadAllBytesAsync(file, stop), Json);
        }
        catch (JsonException damaged)
        {
            throw new InvalidDataException($"{file} can't be read: {damaged.Message}", damaged);
        }
        return manifest is { Format: Format } ? manifest : throw new InvalidDataException($"{file} is of format {manifest?.Format}; this version reads {Format}.");
    }

    public async Task WriteAsync(MoveManifest manifest, CancellationToken stop)
    {
        Directory.CreateDirectory(path);
        // Also when it was there before.
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await WriteFileAsync(ManifestFile, JsonSerializer.SerializeToUtf8Bytes(manifest, Json), stop);
    }

    /// <summary>Removes the files of an export that is begun anew.</summary>
    public void Clear()
    {
        foreach (var file in Directory.EnumerateFiles(path, "*.jsonl.gz").Append(System.IO.Path.Combine(path, ManifestFile))) File.Delete(file);
    }

    internal async Task<MovePart> WritePartAsync(string section, int number, IReadOnlyList<MovedLine> lines, CancellationToken stop)
    {
        var content = new MemoryStream();
        await using (var zip = new GZipStream(content, CompressionLevel.Fastest, leaveOpen: true))
        {
            foreach (var line in lines)
            {
                await zip.WriteAsync(line.Json, stop);
                zip.WriteByte((byte)'\n');
            }
        }
        var bytes = content.GetBuffer().AsMemory(0, (int)content.Length);
        var part = new MovePart(section, FormattableString.Invariant($"{number:D6}-{section}.jsonl.gz"), lines.Count, Convert.ToHexStringLower(SHA256.HashData(bytes.Span)));
        await WriteFileAsync(part.File, bytes, stop);
        return part;
    }

    /// <summary>The lines of a part.</summary>
    /// <exception cref="InvalidDataException">The file is not there, or not as it was written.</exception>
    internal async Task<IReadOnlyList<JsonElement>> ReadPartAsync(MovePart part, CancellationToken stop)
    {
        var file = System.IO.Path.Combine(path, part.File);
        if (!File.Exists(file)) throw new InvalidDataException($"{file} is missing.");
        var bytes = await File.ReadAllBytesAsync(file, stop);
        if (Convert.ToHexStringLower(SHA256.HashData(bytes)) != part.Sha256) throw new InvalidDataException($"{file} is not as it was written: its SHA-256 differs.");
        var lines = new List<JsonElement>(part.Lines);
        using var text = new StreamReader(new GZipStream(new MemoryStream(bytes), CompressionMode.Decompress));
        while (await text.ReadLineAsync(stop) is { } line) lines.Add(JsonElement.Parse(line));
        return lines;
    }

    private async Task WriteFileAsync(string name, ReadOnlyMemory<byte> content, CancellationToken stop)
    {
        var file = System.IO.Path.Combine(path, name);
        await using (var aside = new FileStream(file + ".new", FileMode.Create, FileAccess.Write))
        {
            await aside.WriteAsync(content, stop);
            aside.Flush(flushToDisk: true);
        }
        File.Move(file + ".new", file, overwrite: true);
    }
}
