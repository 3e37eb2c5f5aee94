using System.Globalization;
using System.Text;
using Billing.Domain.Metering;
using Billing.Domain.Metering.Events;
using NodaTime;
using NodaTime.Text;

namespace Billing.Simulation;

/// <summary>Makes up meters and events: good ones, odd ones, bad ones, copies and contradictions.</summary>
internal sealed class Traffic(Random chance)
{
    private static readonly string[] Types = ["call", "token", "disk", "never-metered"];
    private static readonly string[] Values =
        ["1", "2", "3.5", "-4", "0", "0.003", "1e2", "2.5E-3", "0.1234567890125", "0.1234567890135", "999999999999999", "1000000000000000", "1e-13", "12345.678901234567", "3000000000.000001"];

    private readonly List<(string Id, bool Cloud, string Body)> sent = [];
    // Wide groups of 6 KB, so that ten of them fill a document and windows are split again and again.
    private const int WideDimensions = 12;
    private readonly bool bulky = chance.Next(4) == 0;
    private readonly List<Instant> times = [];
    private int ids;

    /// <summary>A meter of any kind.</summary>
    public Meter NewMeter(int number)
    {
        var aggregation = (Aggregation)chance.Next(7);
        IReadOnlyList<IReadOnlyList<Dimension>> groupings = chance.Next(5) switch
        {
            0 => [],
            1 => [[Group("a")]],
            2 => [[Group("a"), Group("b")]],
            3 => [[Group("a")], [Group("b")]],
            _ => [[Group("a")], [Group("b"), Group("a")], [new Dimension("deep", Path("$.nest.b"))]],
        };
        if (bulky && chance.Next(3) > 0) groupings = [[Group("a"), .. Enumerable.Range(0, WideDimensions).Select(i => Group($"wide{i}"))]];
        IReadOnlyList<PropertyFilter> filters = chance.Next(4) switch
        {
            0 => [new PropertyFilter(Path("a"), true, null, ["x"])],
            1 => [new PropertyFilter(Path("$.nest.b"), null, ["y", "é"], null)],
            _ => [],
        };
        return new Meter(
            $"00000000-0000-7000-8000-{number:d12}", aggregation, chance.Next(2) == 0 ? [Types[chance.Next(3)], Types[chance.Next(3)]] : null,
            chance.Next(3) == 0 ? [Types[chance.Next(3)], Types[3]] : [Types[3]], filters,
            aggregation == Aggregation.Count ? null : Path(chance.Next(3) == 0 ? "$.nest.v" : aggregation == Aggregation.Unique ? "u" : "v"), groupings);
    }

    /// <summary>A request: events of one shape, good enough for the front door.</summary>
    public (byte[] Body, EventShape Shape) NewRequest(Instant now)
    {
        var cloud = chance.Next(2) == 0;
        var events = Enumerable.Range(0, 1 + chance.Next(bulky ? 12 : 6)).Select(_ => NextEvent(now, cloud, Bad.None)).ToList();
        var body = events.Count == 1 && chance.Next(2) == 0 ? events[0] : $"[{string.Join(" ,\n", events)}]";
        return (Encoding.UTF8.GetBytes(body), cloud ? EventShape.CloudEvents : EventShape.Metronome);
    }

    /// <summary>A message straight into the log, as a producer with a key to the hub may send it: anything at all.</summary>
    public byte[] NewMessage(Instant now) => Encoding.UTF8.GetBytes(chance.Next(8) switch
    {
        0 => "not json",
        1 => "[]",
        2 => $"[{NextEvent(now, true, Bad.None)}",
        3 => new string('[', 70) + new string(']', 70),
        4 => """[{"marker":"tick"}]""",
        5 => """{"marker":"00000000-0000-7000-8000-999999999999"}""",
        _ => $"[{string.Join(',', Enumerable.Range(0, 1 + chance.Next(5)).Select(_ => NextEvent(now, chance.Next(2) == 0, (Bad)chance.Next(9))))}]",
    });

    private enum Bad
    {
        None, NoId, EmptyKey, LongId, WideNumber, Twice, TooOld, TooNew, TimeWithoutZone,
    }

