using Billing.Domain.Values;
using Xunit;

namespace Billing.Domain.Tests.Values;

public sealed class VarintTests
{
    [Theory]
    [InlineData(0UL, 1)]
    [InlineData(127UL, 1)]
    [InlineData(128UL, 2)]
    [InlineData(16_383UL, 2)]
    [InlineData(16_384UL, 3)]
    [InlineData(ulong.MaxValue, 10)]
    public void A_number_takes_a_byte_for_seven_bits_and_comes_back(ulong value, int bytes)
    {
        var buffer = new byte[10];
        Assert.Equal(bytes, Varint.Write(buffer, value));
        ReadOnlySpan<byte> from = buffer.AsSpan(0, bytes);
        Assert.Equal(value, Varint.Read(ref from));
        Assert.True(from.IsEmpty);
    }

    [Fact]
    public void A_signed_number_comes_back_whatever_its_size()
    {
        var values = new List<Int128> { Int128.MinValue, Int128.MaxValue, 0, -1, 1, 63, -64, 64 };
        for (var bit = 0; bit < 127; bit++) values.AddRange([Int128.One << bit, -(Int128.One << bit), (Int128.One << bit) - 1]);
        var buffer = new byte[19];
        foreach (var value in values)
        {
            ReadOnlySpan<byte> from = buffer.AsSpan(0, Varint.WriteSigned(buffer, value));
            Assert.Equal(value, Varint.ReadSigned(ref from));
            Assert.True(from.IsEmpty);
        }
        Assert.Equal(1, Varint.WriteSigned(buffer, -64));
        Assert.Equal(2, Varint.WriteSigned(buffer, 64));
    }

    [Fact]
    public void Bytes_that_end_inside_a_number_are_refused()
    {
        Assert.Throws<InvalidDataException>(() => { ReadOnlySpan<byte> from = [0x80]; Varint.Read(ref from); });
        Assert.Throws<InvalidDataException>(() => { ReadOnlySpan<byte> from = [0x80, 0xFF]; Varint.ReadSigned(ref from); });
        Assert.Throws<InvalidDataException>(() => { ReadOnlySpan<byte> from = default; Varint.Read(ref from); });
    }
}
