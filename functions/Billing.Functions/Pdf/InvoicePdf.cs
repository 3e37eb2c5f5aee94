using System.Globalization;
using Billing.Domain.Contracts;
using PdfSharp;
using PdfSharp.Drawing;
using PdfSharp.Drawing.Layout;
using PdfSharp.Pdf;

namespace Billing.Functions.Pdf;

/// <summary>Sets an invoice on A4 pages. Units: points.</summary>
internal sealed class InvoicePdf : IDisposable
{
    private const double Left = 50;
    private const double Right = 545;
    private const double Top = 50;
    private const double Bottom = 770;
    private const double RowHeight = 15;
    private const double QuantityEnd = 400;
    private const double PriceEnd = 470;
    private const double DescriptionWidth = 170;
    private const double DetailStart = 225;

    private readonly InvoiceText text;
    private readonly PdfDocument document = new();
    private readonly XFont small = PdfFonts.Of(8);
    private readonly XFont plain = PdfFonts.Of(9);
    private readonly XFont bold = PdfFonts.Of(9, bold: true);
    private readonly XFont large = PdfFonts.Of(18, bold: true);
    private readonly XPen rule = new(XColors.LightGray, 0.5);
    private XGraphics page = null!;
    private double y;

    private InvoicePdf(InvoiceText text) => this.text = text;

    /// <summary>The document's bytes.</summary>
    public static byte[] Of(InvoiceText text)
    {
        using var pdf = new InvoicePdf(text);
        pdf.document.Info.Title = $"{text.Title} {text.Facts[0].Value}";
        pdf.document.Info.Author = text.Seller.Name;
        pdf.Begin();
        pdf.Heading();
        pdf.Table();
        pdf.Sums();
        pdf.Remark();
        pdf.Feet();
        using var bytes = new MemoryStream();
        pdf.document.Save(bytes);
        return bytes.ToArray();
    }

    public void Dispose() => document.Dispose();

    private void Begin()
    {
        page?.Dispose();
        var added = document.AddPage();
        added.Size = PageSize.A4;
        page = XGraphics.FromPdfPage(added);
        y = Top;
    }

    private void Heading()
    {
        Write(text.Title, large, Right, y + 12, fromRight: true);
        var right = y + 34;
        foreach (var (name, value) in text.Facts)
        {
            Write(name, small, 330, right);
            Write(value, small, Right, right, fromRight: true);
            right += 12;
        }
        Address(text.Seller, "");
        y = Math.Max(y, Top + 80);
        Address(text.Buyer, "Billed to");
        y = Math.Max(y, right) + 20;
    }

    private void Address(Party party, string heading)
    {
        if (heading.Length > 0) Line(heading, small);
        Line(party.Name, bold);
        foreach (var line in party.AddressLines) Line(line, plain);
        if (party.TaxId is { } taxId) Line("Tax id " + taxId, plain);
        if (party.Email is { } email) Line(email, plain);

        void Line(string line, XFont font)
        {
            Write(Fit(line, font, 260), font, Left, y + 10);
            y += 12;
        }
    }

    private void Table()
    {
        TableHead();
        for (var i = 0; i < text.Rows.Count; i++)
        {
            var row = text.Rows[i];
            // A product's name stays with its first line.
            if (y + RowHeight * (row.IsGroup ? 2 : 1) > Bottom) NextTablePage();
            if (row.IsGroup)
            {
                y += 4;
                Write(Fit(row.Description, bold, 380), bold, Left, y + 10);
                Write(row.Amount, bold, Right, y + 10, fromRight: true);
            }
            else
            {
                Write(Fit(row.Description, plain, DescriptionWidth - 10), plain, Left + 10, y + 10);
                Write(Fit(row.Detail, small, QuantityEnd - DetailStart - page.MeasureString(row.Quantity, plain).Width - 6), small, DetailStart, y + 10);
                Write(row.Quantity, plain, QuantityEnd, y + 10, fromRight: true);
                Write(row.UnitPrice, plain, PriceEnd, y + 10, fromRight: true);
                Write(row.Amount, plain, Right, y + 10, fromRight: true);
            }
            y += RowHeight;
        }
        if (text.Rows.Count > 0) return;
        Write("Nothing was used or fell due.", plain, Left, y + 10);
        y += RowHeight;
    }

    private void NextTablePage()
    {
        Begin();
        TableHead();
    }

    private void TableHead()
    {
        Write("Description", small, Left, y + 10);
        Write("Quantity", small, QuantityEnd, y + 10, fromRight: true);
        Write("Unit price", small, PriceEnd, y + 10, fromRight: true);
        Write("Amount", small, Right, y + 10, fromRight: true);
        y += RowHeight;
        page.DrawLine(rule, Left, y, Right, y);
    }

    private void Sums()
    {
        if (y + 20 + RowHeight * text.Sums.Count > Bottom) Begin();
        y += 8;
        page.DrawLine(rule, Left, y, Right, y);
        foreach (var (name, value) in text.Sums)
        {
            var font = name == text.Sums[^1].Name ? bold : plain;
            Write(name, font, 330, y + 14);
            Write(value, font, Right, y + 14, fromRight: true);
            y += RowHeight;
        }
    }

    /// <summary>Words behind the sums, broken between words.</summary>
    private void Remark()
    {
        if (text.Remark is not { } remark) return;
        y += RowHeight;
        foreach (var paragraph in remark.Split('\n'))
        {
            var line = "";
            foreach (var word in paragraph.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                if (line.Length > 0 && page.MeasureString($"{line} {word}", plain).Width > Right - Left) line = Next(line);
                line = line.Length == 0 ? word : $"{line} {word}";
            }
            Next(line);
        }

        string Next(string line)
        {
            if (y + RowHeight > Bottom) Begin();
            Write(Fit(line, plain, Right - Left), plain, Left, y + 10);
            y += 12;
            return "";
        }
    }

    /// <summary>The foot of each page, once it is known how many there are.</summary>
    private void Feet()
    {
        page.Dispose();
        for (var i = 0; i < document.PageCount; i++)
        {
            using var foot = XGraphics.FromPdfPage(document.Pages[i]);
            var number = string.Create(CultureInfo.InvariantCulture, $"{text.Title} {text.Facts[0].Value} · page {i + 1} of {document.PageCount}");
            foot.DrawString(number, small, XBrushes.Gray, Right, 815, XStringFormats.BaseLineRight);
            if (text.Seller.Note is { } note) new XTextFormatter(foot).DrawString(note, small, XBrushes.Gray, new XRect(Left, 785, 330, 40));
        }
    }

    private void Write(string words, XFont font, double x, double baseline, bool fromRight = false) =>
        page.DrawString(words, font, XBrushes.Black, x, baseline, fromRight ? XStringFormats.BaseLineRight : XStringFormats.BaseLineLeft);

    /// <summary>The text, or as much of its beginning as there is room for.</summary>
    private string Fit(string words, XFont font, double width)
    {
        if (page.MeasureString(words, font).Width <= width) return words;
        var runes = words.EnumerateRunes().ToList();
        for (var kept = runes.Count - 1; kept > 0; kept--)
        {
            var shorter = string.Concat(runes.Take(kept)) + "…";
            if (page.MeasureString(shorter, font).Width <= width) return shorter;
        }
        return "";
    }
}
