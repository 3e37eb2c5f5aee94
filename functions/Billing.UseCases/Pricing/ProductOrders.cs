using Billing.Domain.Pricing;
using Billing.Domain.Values;

namespace Billing.UseCases.Pricing;

/// <summary>A product and the place it shall have.</summary>
/// <param name="Position">From 0; past the end: the last.</param>
public sealed record ProductMove(string ProductId, int Position);

/// <summary>Sets in which order the products of a card stand on invoices.</summary>
public sealed class ProductOrders(RateCards cards, Rates rates)
{
    /// <summary>Sets the order. Products of the card that are left out follow in the order of their first rates.</summary>
    public Task<Outcome<RateCard>> SetAsync(string rateCardId, IReadOnlyList<string> order, CancellationToken stop) => ChangeAsync(
        rateCardId,
        known => order.Select((id, i) => (id, i)).FirstOrDefault(p => !known.Contains(p.id) || order.Take(p.i).Contains(p.id)) is { id: not null } wrong
            ? new Refusal("not_a_product_of_the_card", $"'{wrong.id}' has no rate on the card, or stands twice.", $"/product_order/{wrong.i}")
            : new Outcome<IReadOnlyList<string>>(order),
        stop);

    /// <summary>Moves products to places, one after the other.</summary>
    public Task<Outcome<RateCard>> MoveAsync(string rateCardId, IReadOnlyList<ProductMove> moves, CancellationToken stop) => ChangeAsync(
        rateCardId,
        known =>
        {
            var order = known.ToList();
            for (var i = 0; i < moves.Count; i++)
            {
                if (moves[i].Position < 0) return new Refusal("bad_position", "A position is 0 or more.", $"/product_moves/{i}/position");
                if (!order.Remove(moves[i].ProductId)) return new Refusal("not_a_product_of_the_card", $"'{moves[i].ProductId}' has no rate on the card.", $"/product_moves/{i}/product_id");
                order.Insert(Math.Min(moves[i].Position, order.Count), moves[i].ProductId);
            }
            return new Outcome<IReadOnlyList<string>>(order);
        },
        stop);

    private async Task<Outcome<RateCard>> ChangeAsync(string rateCardId, Func<IReadOnlyList<string>, Outcome<IReadOnlyList<string>>> decide, CancellationToken stop)
    {
        if (!(await cards.GetAsync(rateCardId, stop)).Is(out var now, out var refusal)) return refusal;
        var priced = new RateSchedule(await rates.OfVersionAsync(rateCardId, now.Version, stop)).Products;
        return await cards.ChangeAsync(
            rateCardId,
            card => decide([.. card.ProductOrder, .. priced.Except(card.ProductOrder)]).Is(out var order, out var wrong) ? card with { ProductOrder = order } : wrong,
            stop);
    }
}
