using Billing.Domain.Metering;
using Billing.Domain.Metering.Windows;
using Billing.Domain.Values;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Billing.Domain.Tests.Metering;

/// <summary>Properties of cells and windows, over random events of all aggregations.</summary>
public sealed class WindowTests
{
    private static readonly HashKey Secret = new(11, 13);
    private static readonly Aggregation[] All = Enum.GetValues<Aggregation>();
    private static readonly Meter[] Meters = [.. All.Select(a => new Meter($"meter-{a}", a, null, null, [], null, [[new Dimension("g", PropertyPath.OfName("g"))]]))];

    private static readonly HashedMeter[] Hashed = [.. Meters.Select(m => new HashedMeter(m, Secret))];

    private static readonly Gen<Added> OneAdded =
        Gen.Choose(0, All.Length - 1).SelectMany(meter => Gen.Choose(0, 5).SelectMany(group => Gen.Choose(0, 59).SelectMany(cell =>
            Gen.Choose(-1_000_000, 1_000_000).SelectMany(value => Gen.Elements(1L, 1_000L, 1_000_000_000_000L).SelectMany(scale =>
                Gen.Choose(0, 3).SelectMany(time => Gen.Choose(0, 1_000_000).Select(hash => new Added(meter, group, cell, (Int128)value * scale, time, hash))))))));

    // No two events have one hash: they would be one fact.
    private static readonly Arbitrary<Added[]> Events = OneAdded.ArrayOf().Select(all => all.Select((e, i) => e with { Hash = e.Hash * 1_000 + i }).ToArray()).ToArbitrary();

    [Fact]
    public void The_order_of_events_is_irrelevant() => Holds(Events, events =>
        Bytes(Of(events)).SequenceEqual(Bytes(Of([.. events.Reverse()]))) && Bytes(Of(events)).SequenceEqual(Bytes(Of([.. events.OrderBy(e => e.Hash).ThenBy(e => e.Value)]))));

    [Fact]
    public void Merging_is_associative_and_commutative_and_the_same_as_adding() => Holds(Events, events =>
    {
        var (a, b, c) = (Of([.. events.Where((_, i) => i % 3 == 0)]), Of([.. events.Where((_, i) => i % 3 == 1)]), Of([.. events.Where((_, i) => i % 3 == 2)]));
        var whole = Bytes(Of(events));
        return Bytes(Merged(Merged(a, b), c)).SequenceEqual(whole) && Bytes(Merged(a, Merged(b, c))).SequenceEqual(whole) && Bytes(Merged(c, b, a)).SequenceEqual(whole);
    });

    [Fact]
    public void What_was_split_and_merged_is_the_whole() => Holds(Events, events =>
    {
        var (low, high) = Of(events).Split();
        var (lowLow, lowHigh) = low.Split();
        return low.Watermark == 7 && high.Watermark == 7 && Bytes(Merged(low, high)).SequenceEqual(Bytes(Of(events)))
            && Bytes(Merged(high, lowHigh, lowLow)).SequenceEqual(Bytes(Of(events)));
    });

    [Fact]
    public void A_half_holds_what_hashes_into_it_and_UNIQUE_elements_go_by_their_own_hash_too() => Holds(Events, events =>
    {
        var (low, high) = Of(events).Split();
        return new[] { low, high }.All(half => half.Series.All(s => s.Aggregation == Aggregation.Unique
            ? s.States.ToArray().All(cell => cell.Count == cell.Elements!.Count && cell.Elements!.Count > 0 && cell.Elements.All(e => half.Range.Contains(Window.PlaceOf(s.Hash, e))))
            : half.Range.Contains(s.Hash)));
    });

    [Fact]
    public void A_half_is_what_the_events_placed_in_it_give() => Holds(Events, events =>
    {
        var (low, high) = Of(events).Split();
        return new[] { low, high }.All(half =>
        {
            var again = new Window(1, half.Range, 7);
            foreach (var one in events.Where(e => half.Range.Contains(PlaceOf(e)))) Add(again, one);
            return Bytes(again).SequenceEqual(Bytes(half));
        });
    });

    [Fact]
    public void A_window_comes_back_from_its_bytes_as_the_same_bytes() => Holds(Events, events =>
    {
        var bytes = Bytes(Of(events));
        var read = WindowCodec.Decode(bytes, Secret);
        var header = WindowCodec.ReadHeader(bytes);
        // A half keeps its range and goes on where the whole was.
        var half = WindowCodec.Decode(Bytes(Of(events).Split().High), Secret);
        return Bytes(read).SequenceEqual(bytes) && header == new WindowHeader(1, HashRange.Whole, 7) && half.Range == new HashRange(1, 1) && half.Watermark == 7
            && Bytes(Merged(half, Of(events).Split().Low)).SequenceEqual(bytes);
    });

    [Fact]
    public void A_window_that_was_read_goes_on_like_the_one_that_was_written() => Holds(Events, events =>
    {
        var read = WindowCodec.Decode(Bytes(Of([.. events.Take(events.Length / 2)])), Secret);
        foreach (var more in events.Skip(events.Length / 2)) Add(read, more);
        return Bytes(read).SequenceEqual(Bytes(Of(events)));
    });

