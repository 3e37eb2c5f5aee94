using System.Buffers;
using System.Globalization;
using System.Text;

namespace Billing.Domain.Values;

/// <summary>Says why a text is no JSON: where it stops being it, what is needed there and what stands there instead.</summary>
/// <remarks>Only for texts that a reader has refused; it reads them again from the start. Source: RFC 8259, and RFC 6901 for the place.</remarks>
public static class JsonSyntax
{
    /// <summary>How many arrays and objects may lie in one another.</summary>
    public const int MaxDepth = 64;

    /// <summary>The refusal of a text; null when nothing is wrong with it. Codes: body_missing, body_malformed.</summary>
    public static Refusal? Refuse(ReadOnlySpan<byte> text)
    {
        if (text.IndexOfAnyExcept(" \t\r\n"u8) < 0) return new Refusal("body_missing", "A JSON body is needed.", "");
        if (text.Length > 1 && (text[0] == 0 || text[1] == 0 || text[..2].SequenceEqual((byte[])[0xFF, 0xFE]) || text[..2].SequenceEqual((byte[])[0xFE, 0xFF])))
            return new Refusal("body_malformed", "The body is UTF-16; JSON is sent in UTF-8.", "");
        if (BadUtf8(text) is { } bad) return new Refusal("body_malformed", $"The body is not UTF-8: {Place(text, bad)} is byte {Hex(text[bad])}.", "");
        var reader = new Reader(text);
        return reader.Document() is { } needed
            ? new Refusal("body_malformed", $"The body is not JSON: {Place(text, reader.At)}, {needed} is needed, not {Found(text[reader.At..])}.", reader.Pointer)
            : null;
    }

    /// <summary>A name as a step of a JSON pointer.</summary>
    public static string Escape(string name) => name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);

    private static int? BadUtf8(ReadOnlySpan<byte> text)
    {
        for (var at = 0; at < text.Length;)
        {
            if (Rune.DecodeFromUtf8(text[at..], out _, out var length) != OperationStatus.Done) return at;
            at += length;
        }
        return null;
    }

    private static string Place(ReadOnlySpan<byte> text, int at) =>
        string.Create(CultureInfo.InvariantCulture, $"line {text[..at].Count((byte)'\n') + 1}, byte {at - text[..at].LastIndexOf((byte)'\n')}");

    private static string Found(ReadOnlySpan<byte> text)
    {
        const int MaxShown = 20;
        if (text.Length == 0) return "the end of the text";
        var word = 0;
        while (word < text.Length && word < MaxShown && (char.IsAsciiLetterOrDigit((char)text[word]) || text[word] is (byte)'.' or (byte)'_')) word++;
        if (word > 0) return $"'{Encoding.ASCII.GetString(text[..word])}'";
        return text[0] is > 0x20 and < 0x7F ? $"'{(char)text[0]}'" : $"byte {Hex(text[0])}";
    }

    private static string Hex(byte value) => string.Create(CultureInfo.InvariantCulture, $"0x{value:X2}");

    // Each method reads one thing and returns null, or what is needed where it stopped.
    private ref struct Reader(ReadOnlySpan<byte> text)
    {
        private readonly ReadOnlySpan<byte> text = text;
        private readonly List<string> path = [];

        public int At { get; private set; }

        public readonly string Pointer => string.Concat(path.Select(step => "/" + Escape(step)));

        public string? Document()
        {
            if (Value() is { } needed) return needed;
            SkipSpace();
            return At == text.Length ? null : "the end of the text";
        }

        private string? Value()
        {
            SkipSpace();
            return Here switch
            {
                '{' or '[' when path.Count == MaxDepth => $"a value within {MaxDepth} levels",
                '{' => Object(),
                '[' => Array(),
                '"' => Text(),
                '-' or (>= '0' and <= '9') => Number(),
                't' => Word("true"u8),
                'f' => Word("false"u8),
                'n' => Word("null"u8),
                _ => "a value",
            };
        }

        private string? Array()
        {
            At++;
            SkipSpace();
            if (Take(']')) return null;
            path.Add("");
            for (var index = 0; ; index++)
            {
                path[^1] = index.ToString(CultureInfo.InvariantCulture);
                if (Value() is { } needed) return needed;
                SkipSpace();
                if (Take(',')) continue;
                path.RemoveAt(path.Count - 1);
                return Take(']') ? null : "',' or ']'";
            }
        }

        private string? Object()
        {
            At++;
            SkipSpace();
            if (Take('}')) return null;
            path.Add("");
            while (true)
            {
                SkipSpace();
                var start = At + 1;
                var needed = Here == '"' ? Text() : "a member's name in \"quotes\"";
                if (needed is null) path[^1] = Encoding.UTF8.GetString(text[start..(At - 1)]);
                else path.RemoveAt(path.Count - 1);
                if (needed is not null) return needed;
                SkipSpace();
                if (!Take(':')) return "':'";
                if ((needed = Value()) is not null) return needed;
                SkipSpace();
                if (Take(',')) continue;
                path.RemoveAt(path.Count - 1);
                return Take('}') ? null : "',' or '}'";
            }
        }

        private string? Text()
        {
            At++;
            while (Here is not '"')
            {
                if (At == text.Length) return "the closing quote of a string";
                if (Here < ' ') return "an escape such as \\n for a control character";
                if (!Take('\\')) At++;
                else if (Escaped() is { } needed) return needed;
            }
            At++;
            return null;
        }

        private string? Escaped()
        {
            if (Here is '"' or '\\' or '/' or 'b' or 'f' or 'n' or 'r' or 't')
            {
                At++;
                return null;
            }
            if (!Take('u')) return "one of \" \\ / b f n r t u after a backslash";
            for (var digit = 0; digit < 4; digit++, At++)
                if (!char.IsAsciiHexDigit(Here)) return "a hexadecimal digit, four of them after \\u,";
            return null;
        }

        private string? Number()
        {
            Take('-');
            if (Take('0'))
            {
                if (char.IsAsciiDigit(Here)) return "a number without leading zeros";
            }
            else if (!Digits()) return "a digit";
            if (Take('.') && !Digits()) return "a digit";
            if (!Take('e') && !Take('E')) return null;
            if (!Take('+')) Take('-');
            return Digits() ? null : "a digit";
        }

        private bool Digits()
        {
            var start = At;
            while (char.IsAsciiDigit(Here)) At++;
            return At > start;
        }

        private string? Word(ReadOnlySpan<byte> word)
        {
            if (!text[At..].StartsWith(word)) return "a value";
            At += word.Length;
            return null;
        }

        // A NUL stands for the end as well: none is taken anywhere.
        private readonly char Here => At < text.Length ? (char)text[At] : '\0';

        private bool Take(char wanted)
        {
            if (At == text.Length || Here != wanted) return false;
            At++;
            return true;
        }

        private void SkipSpace()
        {
            while (Here is ' ' or '\t' or '\r' or '\n') At++;
        }
    }
}
