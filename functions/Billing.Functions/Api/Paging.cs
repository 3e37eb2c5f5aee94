using System.Buffers.Text;
using System.Text;
using Billing.Domain.Values;
using Microsoft.AspNetCore.Mvc;

namespace Billing.Functions.Api;

/// <summary>The page that a list request asks for, from the query: <c>?next_page=…&amp;limit=…</c>. A parameter marked <c>[AsParameters]</c>.</summary>
/// <param name="NextPage">The <c>next_page</c> of the page before; none for the first.</param>
/// <param name="Limit">1 to 100.</param>
public sealed record PageQuery([FromQuery(Name = "next_page")] string? NextPage, [FromQuery(Name = "limit")] int? Limit)
{
    /// <summary>Where to start (null: at the first) and how many to read, or why not.</summary>
    public Outcome<PageWanted> Check(int otherwise = PageLimit.Max) => PageWanted.Of(NextPage, Limit, otherwise);
}

/// <summary>A page that can be read.</summary>
/// <param name="From">What <see cref="PageCursor.Encode"/> was given; null for the first page.</param>
/// <param name="Limit">1 to 100.</param>
public sealed record PageWanted(string? From, int Limit)
{
    /// <summary>Checks what a request asks for, from its query or its body.</summary>
    public static Outcome<PageWanted> Of(string? nextPage, int? limit, int otherwise = PageLimit.Max)
    {
        if (!PageLimit.Of(limit, otherwise).Is(out var count, out var refusal)) return refusal;
        if (string.IsNullOrEmpty(nextPage)) return new PageWanted(null, count);
        return PageCursor.Decode(nextPage).Is(out var from, out refusal) ? new PageWanted(from, count) : refusal;
    }
}

/// <summary>How many things a page holds.</summary>
public static class PageLimit
{
    public const int Max = 100;

    /// <summary>The limit, or another when none is given. Refusal code: limit_invalid.</summary>
    public static Outcome<int> Of(int? limit, int otherwise = Max) =>
        limit is < 1 or > Max
            ? new Refusal("limit_invalid", $"Give a limit of 1 to {Max}.", "limit")
            : limit ?? otherwise;
}

/// <summary>The opaque text between two pages: base64url of where to go on.</summary>
public static class PageCursor
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Null stays null: there is no next page.</summary>
    public static string? Encode(string? next) => next is null ? null : Base64Url.EncodeToString(Strict.GetBytes(next));

    /// <summary>What was encoded. Refusal code: next_page_invalid.</summary>
    public static Outcome<string> Decode(string cursor)
    {
        try
        {
            return Strict.GetString(Base64Url.DecodeFromChars(cursor));
        }
        catch (Exception fault) when (fault is FormatException or ArgumentException)
        {
            return new Refusal("next_page_invalid", "This next_page is not one that a list answered; leave it out to start at the first.", "next_page");
        }
    }
}