    [Fact]
    public void Cells_added_to_bytes_give_the_bytes_of_the_whole() => Holds(Events, events =>
    {
        var (merge, added) = (new WindowMerge(Secret), new AddedCells());
        var stored = ReadOnlyMemory<byte>.Empty;
        // Three batches; a second window takes the same events in reverse, and neither meets the other.
        foreach (var batch in events.Chunk(events.Length / 3 + 1))
        {
            added.Clear();
            var (window, other) = (added.NewWindow(), added.NewWindow());
            foreach (var one in batch) Add(added, window, one);
            foreach (var one in batch.Reverse()) Add(added, other, one with { Cell = 59 - one.Cell });
            stored = merge.Merge(stored, new WindowHeader(1, HashRange.Whole, 7), added, window);
        }
        return events.Length == 0 || stored.Span.SequenceEqual(Bytes(Of(events)));
    });

    [Fact]
    public void Thousands_of_cells_of_one_batch_are_kept_apart()
    {
        var (merge, added) = (new WindowMerge(Secret), new AddedCells());
        var events = Enumerable.Range(0, 30_000).Select(i => new Added(i % All.Length, i % 641, i % 59, i, i % 5, i)).ToArray();
        for (var again = 0; again < 2; again++)
        {
            var window = added.NewWindow();
            foreach (var one in events) Add(added, window, one);
            Assert.Equal(Bytes(Of(events)), merge.Merge(default, new WindowHeader(1, HashRange.Whole, 7), added, window));
            added.Clear();
        }
    }

    [Fact]
    public void Results_are_what_a_plain_calculation_gives() => Holds(Events, events =>
    {
        var window = WindowCodec.Decode(Bytes(Of(events)), Secret);
        foreach (var group in events.GroupBy(e => (e.Meter, e.Group)))
        {
            var state = default(CellState);
            var series = window.Series.Single(s => s.Hash == HashOf(group.Key.Meter, group.Key.Group));
            foreach (var cell in series.States) state.Merge(series.Aggregation, cell);
            var count = All[group.Key.Meter] == Aggregation.Unique ? group.Select(e => e.Hash % 17).Distinct().Count() : group.Count();
            if (series.Aggregation == Aggregation.TimeWeightedSum)
            {
                if (state.Count != count || state.Value != Sum(group.Select(e => e.Value)) || state.Moment != Sum(group.Select(e => e.Value * e.Time))) return false;
                continue;
            }
            if (state.Count != count || state.Result(series.Aggregation) != Expected(series.Aggregation, [.. group])) return false;
        }
        return window.Series.Count == events.Select(e => (e.Meter, e.Group)).Distinct().Count();

        static Int128 Sum(IEnumerable<Int128> values) => values.Aggregate(default(Int128), (a, b) => a + b);
    });

    [Theory]
    [InlineData("9223372036854775807")] // the last of 64 bits, halved and not
    [InlineData("-9223372036854775808")]
    [InlineData("4611686018427387904")]
    [InlineData("-4611686018427387905")]
    [InlineData("999999999999999999999999999")] // just below 10^15 units
    [InlineData("-999999999999999000000000000")]
    [InlineData("1")]
    public void A_value_of_any_size_comes_back(string value)
    {
        var number = Int128.Parse(value, System.Globalization.CultureInfo.InvariantCulture);
        var window = Of([new Added(Array.IndexOf(All, Aggregation.Max), 1, 5, number, 0, 1)]);
        Assert.Equal(number, WindowCodec.Decode(Bytes(window), Secret).Series.Single().States[0].Value);
    }

    [Fact]
    public void A_scan_finds_one_meters_series_and_no_others() => Holds(Events, events =>
    {
        var found = 0;
        WindowCodec.Scan(Bytes(Of(events)), (meter, grouping) => meter == "meter-Max" && grouping == 0, (_, _, group, indexes, states) => found += indexes.Length == states.Length ? states.Length : 1_000);
        var none = 0;
        WindowCodec.Scan(Bytes(Of(events)), (meter, grouping) => meter == "meter-Max" && grouping == 1, (_, _, _, _, _) => none++);
        return none == 0 && found == events.Where(e => All[e.Meter] == Aggregation.Max).Select(e => (e.Group, e.Cell)).Distinct().Count();
    });

    [Fact]
    public void Cells_merge_into_one_of_a_day() => Holds(Events, events =>
    {
        var day = new Window(60, HashRange.Whole, 0);
        foreach (var series in Of(events).Series) day.Merge(series, 23);
        var same = Of([.. events.Select(e => e with { Cell = 23 })]);
        return day.Series.All(s => s.Count == 1 && s.Indexes[0] == 23) && Bytes(Merged(day)).SequenceEqual(Bytes(same));
    });

