using Billing.Domain.Contracts;
using Billing.Domain.Credits;
using Billing.Domain.Invoicing;
using Billing.UseCases.Contracts;
using Billing.UseCases.Documents;
using Billing.UseCases.Invoicing;
using NodaTime;

namespace Billing.UseCases.Notifications;

/// <summary>An instant at which a contract, or a segment of a commit or credit, begins or ends.</summary>
/// <param name="Type">Of the message that tells it.</param>
/// <param name="About">The contract's or the segment's id.</param>
/// <param name="At">When it is.</param>
/// <param name="KnownAt">When it is told: then, or when the term was made if that is later.</param>
internal sealed record TermMoment(string Type, string About, Instant At, Instant KnownAt, params (string Name, object? Value)[] Properties)
{
    public string Key => $"{Type} {About} {At}";
}

/// <summary>A moment that was told.</summary>
internal sealed record ToldMoment(string Key, Instant KnownAt);

/// <summary>Tells when contracts and access segments begin and end, each moment once, as the account stands when it comes.</summary>
/// <remarks>
/// What was told is kept in the account and written with the messages. A moment that an edit moves is another one; one that passed more than 60 days before the
/// account was looked at is not told any more.
/// </remarks>
public sealed class TermMoments(IDocumentStore store)
{
    private const string Kind = "told-moments";
    private const int MaxMessages = 40;
    private static readonly Duration Kept = Duration.FromDays(60);

    /// <summary>What has come and was not told.</summary>
    public async Task<AccountLook> LookAsync(Account account, Instant at, CancellationToken stop)
    {
        var customerId = account.Customer.Id;
        var moments = Of(account).ToList();
        var next = moments.Where(m => m.KnownAt > at).Select(m => (Instant?)m.KnownAt).Min();
        var come = moments.Where(m => m.KnownAt <= at && m.KnownAt > at - Kept).OrderBy(m => m.KnownAt).ThenBy(m => m.Key, StringComparer.Ordinal).ToList();
        if (come.Count == 0) return new AccountLook([], [], next);
        var told = (await store.FindAsync<ToldMoment[]>(Accounts.PlaceOf(customerId), Kind, stop))?.Value ?? [];
        var known = told.Select(t => t.Key).ToHashSet(StringComparer.Ordinal);
        var fresh = come.Where(m => !known.Contains(m.Key)).ToList();
        if (fresh.Count == 0) return new AccountLook([], [], next);
        var now = fresh.Take(MaxMessages).ToList();
        return new AccountLook(
            [new Write.Upsert(Accounts.PlaceOf(customerId).Keep(Kind, Kind, told.Where(t => t.KnownAt > at - Kept).Concat(now.Select(m => new ToldMoment(m.Key, m.KnownAt))).ToArray()))],
            [.. now.Select(m => Message.Of(customerId, account.Head.Version + 1, m.Type, m.Key, m.At, [("customer_id", customerId), .. m.Properties, ("timestamp", m.At)]))],
            fresh.Count > now.Count ? Accounts.AtOnce : next);
    }

    private static IEnumerable<TermMoment> Of(Account account)
    {
        var contracts = account.Contracts.Select(c => c.Terms.Contract).ToList();
        foreach (var contract in contracts)
        {
            yield return Of(contract, "start", contract.StartingAt);
            if (contract.EndingBefore is { } end) yield return Of(contract, "end", end);
        }
        // What a renewal takes over is known once the contract before is billed; until then it is not told.
        foreach (var commit in account.Commits.Where(c => c.ArchivedAt is null && c.IsPaid && !(c.RolledOver is not null && c.Version == Rollovers.Derived)))
        {
            var own = contracts.Find(c => c.Id == commit.ContractId);
            // Of an archived contract nothing is told any more.
            if (commit.ContractId is not null && own is null) continue;
            var last = own?.EndingBefore;
            for (var i = 0; i < commit.Access.Count; i++)
            {
                var segment = commit.Access[i];
                if (segment.StartingAt >= last) continue;
                yield return Of(commit, i, "start", segment.StartingAt);
                yield return Of(commit, i, "end", last < segment.EndingBefore ? last.Value : segment.EndingBefore);
            }
        }
    }

    private static TermMoment Of(Contract contract, string what, Instant at) =>
        new($"contract.{what}", contract.Id, at, Instant.Max(at, contract.CreatedAt), ("contract_id", contract.Id));

    private static TermMoment Of(Commit commit, int index, string what, Instant at)
    {
        var (of, segment) = (commit.Type == CommitType.Credit ? "credit" : "commit", commit.Access[index]);
        return new TermMoment(
            $"{of}.segment.{what}", segment.Id, at, Instant.Max(at, commit.CreatedAt), ("contract_id", commit.ContractId), (of + "_id", commit.Id), ("segment_id", segment.Id),
            ("segment_number", (decimal)(index + 1)), ("segment_count", (decimal)commit.Access.Count), ("amount", segment.Amount), ("credit_type_id", commit.CreditTypeId));
    }
}
