using System.Globalization;
using System.Text.Json;
using Billing.UseCases.Metering;

namespace Billing.Storage.Azure.Claims;

/// <summary>A claim, or a further copy of its key, as it lies in the table.</summary>
/// <remarks>
/// PartitionKey is the first hexadecimal digit of the key, RowKey the key's 32 digits; a copy's RowKey has behind them a '-' and who the copy is, so that
/// all of a key lie together.
/// </remarks>
/// <param name="Key">The dedup key.</param>
/// <param name="Copy">Where the event is, and what was said of it.</param>
/// <param name="Content">Of the event.</param>
/// <param name="AcceptedAt">Unix seconds; the row may be swept when they are long past.</param>
internal sealed record ClaimRow(UInt128 Key, ClaimedCopy Copy, ulong Content, long AcceptedAt)
{
    public const string AcceptedColumn = "Accepted";

    public string PartitionKey => PartitionKeyOf(Key);

    public string RowKey => Copy.Verdict == Verdict.Fresh ? RowKeyOf(Key) : CopyRowKeyOf(Key, Copy);

    public static string PartitionKeyOf(UInt128 key) => RowKeyOf(key)[..1];

    public static string RowKeyOf(UInt128 key) => key.ToString("x32", CultureInfo.InvariantCulture);

    public static string CopyRowKeyOf(UInt128 key, in ClaimedCopy copy) =>
        string.Create(CultureInfo.InvariantCulture, $"{RowKeyOf(key)}-{copy.Partition.LogId}_{copy.Partition.Number}_{copy.Sequence:x}_{copy.Index:x}");

    /// <summary>True for the very same event of the very same message.</summary>
    public bool IsOf(LogPartition partition, in Claim claim) => Copy.Partition == partition && Copy.Sequence == claim.Sequence && Copy.Index == claim.Index;

    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString(nameof(PartitionKey), PartitionKey);
        json.WriteString(nameof(RowKey), RowKey);
        json.WriteString("Log", Copy.Partition.LogId);
        json.WriteNumber("Number", Copy.Partition.Number);
        Long(json, "Sequence", Copy.Sequence);
        json.WriteNumber("Index", Copy.Index);
        json.WriteNumber("Verdict", (int)Copy.Verdict);
        json.WriteString(nameof(Content), Content.ToString("x16", CultureInfo.InvariantCulture));
        Long(json, AcceptedColumn, AcceptedAt);
        json.WriteEndObject();
    }

    public static ClaimRow Read(JsonElement entity)
    {
        var key = UInt128.Parse(entity.GetProperty(nameof(RowKey)).GetString()!.AsSpan(0, 32), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        var partition = new LogPartition(entity.GetProperty("Log").GetString()!, entity.GetProperty("Number").GetInt32());
        var copy = new ClaimedCopy(partition, Long(entity, "Sequence"), entity.GetProperty("Index").GetInt32(), (Verdict)entity.GetProperty("Verdict").GetInt32());
        return new ClaimRow(key, copy, ulong.Parse(entity.GetProperty(nameof(Content)).GetString()!, NumberStyles.HexNumber, CultureInfo.InvariantCulture), Long(entity, AcceptedColumn));
    }

    private static void Long(Utf8JsonWriter json, string name, long value)
    {
        json.WriteString(name, value.ToString(CultureInfo.InvariantCulture));
        json.WriteString(name + "@odata.type", "Edm.Int64");
    }

    private static long Long(JsonElement entity, string name) => long.Parse(entity.GetProperty(name).GetString()!, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
}
