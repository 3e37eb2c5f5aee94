using Billing.Domain.Metering.Windows;
using Xunit;

namespace Billing.Domain.Tests.Metering;

public sealed class HashRangeTests
{
    [Theory]
    [InlineData(true, "")]
    [InlineData(true, "0", "1")]
    [InlineData(true, "1", "0")]
    [InlineData(true, "00", "01", "1")]
    [InlineData(true, "10", "0", "110", "111")]
    [InlineData(false)]
    [InlineData(false, "0")]
    [InlineData(false, "1")]
    [InlineData(false, "0", "0")]
    [InlineData(false, "1", "1")]
    [InlineData(false, "", "0")]
    [InlineData(false, "", "0", "1")]
    [InlineData(false, "0", "00", "01")]
    [InlineData(false, "0", "10")]
    [InlineData(false, "00", "10", "0")]
    [InlineData(false, "00", "00", "1")]
    public void Ranges_tile_when_they_cover_the_whole_exactly_once(bool tile, params string[] ranges) =>
        Assert.Equal(tile, HashRange.Tile([.. ranges.Select(HashRange.Parse)]));

    [Fact]
    public void Thousands_of_parts_tile()
    {
        var parts = Enumerable.Range(0, 8_192).Select(i => new HashRange((uint)i, 13)).ToList();
        Assert.True(HashRange.Tile(parts));
        parts[77] = parts[78];
        Assert.False(HashRange.Tile(parts));
    }

    [Fact]
    public void A_range_contains_the_hashes_with_its_prefix()
    {
        var quarter = HashRange.Whole.Half(1).Half(0);
        Assert.Equal("10", quarter.ToString());
        Assert.Equal(quarter, HashRange.Parse("10"));
        Assert.True(quarter.Contains((UInt128)2 << 126));
        Assert.True(quarter.Contains(((UInt128)3 << 126) - 1));
        Assert.False(quarter.Contains((UInt128)3 << 126));
        Assert.False(quarter.Contains(((UInt128)2 << 126) - 1));
        Assert.True(HashRange.Whole.Contains(UInt128.MaxValue));
        Assert.Equal("", HashRange.Whole.ToString());
        var deepest = Enumerable.Range(0, HashRange.MaxDepth).Aggregate(HashRange.Whole, (r, _) => r.Half(1));
        Assert.True(deepest.Contains(UInt128.MaxValue));
        Assert.False(deepest.Contains(UInt128.MaxValue >> 1));
        Assert.Equal(deepest, HashRange.Parse(new string('1', 30)));
    }

    [Fact]
    public void A_prefix_of_other_characters_is_refused() => Assert.ThrowsAny<FormatException>(() => HashRange.Parse("012"));
}
