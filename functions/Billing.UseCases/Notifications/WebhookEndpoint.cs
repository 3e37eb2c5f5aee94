using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Billing.Domain.Values;
using NodaTime;

namespace Billing.UseCases.Notifications;

/// <summary>Where messages are sent.</summary>
/// <param name="Types">Which ones: full types, or beginnings that end in a star (<c>alerts.*</c>); none: all.</param>
/// <param name="Secret">Signs what is sent. Shown when it is made, never again.</param>
/// <param name="CreatedAt">Messages of before are not sent, but by a replay.</param>
public sealed record WebhookEndpoint(string Id, string Url, IReadOnlyList<string> Types, string Secret, Instant CreatedAt)
{
    public bool IsEnabled { get; init; } = true;

    public Instant? ArchivedAt { get; init; }

    /// <summary>True when it wants messages of a type.</summary>
    public bool Takes(string type) =>
        Types.Count == 0 || Types.Any(t => t.EndsWith('*') ? type.StartsWith(t[..^1], StringComparison.Ordinal) : t == type);

    /// <summary>The refusal for an endpoint that can't be, or null.</summary>
    public Refusal? Check()
    {
        if (!Uri.TryCreate(Url, UriKind.Absolute, out var url) || url.Scheme is not ("https" or "http") || url.UserInfo.Length > 0 || Url.Length > 2_000)
            return new Refusal("bad_url", "An endpoint's url is an http or https address without user name, of at most 2,000 characters.", "/url");
        for (var i = 0; i < Types.Count; i++)
            if (Types[i].Length is 0 or > 100) return new Refusal("bad_type", "A type has 1 to 100 characters.", $"/types/{i}");
        return null;
    }
}

/// <summary>Signs messages the way Metronome does, so that its libraries verify them.</summary>
/// <remarks>Source: Metronome, webhook signatures: hex of HMAC-SHA256 over the date header, a line feed and the body, keyed with the secret.</remarks>
public static class WebhookSignature
{
    /// <summary>A date as the header says it.</summary>
    public static string Date(Instant at) => at.ToDateTimeUtc().ToString("r", CultureInfo.InvariantCulture);

    /// <summary>The signature's text.</summary>
    public static string Of(string secret, string date, string body) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes(date + "\n" + body)));
}

/// <summary>How long a delivery waits for its next attempt.</summary>
public static class BackOff
{
    /// <summary>After this long a message is given up.</summary>
    public static readonly Duration Patience = Duration.FromDays(3);

    private static readonly Duration First = Duration.FromSeconds(5);
    private static readonly Duration Longest = Duration.FromMinutes(15);

    /// <summary>The wait after so many attempts: 5 s, three times as long each time, at most 15 minutes.</summary>
    /// <param name="attempts">Made so far, 1 or more.</param>
    /// <param name="chance">0 to 1: takes off up to a fifth, so that what failed together is not tried together.</param>
    public static Duration After(int attempts, double chance)
    {
        var wait = First;
        for (var i = 1; i < attempts && wait < Longest; i++) wait *= 3;
        return (wait < Longest ? wait : Longest) * (1 - chance / 5);
    }
}
