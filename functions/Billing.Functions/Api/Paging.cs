using System.Buffers.Text;
using System.Security.Cryptography;
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
    /// <param name="otherwise">How many when no limit is given.</param>
    /// <param name="list">As in <see cref="PageCursor"/>.</param>
    public Outcome<PageWanted> Check(int otherwise = PageLimit.Max, string list = "") => PageWanted.Of(NextPage, Limit, otherwise, list);
}

/// <summary>A page that can be read.</summary>
/// <param name="From">What <see cref="PageCursor.Encode"/> was given; null for the first page.</param>
/// <param name="Limit">1 to 100.</param>
public sealed record PageWanted(string? From, int Limit)
{
    /// <summary>Checks what a request asks for, from its query or its body.</summary>
    public static Outcome<PageWanted> Of(string? nextPage, int? limit, int otherwise = PageLimit.Max, string list = "")
    {
        if (!PageLimit.Of(limit, otherwise).Is(out var count, out var refusal)) return refusal;
        if (string.IsNullOrEmpty(nextPage)) return new PageWanted(null, count);
        return PageCursor.Decode(nextPage, list).Is(out var from, out refusal) ? new PageWanted(from, count) : refusal;
    }
}

/// <summary>How many things a page holds.</summary>
public static class PageLimit
{
    public const int Max = 100;

    /// <summary>The limit, or another when none is given. Refusal code: limit_invalid.</summary>
    public static Outcome<int> Of(int? limit, int otherwise = Max) =>
        limit is < 1 or > Max
            ? new Refusal("limit_invalid", $"limit: A number of 1 to {Max} is needed here, not {limit}.", "limit")
            : limit ?? otherwise;
}

/// <summary>The opaque text between two pages: base64url of a check and of where to go on.</summary>
/// <remarks>
/// The check tells texts of ours from others, so that what is made up, cut off or taken from another list is refused before a store must read it.
/// It guards against mistakes: who wants to can make one. Lists of documents share one kind of place and need no name.
/// </remarks>
public static class PageCursor
{
    private const int CheckBytes = 4;

    /// <summary>Null stays null: there is no next page.</summary>
    /// <param name="next">Where to go on.</param>
    /// <param name="list">Tells lists apart whose places are of another kind.</param>
    public static string? Encode(string? next, string list = "") =>
        next is null ? null : Base64Url.EncodeToString([.. CheckOf(next, list), .. Encoding.UTF8.GetBytes(next)]);

    /// <summary>What was encoded for the same list. Refusal code: next_page_invalid.</summary>
    public static Outcome<string> Decode(string cursor, string list = "")
    {
        if (Base64Url.IsValid(cursor) && Base64Url.DecodeFromChars(cursor) is { Length: > CheckBytes } bytes
            && Encoding.UTF8.GetString(bytes.AsSpan(CheckBytes)) is var next && CheckOf(next, list).SequenceEqual(bytes.AsSpan(0, CheckBytes))) return next;
        return new Refusal("next_page_invalid", "This next_page is not one that this list answered; leave it out to start at the first.", "next_page");
    }

    private static ReadOnlySpan<byte> CheckOf(string next, string list) => SHA256.HashData(Encoding.UTF8.GetBytes($"{list}\n{next}")).AsSpan(0, CheckBytes);
}
