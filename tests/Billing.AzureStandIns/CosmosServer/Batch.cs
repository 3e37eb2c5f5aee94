#pragma warning disable // Dense on purpose: a stand-in for a service, written to be run, not read.
using Microsoft.Azure.Cosmos;
using Microsoft.Azure.Cosmos.Serialization.HybridRow;
using Microsoft.Azure.Cosmos.Serialization.HybridRow.IO;
using Microsoft.Azure.Cosmos.Serialization.HybridRow.Layouts;
using Microsoft.Azure.Cosmos.Serialization.HybridRow.RecordIO;
using Microsoft.Azure.Cosmos.Serialization.HybridRow.Schemas;

namespace Billing.AzureStandIns.CosmosServer;

public sealed class BatchOp { public int Op; public string? Pk, Id, IfMatch, IfNoneMatch; public byte[]? Body; public bool Minimal; }
public sealed class BatchRes { public int Status, Sub; public string? ETag; public byte[]? Body; public double Charge = 1; }
public static class BatchWire   // only public HybridRow types + the schema that the SDK embeds as a public manifest resource
{
    static readonly Namespace Ns; static readonly LayoutResolverNamespace Res; static readonly Layout ResultLayout;
    static BatchWire()
    {
        using var s = typeof(CosmosClient).Assembly.GetManifestResourceStream("Microsoft.Azure.Cosmos.Batch.HybridRowBatchSchemas.json")!;
        Ns = Namespace.Parse(new StreamReader(s).ReadToEnd()); Res = new LayoutResolverNamespace(Ns);
        ResultLayout = Res.Resolve(Ns.Schemas.Find(x => x.Name == "BatchResult")!.SchemaId);
    }
    public static async Task<List<BatchOp>> ReadAsync(Stream body)
    {
        var ms = new MemoryStream(); await body.CopyToAsync(ms); ms.Position = 0; var ops = new List<BatchOp>();
        var r = await ms.ReadRecordIOAsync((ReadOnlyMemory<byte> rec) => One(rec, ops), resizer: new MemorySpanResizer<byte>((int)ms.Length));
        if (r != Result.Success) throw new InvalidDataException("bad HybridRow " + r);
        return ops;
    }
    static Result One(ReadOnlyMemory<byte> rec, List<BatchOp> ops)
    {
        var row = new RowBuffer(rec.Length);
        if (!row.ReadFrom(rec.Span, HybridRowVersion.V1, Res)) return Result.Failure;
        var rd = new RowReader(ref row); var o = new BatchOp();
        while (rd.Read())
        {
            Result r = Result.Success; string? str;
            switch ((string)rd.Path)
            {
                case "operationType": r = rd.ReadInt32(out o.Op); break;
                case "partitionKey": r = rd.ReadString(out str); o.Pk = str; break;
                case "id": r = rd.ReadString(out str); o.Id = str; break;
                case "ifMatch": r = rd.ReadString(out str); o.IfMatch = str; break;
                case "ifNoneMatch": r = rd.ReadString(out str); o.IfNoneMatch = str; break;
                case "resourceBody": r = rd.ReadBinary(out byte[] b); o.Body = b; break;
                case "minimalReturnPreference": r = rd.ReadBool(out o.Minimal); break;
            }
            if (r != Result.Success) return r;
        }
        ops.Add(o); return Result.Success;
    }
    public static async Task<byte[]> WriteAsync(List<BatchRes> res)
    {
        var ms = new MemoryStream(); var buf = new MemorySpanResizer<byte>(1024);
        var r = await ms.WriteRecordIOAsync(default(Segment), (long i, out ReadOnlyMemory<byte> b) =>
        {
            b = default; if (i >= res.Count) return Result.Success;
            var row = new RowBuffer(buf.Memory.Length, buf); row.InitLayout(HybridRowVersion.V1, ResultLayout, Res);
            var x = RowWriter.WriteBuffer(ref row, res[(int)i], Write); if (x != Result.Success) return x;
            b = buf.Memory.Slice(0, row.Length); return Result.Success;
        });
        if (r != Result.Success) throw new InvalidDataException("HybridRow write " + r);
        return ms.ToArray();
    }
    static Result Write(ref RowWriter w, TypeArgument _, BatchRes x)
    {
        Result r = w.WriteInt32("statusCode", x.Status); if (r != Result.Success) return r;
        if (x.Sub != 0 && (r = w.WriteInt32("subStatusCode", x.Sub)) != Result.Success) return r;
        if (x.ETag != null && (r = w.WriteString("eTag", x.ETag)) != Result.Success) return r;
        if (x.Body != null && (r = w.WriteBinary("resourceBody", x.Body)) != Result.Success) return r;
        return w.WriteFloat64("requestCharge", x.Charge);
    }
}
