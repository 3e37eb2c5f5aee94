namespace Billing.Benchmarks.Workload;

/// <summary>What was sent, added up apart from the product: the totals that its queries must give back exactly.</summary>
internal sealed class Sent
{
    private readonly long[] byMeterAndGroup = new long[Draw.Meters * Draw.Groups];
    private readonly long[] byCustomerAndMeter = new long[Draw.Customers * Draw.Meters];

    public long Events { get; private set; }

    public void Add(in Draw draw)
    {
        byMeterAndGroup[draw.Meter * Draw.Groups + draw.Group] += draw.Tokens;
        byCustomerAndMeter[draw.Customer * Draw.Meters + draw.Meter] += draw.Tokens;
        Events++;
    }

    public void Add(Sent other)
    {
        for (var i = 0; i < byMeterAndGroup.Length; i++) byMeterAndGroup[i] += other.byMeterAndGroup[i];
        for (var i = 0; i < byCustomerAndMeter.Length; i++) byCustomerAndMeter[i] += other.byCustomerAndMeter[i];
        Events += other.Events;
    }

    /// <summary>Tokens of a meter and group, by all customers.</summary>
    public long Of(int meter, int group) => byMeterAndGroup[meter * Draw.Groups + group];

    /// <summary>Tokens of a customer and meter, in all groups.</summary>
    public long OfCustomer(int customer, int meter) => byCustomerAndMeter[customer * Draw.Meters + meter];
}