    private string NextEvent(Instant now, bool cloud, Bad bad)
    {
        var again = sent.Count > 0 && chance.Next(5) == 0 ? sent[chance.Next(sent.Count)] : default;
        if (again.Body is not null && again.Cloud == cloud && bad == Bad.None && chance.Next(2) == 0) return again.Body;
        var id = again.Id ?? (chance.Next(10) == 0 ? "\\u0061" : "a") + (++ids).ToString(CultureInfo.InvariantCulture);
        if (bad == Bad.LongId) id = new string('é', 129);
        var key = $"customer-{chance.Next(4)}";
        if (chance.Next(20) == 0) key = "total";
        if (bad == Bad.EmptyKey) key = "";
        var time = Time(now, bad);
        var properties = Properties(bad);
        var members = cloud
            ? new List<string> { "\"specversion\":\"1.0\"", $"\"source\":\"s{chance.Next(2)}\"", $"\"type\":\"{Types[chance.Next(4)]}\"", $"\"subject\":\"{key}\"", $"\"data\":{properties}" }
            : [$"\"customer_id\":\"{key}\"", $"\"event_type\":\"{Types[chance.Next(4)]}\"", $"\"properties\":{properties}"];
        if (bad != Bad.NoId) members.Add($"\"{(cloud ? "id" : "transaction_id")}\":\"{id}\"");
        if (time is not null) members.Add($"\"{(cloud ? "time" : "timestamp")}\":\"{time}\"");
        if (chance.Next(6) == 0) members.Add("\"traceparent\":\"00-1\"");
        var body = $"{{{string.Join(',', members.OrderBy(_ => chance.Next()))}}}";
        if (bad == Bad.None) sent.Add((id, cloud, body));
        return body;
    }

    private string? Time(Instant now, Bad bad)
    {
        if (bad == Bad.TooOld) return InstantPattern.ExtendedIso.Format(now - Duration.FromHours(60));
        if (bad == Bad.TooNew) return InstantPattern.ExtendedIso.Format(now + Duration.FromHours(30));
        if (bad == Bad.TimeWithoutZone) return "2026-01-31T00:00:00";
        // Late into an hour that has usage already: its day may have been built.
        if (times.Count > 0 && chance.Next(4) == 0 && times[chance.Next(times.Count)] is var known && now - known < Duration.FromHours(46)) return InstantPattern.ExtendedIso.Format(known);
        times.Add(now);
        return chance.Next(8) switch
        {
            0 => null,
            1 => InstantPattern.ExtendedIso.Format(now - Duration.FromSeconds(chance.Next(46 * 3600))),
            2 => InstantPattern.ExtendedIso.Format(now + Duration.FromSeconds(chance.Next(22 * 3600))),
            3 => new OffsetDateTime(now.InUtc().LocalDateTime.PlusHours(5).PlusMinutes(30), Offset.FromHoursAndMinutes(5, 30)).ToString("uuuu-MM-dd'T'HH:mm:sso<+HH:mm>", CultureInfo.InvariantCulture),
            // Many events of one instant, for LATEST.
            _ => InstantPattern.General.Format(Instant.FromUnixTimeSeconds((now.ToUnixTimeSeconds() - chance.Next(3) * 900) / 600 * 600)),
        };
    }

    private string Properties(Bad bad)
    {
        var members = new List<string>();
        var value = Values[chance.Next(Values.Length)];
        if (bad == Bad.WideNumber) value = "1e400";
        if (chance.Next(9) > 0 || bad == Bad.WideNumber) members.Add($"\"v\":{(chance.Next(3) == 0 && bad == Bad.None ? $"\"{value}\"" : value)}");
        else if (chance.Next(3) == 0) members.Add(chance.Next(2) == 0 ? "\"v\":\"twelve\"" : "\"v\":true");
        if (bad == Bad.Twice) members.AddRange(["\"twice\":1", "\"\\u0074wice\":1"]);
        if (chance.Next(12) == 0) members.Add("\"w\":\"twelve\"");
        if (chance.Next(4) > 0) members.Add($"\"a\":{new[] { "\"x\"", "\"\\u0078\"", "\"y\"", "5", "null", "true" }[chance.Next(6)]}");
        if (chance.Next(3) > 0) members.Add($"\"b\":\"{(chance.Next(25) == 0 ? new string('z', 513) : "b" + chance.Next(3))}\"");
        if (chance.Next(3) > 0) members.Add($"\"u\":\"user{chance.Next(bulky ? 3 : 40)}\"");
        if (chance.Next(3) > 0) members.Add($$"""
            "nest": { "b" : "{{new[] { "y", "n", "\\u00e9" }[chance.Next(3)]}}" , "v":{{Values[chance.Next(9)]}} }
            """);
        if (bulky) members.AddRange(Enumerable.Range(0, WideDimensions).Select(i => $"\"wide{i}\":\"{new string((char)('a' + chance.Next(26)), 500)}{(i == 0 ? chance.Next(200) : 0)}\""));
        return $"{{{string.Join(',', members.OrderBy(_ => chance.Next()))}}}";
    }

    private static Dimension Group(string name) => new(name, Path(name));

    private static PropertyPath Path(string text) => PropertyPath.Read(text).Value;
}
