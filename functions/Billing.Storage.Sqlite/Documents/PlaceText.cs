using System.Globalization;
using Billing.UseCases.Documents;

namespace Billing.Storage.Sqlite.Documents;

/// <summary>The text of a partition in the table: <c>{length of first}:{first}{second}</c>, so that ("ab", "c") is not ("a", "bc").</summary>
internal static class PlaceText
{
    public static string Of(Place place) =>
        string.Concat(place.First.Length.ToString(CultureInfo.InvariantCulture), ":", place.First, place.Second);

    public static Place Parse(Container container, string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var first = colon + 1;
        var second = first + int.Parse(text.AsSpan(0, colon), NumberStyles.None, CultureInfo.InvariantCulture);
        return new Place(container, text[first..second], text[second..]);
    }
}
