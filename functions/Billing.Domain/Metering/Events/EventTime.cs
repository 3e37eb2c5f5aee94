namespace Billing.Domain.Metering.Events;

/// <summary>Reads RFC 3339 times; the zone is required, because "local" means another thing on each machine.</summary>
public static class EventTime
{
    private const long TicksPerSecond = 10_000_000;

    /// <summary>Reads a time.</summary>
    /// <param name="text">Such as <c>2026-01-03T01:00:00.25+02:00</c>.</param>
    /// <param name="ticks">100 ns since 1970 UTC; finer digits are cut off. A leap second (:60) is the last instant of its minute.</param>
    /// <returns>Null when it was read; else what is wrong with it.</returns>
    /// <remarks>Bounds: years 1 to 9999. Source: RFC 3339 §5.6.</remarks>
    public static string? Read(ReadOnlySpan<byte> text, out long ticks)
    {
        ticks = 0;
        if (text.Length < 19 || !Number(text, 0, 4, out var year) || text[4] != '-' || !Number(text, 5, 2, out var month) || text[7] != '-'
            || !Number(text, 8, 2, out var day) || text[10] is not ((byte)'T' or (byte)'t' or (byte)' ') || !Number(text, 11, 2, out var hour)
            || text[13] != ':' || !Number(text, 14, 2, out var minute) || text[16] != ':' || !Number(text, 17, 2, out var second))
            return "is not an RFC 3339 time such as 2026-01-03T01:00:00Z";
        if (year == 0 || month is 0 or > 12 || day == 0 || day > DateTime.DaysInMonth(year, month) || hour > 23 || minute > 59 || second > 60)
            return "is not a date and time of the calendar";
        var at = 19;
        var fraction = 0L;
        if (at < text.Length && text[at] == '.' && !Fraction(text, ref at, out fraction)) return "has a '.' without digits";
        if (at == text.Length) return "has no zone: add Z or an offset such as +01:00";
        if (!Offset(text[at..], out var offsetMinutes)) return "has no zone that can be read: use Z or an offset such as +01:00";
        if (second == 60) (second, fraction) = (59, TicksPerSecond - 1);
        var days = new DateTime(year, month, day, 0, 0, 0, DateTimeKind.Utc).Ticks / TimeSpan.TicksPerDay - 719_162;
        ticks = (((days * 24 + hour) * 60 + minute - offsetMinutes) * 60 + second) * TicksPerSecond + fraction;
        return null;
    }

    private static bool Number(ReadOnlySpan<byte> text, int at, int length, out int value)
    {
        value = 0;
        foreach (var c in text.Slice(at, length))
        {
            if (c is < (byte)'0' or > (byte)'9') return false;
            value = value * 10 + (c - '0');
        }
        return true;
    }

    private static bool Fraction(ReadOnlySpan<byte> text, ref int at, out long ticks)
    {
        ticks = 0;
        var first = ++at;
        var unit = TicksPerSecond / 10;
        for (; at < text.Length && text[at] is >= (byte)'0' and <= (byte)'9'; at++)
        {
            ticks += (text[at] - '0') * unit;
            unit /= 10;
        }
        return at > first;
    }

    private static bool Offset(ReadOnlySpan<byte> text, out int minutes)
    {
        minutes = 0;
        if (text.Length == 1) return text[0] is (byte)'Z' or (byte)'z';
        if (text.Length != 6 || text[0] is not ((byte)'+' or (byte)'-') || text[3] != ':'
            || !Number(text, 1, 2, out var hours) || !Number(text, 4, 2, out var rest) || hours > 23 || rest > 59) return false;
        minutes = (hours * 60 + rest) * (text[0] == '-' ? -1 : 1);
        return true;
    }
}
