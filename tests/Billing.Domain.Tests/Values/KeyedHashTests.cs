using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Billing.Domain.Metering.Events;
using Billing.Domain.Values;
using Xunit;

namespace Billing.Domain.Tests.Values;

/// <summary>Expected: <c>openssl mac -macopt hexkey:000102030405060708090a0b0c0d0e0f -macopt size:16 -in … SIPHASH</c> (OpenSSL 3.0).</summary>
public sealed class KeyedHashTests
{
    private static readonly HashKey Key = HashKey.From([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);

    [Theory]
    [InlineData(0, "A3817F04BA25A8E66DF67214C7550293")]
    [InlineData(8, "3B62A9BA6258F5610F83E264F31497B4")]
    [InlineData(16, "6EE2A4CA67B054BBFD3315BF85230577")]
    [InlineData(24, "2DB479AE78BD50D8882A8A178A6132AD")]
    [InlineData(64, "1EAF077DC0D4CD3F8CAD4D383658A74B")]
    // 2,048 bytes: the length byte wraps to 0.
    [InlineData(2_048, "A3ED1D0D55240BBFEBECBBECED9AF2E7")]
    public void Words_hash_as_SipHash_2_4_with_128_bits(int bytes, string expected)
    {
        var hash = new KeyedHash(Key);
        for (var at = 0; at < bytes; at += 8)
            hash.Add(BinaryPrimitives.ReadUInt64LittleEndian([.. Enumerable.Range(at, 8).Select(b => (byte)(b % 256))]));
        Assert.Equal(expected, Bytes(hash.Finish()));
    }

    [Fact]
    public void A_field_is_its_length_and_its_bytes_padded_to_words()
    {
        // 03 00 00 00 00 00 00 00 'a' 'b' 'c' 00 00 00 00 00
        var hash = new KeyedHash(Key);
        hash.Add("abc"u8);
        Assert.Equal("BF27547CAD84CCEABB63974AEF6A1E21", Bytes(hash.Finish()));
    }

    [Fact]
    public void The_dedup_key_is_the_hash_of_the_fields_source_and_id() =>
        // 01…, 's' 00…, 0a…, '01234567', '89' 00…
        Assert.Equal("4EFA025905A4F145A7E8470A93F777BA", Bytes(EventIdentity.Key(Key, "s"u8, "0123456789"u8)));

    [Theory]
    [InlineData("a", "bc", "ab", "c")]
    [InlineData("", "a", "a", "")]
    [InlineData("a\0", "", "a", "")]
    [InlineData("", "", "", "\0")]
    [InlineData("12345678", "", "1234567", "8")]
    public void Two_lists_of_fields_never_give_one_input(string source, string id, string otherSource, string otherId) => Assert.NotEqual(
        EventIdentity.Key(Key, Encoding.UTF8.GetBytes(source), Encoding.UTF8.GetBytes(id)),
        EventIdentity.Key(Key, Encoding.UTF8.GetBytes(otherSource), Encoding.UTF8.GetBytes(otherId)));

    [Fact]
    public void Another_key_gives_another_hash() => Assert.NotEqual(
        EventIdentity.Key(Key, "s"u8, "1"u8), EventIdentity.Key(Key with { Second = Key.Second + 1 }, "s"u8, "1"u8));

    [Fact]
    public void A_key_moves_as_its_16_bytes() => Assert.Equal(Key, HashKey.From(Key.ToBytes()));

    // The reference writes the first half, then the second, each little-endian.
    private static string Bytes(UInt128 hash)
    {
        var bytes = new byte[16];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, (ulong)(hash >> 64));
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(8), (ulong)(hash & ulong.MaxValue));
        return string.Concat(bytes.Select(b => b.ToString("X2", CultureInfo.InvariantCulture)));
    }
}
