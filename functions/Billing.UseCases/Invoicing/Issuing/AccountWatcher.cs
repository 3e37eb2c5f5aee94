using Billing.Domain.Invoicing;
using Billing.UseCases.Documents;
using Billing.UseCases.Notifications;
using NodaTime;

namespace Billing.UseCases.Invoicing;

/// <summary>What somebody who watches accounts adds to a step of billing.</summary>
/// <param name="Writes">Committed with the account's head.</param>
/// <param name="Messages">What others shall hear of it.</param>
/// <param name="Due">When time alone gives a reason to look again; null: never.</param>
public sealed record AccountLook(IReadOnlyList<Write> Writes, IReadOnlyList<Message> Messages, Instant? Due)
{
    public static readonly AccountLook Nothing = new([], [], null);
}

/// <summary>Somebody who watches accounts: asked for a look when an account has nothing to bill, after each change of it, and when it is due.</summary>
/// <param name="Watches">True when a customer is watched, so that a look is worth a step.</param>
/// <param name="LookAsync">Of the account as it was read after its head, and its open statements.</param>
public sealed record AccountWatcher(
    Func<string, CancellationToken, Task<bool>> Watches, Func<Account, IReadOnlyList<Statement>, Instant, CancellationToken, Task<AccountLook>> LookAsync);
