using System.Text.Json;
using Billing.Functions.Hosting;
using Billing.Functions.Hosting.Json;
using NodaTime;
using Xunit;

namespace Billing.Functions.Tests.Hosting;

public sealed class JsonRulesTests
{
    [Theory]
    [InlineData("0", "0")]
    [InlineData("-0.00", "0")]
    [InlineData("0e999999999999", "0")]
    [InlineData("1.50", "1.5")]
    [InlineData("\"1.50\"", "1.5")]
    [InlineData("100", "100")]
    [InlineData("1e3", "1000")]
    [InlineData("1.25E+2", "125")]
    [InlineData("25e-4", "0.0025")]
    [InlineData("-0.1", "-0.1")]
    [InlineData("79228162514264337593543950335", "79228162514264337593543950335")]
    [InlineData("-7.9228162514264337593543950335", "-7.9228162514264337593543950335")]
    [InlineData("1e28", "10000000000000000000000000000")]
    [InlineData("1e-28", "0.0000000000000000000000000001")]
    [InlineData("10000000000000000000000000000e-28", "1")]
    [InlineData("0.10000000000000000000000000000000000", "0.1")]
    public void A_decimal_is_read_exactly_and_written_without_exponent(string read, string written) =>
        Assert.Equal(written, JsonSerializer.Serialize(JsonSerializer.Deserialize<decimal>(read, JsonRules.Options), JsonRules.Options));

    [Theory]
    [InlineData("1e29")]
    [InlineData("1e-29")]
    [InlineData("1e99999999999")]
    [InlineData("79228162514264337593543950336")]
    [InlineData("7.92281625142643375935439503351")]
    [InlineData("\"\"")]
    [InlineData("\" 1\"")]
    [InlineData("\"+1\"")]
    [InlineData("\"01\"")]
    [InlineData("\"1,000\"")]
    [InlineData("\"1.\"")]
    [InlineData("\"0x10\"")]
    [InlineData("\"NaN\"")]
    [InlineData("null")]
    public void What_is_no_number_or_can_not_be_kept_exactly_is_refused(string read) =>
        Assert.Throws<ValueNeededException>(() => JsonSerializer.Deserialize<decimal>(read, JsonRules.Options));

    [Theory]
    [InlineData("2026-01-01T00:00:00Z", "2026-01-01T00:00:00+00:00")]
    [InlineData("2026-01-01t00:00:00z", "2026-01-01T00:00:00+00:00")]
    [InlineData("2026-01-01T01:30:00.25+01:30", "2026-01-01T00:00:00.25+00:00")]
    [InlineData("2025-12-31T19:00:00.123456789-05:00", "2026-01-01T00:00:00.123456789+00:00")]
    public void An_instant_is_written_in_UTC_with_a_numeric_offset(string read, string written) =>
        Assert.Equal($"\"{written}\"", JsonSerializer.Serialize(JsonSerializer.Deserialize<Instant>($"\"{read}\"", JsonRules.Options), JsonRules.Options));

    [Theory]
    [InlineData("2026-01-01T00:00:00")]
    [InlineData("2026-01-01 00:00:00Z")]
    [InlineData("2026-01-01T24:00:01Z")]
    [InlineData("2026-13-01T00:00:00Z")]
    [InlineData("12026-01-01T00:00:00Z")]
    [InlineData("-2026-01-01T00:00:00Z")]
    [InlineData("9999-12-31T23:59:59-12:00")]
    [InlineData("2026-01-01T00:00:00+0100")]
    [InlineData("")]
    public void A_time_that_names_no_instant_is_refused(string read) =>
        Assert.Throws<ValueNeededException>(() => JsonSerializer.Deserialize<Instant>($"\"{read}\"", JsonRules.Options));

    [Theory]
    [InlineData("ROUND_HALF_UP", "ROUND_HALF_UP")]
    [InlineData("round_half_up", "ROUND_HALF_UP")]
    [InlineData("roundHalfUp", "ROUND_HALF_UP")]
    [InlineData("UP", "ROUND_UP")]
    [InlineData("up", "ROUND_UP")]
    [InlineData("usageproductlistitem", "UsageProductListItem")]
    public void An_enum_is_read_in_any_case_and_by_alias_and_written_in_upper_snake(string read, string written) =>
        Assert.Equal($"\"{written}\"", JsonSerializer.Serialize(
            JsonSerializer.Deserialize<ProbeServer.Rounding>($"\"{read}\"", JsonRules.Options), JsonRules.Options));
}
