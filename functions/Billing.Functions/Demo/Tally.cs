using Billing.Functions.Demo.Traffic;

namespace Billing.Functions.Demo;

/// <summary>A customer's use in a month.</summary>
internal sealed class Tally
{
    public decimal Requests { get; set; }

    /// <summary>By model, region and kind; what was never used is not there.</summary>
    public Dictionary<TokenGroup, decimal> Tokens { get; } = [];

    public void Add(TokenGroup group, decimal tokens)
    {
        if (tokens != 0) Tokens[group] = Tokens.GetValueOrDefault(group) + tokens;
    }
}

/// <summary>The use of all customers by month, in plain dictionaries.</summary>
internal sealed class Tallies
{
    private readonly Dictionary<(int Customer, int Month), Tally> all = [];

    /// <summary>Added up request by request, before any of them is sent.</summary>
    public static Tallies ByHand(TrafficPlan traffic)
    {
        var tallies = new Tallies();
        foreach (var request in traffic.Requests)
        {
            var tally = tallies.Of(request.Customer, traffic.MonthOf(request.At));
            tally.Requests++;
            tally.Add(new TokenGroup(request.Model, request.Region, TokenKind.Input), request.Input);
            tally.Add(new TokenGroup(request.Model, request.Region, TokenKind.CachedInput), request.CachedInput);
            tally.Add(new TokenGroup(request.Model, request.Region, TokenKind.Output), request.Output);
        }
        return tallies;
    }

    /// <summary>Made when it is not there.</summary>
    public Tally Of(int customer, int month)
    {
        if (!all.TryGetValue((customer, month), out var tally)) all[(customer, month)] = tally = new Tally();
        return tally;
    }

    /// <summary>Tokens of a customer by model, all months.</summary>
    public Dictionary<string, decimal> ByModel(int customer) => all.Where(t => t.Key.Customer == customer).SelectMany(t => t.Value.Tokens)
        .GroupBy(t => t.Key.Model).ToDictionary(g => g.Key, g => g.Sum(t => t.Value));

    /// <summary>Requests of a customer, all months.</summary>
    public decimal RequestsOf(int customer) => all.Where(t => t.Key.Customer == customer).Sum(t => t.Value.Requests);

    /// <summary>Every sum by its name.</summary>
    public Dictionary<string, decimal> Sums()
    {
        var sums = new Dictionary<string, decimal>(StringComparer.Ordinal);
        foreach (var ((customer, month), tally) in all)
        {
            var of = $"customer {customer}, month {month + 1}";
            if (tally.Requests != 0) sums[$"{of}: requests"] = tally.Requests;
            foreach (var (group, tokens) in tally.Tokens) sums[$"{of}: {group.Model} {group.Region} {group.Kind}"] = tokens;
        }
        return sums;
    }
}
