using PdfSharp.Drawing;
using PdfSharp.Fonts;
using PdfSharp.WPFonts;

namespace Billing.Functions.Pdf;

/// <summary>The two faces that documents are set in. They come with PDFsharp, so that they look the same on every machine, and know Latin, Greek and Cyrillic.</summary>
/// <remarks>Another script needs a font of its own: BILLING_PDF_FONT, and BILLING_PDF_FONT_BOLD, name TrueType files that are used instead.</remarks>
internal sealed class PdfFonts : IFontResolver
{
    private const string Family = "Invoice";
    private const string Regular = "regular";
    private const string Bold = "bold";

    // PDFsharp knows one resolver for the whole process.
    static PdfFonts() => GlobalFontSettings.FontResolver = new PdfFonts();

    /// <summary>A font of a size in points. Errors: throws when a file that is named can't be read.</summary>
    public static XFont Of(double size, bool bold = false) => new(Family, size, bold ? XFontStyleEx.Bold : XFontStyleEx.Regular);

    public FontResolverInfo ResolveTypeface(string familyName, bool isBold, bool isItalic) => new(isBold ? Bold : Regular);

    public byte[] GetFont(string faceName) => faceName == Bold
        ? Named("BILLING_PDF_FONT_BOLD") ?? Named("BILLING_PDF_FONT") ?? FontDataHelper.SegoeWPBold
        : Named("BILLING_PDF_FONT") ?? FontDataHelper.SegoeWP;

    private static byte[]? Named(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } path ? File.ReadAllBytes(path) : null;
}