    [Fact]
    public void Of_two_events_at_one_instant_the_higher_hash_is_the_latest()
    {
        var cell = default(CellState);
        cell.Add(Aggregation.Latest, new Measure(1, 0, 10, 5));
        cell.Add(Aggregation.Latest, new Measure(2, 0, 10, UInt128.MaxValue));
        cell.Add(Aggregation.Latest, new Measure(3, 0, 10, 6));
        cell.Add(Aggregation.Latest, new Measure(4, 0, 9, UInt128.MaxValue));
        Assert.Equal((2, 4), (cell.Value, cell.Count));
    }

    [Fact]
    public void An_average_is_rounded_at_20_decimals_half_even()
    {
        var cell = default(CellState);
        foreach (var value in new[] { 1, 0, 0 }) cell.Add(Aggregation.Avg, new Measure(value * Quantity.One, 0, 0, 0));
        // 1 ÷ 3
        Assert.Equal(0.33333333333333333333m, cell.Result(Aggregation.Avg));
        cell.Add(Aggregation.Avg, new Measure(Quantity.One, 0, 0, 0));
        // 2 ÷ 4
        Assert.Equal(0.5m, cell.Result(Aggregation.Avg));
        Assert.Equal(0, default(CellState).Result(Aggregation.Avg));
    }

    [Fact]
    public void A_sum_past_128_bits_throws_and_never_wraps()
    {
        var cell = default(CellState);
        cell.Add(Aggregation.Sum, new Measure(Int128.MaxValue, 0, 0, 0));
        Assert.Throws<OverflowException>(() => cell.Add(Aggregation.Sum, new Measure(1, 0, 0, 0)));
    }

    [Fact]
    public void Damaged_bytes_are_refused()
    {
        Assert.Throws<InvalidDataException>(() => WindowCodec.Decode([2, 1, 0, 0, 0], Secret));
        Assert.Throws<InvalidDataException>(() => WindowCodec.Decode([], Secret));
        var bytes = Bytes(Of([new Added(1, 1, 1, 5, 1, 1)]));
        Assert.Throws<InvalidDataException>(() => WindowCodec.Decode(bytes.AsSpan(0, bytes.Length - 1), Secret));
    }

    private static void Holds(Arbitrary<Added[]> events, Func<Added[], bool> rule) => Prop.ForAll(events, rule).Check(Config.QuickThrowOnFailure.WithMaxTest(150));

    private static Window Of(Added[] events)
    {
        var window = new Window(1, HashRange.Whole, 7);
        foreach (var one in events) Add(window, one);
        return window;
    }

    private static void Add(Window to, Added one)
    {
        var series = new Series(HashOf(one.Meter, one.Group), Meters[one.Meter].Id, Meters[one.Meter].Aggregation, 0, GroupOf(one.Group));
        series.At(one.Cell).Add(series.Aggregation, MeasureOf(one));
        to.Merge(series);
    }

    private static UInt128 PlaceOf(Added one)
    {
        var series = HashOf(one.Meter, one.Group);
        return All[one.Meter] == Aggregation.Unique ? Window.PlaceOf(series, Element(one.Hash % 17)) : series;
    }

    private static void Add(AddedCells to, int window, Added one) =>
        to.Add(window, HashOf(one.Meter, one.Group), Hashed[one.Meter], 0, GroupOf(one.Group), one.Cell, MeasureOf(one));

    private static Measure MeasureOf(Added one) => new(one.Value, Element(one.Hash % 17), one.Time, (UInt128)one.Hash << 64);

    private static UInt128 Element(int number)
    {
        var hash = new KeyedHash(Secret);
        hash.Add((ulong)number);
        return hash.Finish();
    }

    private static byte[] GroupOf(int group) => group == 0 ? [0] : [.. BitConverter.GetBytes(group)];

    private static UInt128 HashOf(int meter, int group) =>
        GroupKey.Hash(Secret, Hashed[meter].Hash, 0, GroupOf(group));

    private static Window Merged(params Window[] windows)
    {
        var whole = new Window(1, HashRange.Whole, 7);
        foreach (var window in windows)
            foreach (var series in window.Series) whole.Merge(series);
        return whole;
    }

    private static byte[] Bytes(Window window) => WindowCodec.Encode(window);

    private static decimal Expected(Aggregation aggregation, Added[] events) => aggregation switch
    {
        Aggregation.Count => events.Length,
        Aggregation.Unique => events.Select(e => e.Hash % 17).Distinct().Count(),
        Aggregation.Max => events.Max(e => Decimal(e.Value)),
        Aggregation.Min => events.Min(e => Decimal(e.Value)),
        Aggregation.Sum => events.Sum(e => Decimal(e.Value)),
        Aggregation.Avg => decimal.Round(events.Sum(e => Decimal(e.Value)) / events.Length, 20, MidpointRounding.ToEven),
        _ => Decimal(events.OrderByDescending(e => e.Time).ThenByDescending(e => e.Hash).First().Value),
    };

    private static decimal Decimal(Int128 scaled) => (decimal)scaled / 1_000_000_000_000m;

    private sealed record Added(int Meter, int Group, int Cell, Int128 Value, int Time, int Hash);
}
