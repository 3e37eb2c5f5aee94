using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Billing.Benchmarks.Workload;

/// <summary>Writes events as JSON of Metronome's shape by copying one template and overwriting what differs: far below a microsecond an event.</summary>
/// <remarks>Not safe for two threads: each has its own.</remarks>
internal sealed class EventWriter
{
    private const string Template =
        """{"transaction_id":"IIIIIIII-IIII-IIII-IIII-IIIIIIIIIIII","customer_id":"customer-CCCC","event_type":"llm_tokens_M","timestamp":"TTTTTTTTTTTTTTTTTTT.mmmZ","properties":{"model":"model-X","region":"region-Y","tokens":NNNN,"request_id":"req-QQQQQQQQ","endpoint":"/v1/chat/completions"}}""";

    private const int SecondBytes = 19;
    private const int CachedSeconds = 4 * 3_600;
    private static readonly byte[] Bytes = Encoding.ASCII.GetBytes(Template);
    private static readonly int IdAt = At('I'), CustomerAt = At("CCCC"), MeterAt = At("M\""), TimeAt = At("TTTT"), ModelAt = At("X\""), RegionAt = At("Y\""), TokensAt = At("NNNN"), RequestAt = At("QQQQ");
    private static readonly string Hex = "0123456789abcdef";

    private readonly long firstSecond = DateTimeOffset.UtcNow.ToUnixTimeSeconds() - 700;
    private readonly byte[]?[] seconds = new byte[CachedSeconds][];

    /// <summary>Bytes of every event.</summary>
    public static int Length => Bytes.Length;

    /// <summary>Writes an array of events; answers its length.</summary>
    public int WriteBatch(Span<byte> into, ulong seed, long first, int count, Sent? sent)
    {
        var now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        var at = 0;
        for (var i = 0; i < count; i++)
        {
            var draw = new Draw(seed, first + i);
            into[at++] = (byte)(i == 0 ? '[' : ',');
            Write(into.Slice(at, Bytes.Length), draw, now);
            at += Bytes.Length;
            sent?.Add(draw);
        }
        into[at++] = (byte)']';
        return at;
    }

    private void Write(Span<byte> into, in Draw draw, long nowMs)
    {
        Bytes.CopyTo(into);
        HexDigits(into[IdAt..], draw.IdHigh >> 32, 8);
        HexDigits(into[(IdAt + 9)..], draw.IdHigh >> 16, 4);
        HexDigits(into[(IdAt + 14)..], draw.IdHigh, 4);
        HexDigits(into[(IdAt + 19)..], draw.IdLow >> 48, 4);
        HexDigits(into[(IdAt + 24)..], draw.IdLow, 12);
        Digits(into[CustomerAt..], draw.Customer, 4);
        into[MeterAt] = (byte)('0' + draw.Meter);
        Time(into[TimeAt..], nowMs - draw.AgeMs);
        into[ModelAt] = (byte)('0' + draw.Model);
        into[RegionAt] = (byte)('0' + draw.Region);
        Digits(into[TokensAt..], draw.Tokens, 4);
        HexDigits(into[RequestAt..], draw.IdLow >> 24, 8);
    }

    private void Time(Span<byte> into, long ms)
    {
        var second = ms / 1_000;
        var cached = second - firstSecond;
        if (cached is >= 0 and < CachedSeconds) (seconds[cached] ??= Format(second)).CopyTo(into);
        else Format(second).CopyTo(into);
        Digits(into[(SecondBytes + 1)..], (int)(ms % 1_000), 3);
    }

    private static byte[] Format(long second)
    {
        var text = new byte[SecondBytes];
        DateTimeOffset.FromUnixTimeSeconds(second).TryFormat(text, out _, "yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture);
        return text;
    }

    private static void HexDigits(Span<byte> into, ulong value, int count)
    {
        for (var i = count - 1; i >= 0; i--, value >>= 4) into[i] = (byte)Hex[(int)(value & 15)];
    }

    private static void Digits(Span<byte> into, int value, int count) =>
        Utf8Formatter.TryFormat(value, into[..count], out _, new System.Buffers.StandardFormat('D', (byte)count));

    private static int At(char first) => Template.IndexOf($"{first}{first}", StringComparison.Ordinal);

    private static int At(string text) => Template.IndexOf(text, StringComparison.Ordinal);
}
