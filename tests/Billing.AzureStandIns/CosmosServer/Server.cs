#pragma warning disable // Dense on purpose: a stand-in for a service, written to be run, not read.
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using System.Collections.ObjectModel;
using System.Net;
using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Billing.AzureStandIns.CosmosServer;

public sealed class Fail(int s, string code, string msg, int sub = 0) : Exception(msg) { public int Status = s, Sub = sub; public string Code = code; }
public sealed class Item { public required string Id, Pk, Epk, Rid, ETag; public required JsonObject Body; public long Lsn, Ts; }
public sealed class Coll
{
    public required string Id, Rid; public required JsonObject Props; public string[] Paths = []; public object? Def; public long Lsn, Seq;
    public Dictionary<(string Pk, string Id), Item> Items = []; public readonly Dictionary<string, string> Epks = []; public List<string[]> Unique = []; public int? Ttl;
    public readonly List<(string Id, string Min, string Max, string[] Parents)> Ranges = [("0", "", "1FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF", []), ("1", "1FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF", "FF", [])]; public int NextRange = 2;
    static UInt128 Num(string epk) => UInt128.Parse(epk.PadRight(32, '0'), System.Globalization.NumberStyles.HexNumber);
    public void Split(int at) { var r = Ranges[at]; var mid = (Num(r.Min) + (Num(r.Max) - Num(r.Min)) / 2).ToString("X32"); string[] from = [.. r.Parents, r.Id]; Ranges.RemoveAt(at); Ranges.Insert(at, ($"{NextRange++}", r.Min, mid, from)); Ranges.Insert(at + 1, ($"{NextRange++}", mid, r.Max, from)); }
}
public sealed class Db { public required string Id, Rid; public Dictionary<string, Coll> Colls = []; public uint Seq; }

public sealed class CosmosStandIn
{
    readonly Dictionary<string, Db> dbs = []; uint dbSeq; long etag; readonly object gate = new();
    public Func<DateTimeOffset> Now = () => DateTimeOffset.UtcNow; public bool DisableOde;
    public Func<string, string, ServiceFault?>? Fault;   // (method, path) -> what goes wrong with this request
    public void Split(string container, Random which) { lock (gate) { var c = dbs.Values.SelectMany(d => d.Colls.Values).Single(c => c.Id == container); c.Split(which.Next(c.Ranges.Count)); } }   // a physical partition becomes two
    // ---- effective partition key: the SDK's own internal hash, by reflection
    static readonly Assembly Direct = Assembly.Load("Microsoft.Azure.Cosmos.Direct");
    static readonly Type PkT = Direct.GetType("Microsoft.Azure.Documents.Routing.PartitionKeyInternal")!, DefT = Direct.GetType("Microsoft.Azure.Documents.PartitionKeyDefinition")!;
    static readonly MethodInfo FromJson = PkT.GetMethod("FromJsonString", BindingFlags.Public | BindingFlags.Static)!;
    static readonly MethodInfo Epk = PkT.GetMethod("GetEffectivePartitionKeyString", BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance)!;
    static string EpkOf(Coll c, string pk) => c.Epks.TryGetValue(pk, out var known) ? known : c.Epks[pk] = (string)Epk.Invoke(FromJson.Invoke(null, [pk]), [c.Def, true])!;
    static object MakeDef(JsonObject pk)
    {
        var d = Activator.CreateInstance(DefT)!; var flags = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance;
        DefT.GetProperty("Paths", flags)!.SetValue(d, new Collection<string>(pk["paths"]!.AsArray().Select(x => x!.GetValue<string>()).ToList()));
        var k = DefT.GetProperty("Kind", flags)!; k.SetValue(d, Enum.Parse(k.PropertyType, pk["kind"]?.GetValue<string>() ?? "Hash"));
        var v = DefT.GetProperty("Version", flags)!; v.SetValue(d, Enum.ToObject(Nullable.GetUnderlyingType(v.PropertyType) ?? v.PropertyType, pk["version"]?.GetValue<int>() ?? 1));
        return d;
    }
    static string Rid(params byte[][] parts) => Convert.ToBase64String(parts.SelectMany(x => x).ToArray()).Replace('/', '-');
    static byte[] U32(uint x) => [(byte)(x >> 24), (byte)(x >> 16), (byte)(x >> 8), (byte)x];
    static byte[] Un(string rid) => Convert.FromBase64String(rid.Replace('-', '/'));
    Db FindDb(string s) => dbs.GetValueOrDefault(s) ?? dbs.Values.FirstOrDefault(d => d.Rid == s) ?? throw new Fail(404, "NotFound", "Resource Not Found. Database", 1003);
    Coll FindColl(string d, string c) { var db = FindDb(d); return db.Colls.GetValueOrDefault(c) ?? db.Colls.Values.FirstOrDefault(x => x.Rid == c) ?? throw new Fail(404, "NotFound", "Owner resource does not exist", 1003); }
    static object? At(JsonNode? n, string path) { foreach (var s in path.Split('/', StringSplitOptions.RemoveEmptyEntries)) { if (n is JsonObject o && o.TryGetPropertyValue(s, out var v)) n = v; else return Undef.I; } return J.From(n); }
    static string PkOf(Coll c, JsonObject doc) => "[" + string.Join(",", c.Paths.Select(p => At(doc, p) is var v && v is Undef ? "{}" : JsonSerializer.Serialize(v))) + "]";
    static string Norm(string pk) => "[" + string.Join(",", JsonNode.Parse(pk)!.AsArray().Select(x => x is JsonObject ? "{}" : JsonSerializer.Serialize(J.From(x)))) + "]";
    static JsonNode? Dbl(JsonNode? n) => n switch { JsonObject o => new JsonObject(o.Select(kv => KeyValuePair.Create(kv.Key, Dbl(kv.Value)))), JsonArray a => new JsonArray(a.Select(Dbl).ToArray()), JsonValue v when v.GetValueKind() == JsonValueKind.Number => J.To(J.From(v)), null => null, _ => n.DeepClone() };
    bool Alive(Coll c, Item i) { int? ttl = i.Body["ttl"] is JsonValue v && v.TryGetValue<int>(out var t) ? t : c.Ttl; return c.Ttl == null || ttl is null or -1 || Now().ToUnixTimeSeconds() - i.Ts < ttl; }
    Item? Peek(Coll c, string pk, string id) { if (!c.Items.TryGetValue((pk, id), out var i)) return null; if (Alive(c, i)) return i; c.Items.Remove((pk, id)); return null; }
    Item Must(Coll c, string pk, string id) => Peek(c, pk, id) ?? throw new Fail(404, "NotFound", "Entity with the specified id does not exist in the system.");
    static void Match(Item i, string? ifMatch) { if (ifMatch is { Length: > 0 } and not "*" && ifMatch != i.ETag) throw new Fail(412, "PreconditionFailed", "Operation cannot be performed because one of the specified precondition is not met."); }
    Item Put(Coll c, string pk, JsonObject body, Item? old)
    {
        var id = body["id"] is JsonValue v && v.TryGetValue<string>(out var s) && s.Length is > 0 and <= 255 && s.IndexOfAny(['/', '\\', '?', '#']) < 0 ? s : throw new Fail(400, "BadRequest", "The input content is invalid because the required properties - 'id; ' - are missing or invalid");
        if (PkOf(c, body) != pk) throw new Fail(400, "BadRequest", "PartitionKey extracted from document doesn't match the one specified in the header", 1001);
        foreach (var u in c.Unique) { var k = u.Select(p => J.To(At(body, p) is Undef ? null : At(body, p))?.ToJsonString() ?? "null").ToArray(); if (c.Items.Values.Any(o => o.Pk == pk && o.Id != id && Alive(c, o) && u.Select(p => J.To(At(o.Body, p) is Undef ? null : At(o.Body, p))?.ToJsonString() ?? "null").SequenceEqual(k))) throw new Fail(409, "Conflict", "Unique index constraint violation."); }
        body = (JsonObject)Dbl(body)!; long ts = Now().ToUnixTimeSeconds(); c.Lsn++;
        var rid = old?.Rid ?? Rid(Un(c.Rid), BitConverter.GetBytes((ulong)++c.Seq)); var et = $"\"{++etag:x8}-0000-0700-0000-{ts:x12}\"";
        body["_rid"] = rid; body["_self"] = $"dbs/x/colls/{c.Rid}/docs/{rid}/"; body["_etag"] = et; body["_attachments"] = "attachments/"; body["_ts"] = ts;
        var it = new Item { Id = id, Pk = pk, Epk = EpkOf(c, pk), Rid = rid, ETag = et, Body = body, Lsn = c.Lsn, Ts = ts }; c.Items[(pk, id)] = it; return it;
    }
    (int, Item?) Apply(Coll c, int op, string pk, string? id, JsonNode? body, string? ifMatch)
    {
        switch (op)
        {
            case 0: { var b = body!.AsObject(); if (Peek(c, pk, b["id"]?.GetValue<string>() ?? "") != null) throw new Fail(409, "Conflict", "Entity with the specified id already exists in the system."); return (201, Put(c, pk, b, null)); }
            case 20: { var b = body!.AsObject(); var old = Peek(c, pk, b["id"]?.GetValue<string>() ?? ""); if (old != null) Match(old, ifMatch); return (old == null ? 201 : 200, Put(c, pk, b, old)); }
            case 2: return (200, Must(c, pk, id!));
            case 4: { var old = Must(c, pk, id!); Match(old, ifMatch); c.Items.Remove((pk, id!)); c.Lsn++; return (204, null); }
            case 5: { var old = Must(c, pk, id!); Match(old, ifMatch); var b = body!.AsObject(); if (b["id"]?.GetValue<string>() != id) throw new Fail(400, "BadRequest", "id in body does not match"); return (200, Put(c, pk, b, old)); }
            case 1: { var old = Must(c, pk, id!); Match(old, ifMatch); return (200, Put(c, pk, Patch(old, body!.AsObject()), old)); }
            default: throw new Fail(400, "BadRequest", "operation type " + op);
        }
    }
    static JsonObject Patch(Item old, JsonObject spec)
    {
        if (spec["condition"]?.GetValue<string>() is string cond && Parser.Condition(cond).Eval(new Env { Vars = new() { [cond.Split(' ', 3)[1]] = old.Body }, Params = [] }) is not true) throw new Fail(412, "PreconditionFailed", "One of the specified pre-condition is not met.", 1110);
        var d = (JsonObject)old.Body.DeepClone(); var ops = spec["operations"]!.AsArray(); if (ops.Count > 10) throw new Fail(400, "BadRequest", "The number of patch operations can't exceed '10'.");
        foreach (var o in ops)
        {
            var path = o!["path"]!.GetValue<string>().Split('/')[1..]; JsonNode? par = d; var bad = new Fail(400, "BadRequest", $"For Operation: path {o["path"]} not valid");
            foreach (var s in path[..^1]) par = par switch { JsonObject po => po[s], JsonArray pa => pa[int.Parse(s)], _ => null } ?? throw bad;
            var k = path[^1]; var val = o["value"]?.DeepClone(); var kind = o["op"]!.GetValue<string>();
            if (par is JsonArray a) { int ix = k == "-" ? a.Count : int.Parse(k); if (ix > a.Count) throw bad; switch (kind) { case "add": a.Insert(ix, val); break; case "set" or "replace": if (ix == a.Count) a.Add(val); else a[ix] = val; break; case "remove": a.RemoveAt(ix); break; case "incr": a[ix] = J.To((double)J.From(a[ix])! + (double)J.From(val)!); break; } continue; }
            var po2 = par as JsonObject ?? throw bad;
            switch (kind)
            {
                case "add" or "set": po2[k] = val; break;
                case "replace": if (!po2.ContainsKey(k)) throw bad; po2[k] = val; break;
                case "remove": if (!po2.Remove(k)) throw bad; break;
                case "incr": po2[k] = J.To((po2.ContainsKey(k) ? (double)J.From(po2[k])! : 0) + (double)J.From(val)!); break;
                default: throw bad;
            }
        }
        return d;
    }
    public async Task Handle(HttpContext x)
    {
        var rq = x.Request; var rs = x.Response; string H(string n) => rq.Headers[n].ToString(); bool T(string n) => H(n).Equals("true", StringComparison.OrdinalIgnoreCase);
        var seg = (rq.Path.Value ?? "/").Split('/', StringSplitOptions.RemoveEmptyEntries); int status = 200; object? body = null; byte[]? raw = null;
        rs.Headers["x-ms-activity-id"] = H("x-ms-activity-id") is { Length: > 0 } a ? a : Guid.NewGuid().ToString(); rs.Headers["x-ms-request-charge"] = "1"; rs.Headers["x-ms-version"] = "2020-07-15";
        try
        {
            if (H("Authorization").Length == 0) throw new Fail(401, "Unauthorized", "missing authorization");
            var fault = Fault?.Invoke(rq.Method, rq.Path.Value!);
            if (fault is { Status: 0, Done: false }) { x.Abort(); return; }
            if (fault is { Status: > 0 and var f }) { if (f == 429) rs.Headers["x-ms-retry-after-ms"] = "5"; throw new Fail(f, f == 429 ? "TooManyRequests" : "Injected", "injected", f == 429 ? 3200 : fault.Sub); }
            string text = ""; List<BatchOp>? batch = null;
            if (T("x-ms-cosmos-is-batch-request")) batch = await BatchWire.ReadAsync(rq.Body); else text = await new StreamReader(rq.Body).ReadToEndAsync();
            lock (gate) (status, body, var br) = Route(rq.Method, seg, text, batch, H, T, rs);
            rs.Headers["x-ms-request-charge"] = Charge.Of(rq.Method, T("x-ms-documentdb-isquery"), batch, text.Length, body).ToString(System.Globalization.CultureInfo.InvariantCulture);
            if (fault is { Done: true }) { x.Abort(); return; }
            if (body is List<BatchRes> l) { raw = await BatchWire.WriteAsync(l); body = null; }
        }
        catch (Fail f) { status = f.Status; body = new JsonObject { ["code"] = f.Code, ["message"] = f.Message }; if (f.Sub != 0) rs.Headers["x-ms-substatus"] = f.Sub.ToString(); }
        catch (SqlError e) { status = 400; body = new JsonObject { ["code"] = "BadRequest", ["message"] = e.Message }; }
        catch (Exception e) { Console.Error.WriteLine(e); status = 500; body = new JsonObject { ["code"] = "InternalServerError", ["message"] = e.ToString() }; }
        rs.StatusCode = status; if (status is 304 or 204) return;
        raw ??= body == null ? [] : Encoding.UTF8.GetBytes(body is JsonNode n ? n.ToJsonString() : (string)body);
        rs.ContentType = "application/json"; rs.ContentLength = raw.Length; await rs.Body.WriteAsync(raw);
    }
    (int, object?, object?) Route(string m, string[] s, string text, List<BatchOp>? batch, Func<string, string> H, Func<string, bool> T, HttpResponse rs)
    {
        JsonNode Body() => JsonNode.Parse(text) ?? throw new Fail(400, "BadRequest", "invalid JSON");
        string host = H("Host");
        if (s.Length == 0)
        {
            var loc = new JsonArray(new JsonObject { ["name"] = "Local", ["databaseAccountEndpoint"] = $"http://{host}/" });
            return (200, new JsonObject
            {
                ["_self"] = "", ["id"] = "standin", ["_rid"] = "standin", ["media"] = "//media/", ["addresses"] = "//addresses/", ["_dbs"] = "//dbs/", ["writableLocations"] = loc, ["readableLocations"] = loc.DeepClone(), ["enableMultipleWriteLocations"] = false,
                ["userReplicationPolicy"] = new JsonObject { ["asyncReplication"] = false, ["minReplicaSetSize"] = 3, ["maxReplicasetSize"] = 4 }, ["userConsistencyPolicy"] = new JsonObject { ["defaultConsistencyLevel"] = "Strong" },
                ["systemReplicationPolicy"] = new JsonObject { ["minReplicaSetSize"] = 3, ["maxReplicasetSize"] = 4 }, ["readPolicy"] = new JsonObject { ["primaryReadCoefficient"] = 1, ["secondaryReadCoefficient"] = 1 },
                ["queryEngineConfiguration"] = "{\"maxSqlQueryInputLength\":262144,\"maxJoinsPerSqlQuery\":5,\"maxLogicalAndPerSqlQuery\":500,\"maxLogicalOrPerSqlQuery\":500,\"maxUdfRefPerSqlQuery\":10,\"maxInExpressionItemsCount\":16000,\"queryMaxInMemorySortDocumentCount\":500,\"maxQueryRequestTimeoutFraction\":0.9,\"sqlAllowNonFiniteNumbers\":false,\"sqlAllowAggregateFunctions\":true,\"sqlAllowSubQuery\":true,\"sqlAllowScalarSubQuery\":true,\"allowNewKeywords\":true,\"sqlAllowLike\":true,\"sqlAllowGroupByClause\":true,\"maxSpatialQueryCells\":12,\"spatialMaxGeometryPointCount\":256,\"sqlDisableQueryILOptimization\":false,\"sqlDisableFilterPlanOptimization\":false,\"sqlAllowTop\":true,\"enableSpatialIndexing\":true,\"clientDisableOptimisticDirectExecution\":" + (DisableOde ? "true" : "false") + "}"
            }, null);
        }
        if (s[0] != "dbs") throw new Fail(400, "BadRequest", "not emulated: " + s[0]);
        if (s.Length == 1 && m == "POST") { var b = Body().AsObject(); var id = b["id"]!.GetValue<string>(); if (dbs.ContainsKey(id)) throw new Fail(409, "Conflict", "exists"); var d = new Db { Id = id, Rid = Rid(U32(++dbSeq << 8)) }; dbs[id] = d; return (201, DbJ(d), null); }
        if (s.Length == 2 && m == "GET") return (200, DbJ(FindDb(s[1])), null);
        if (s.Length == 2 && m == "DELETE") { dbs.Remove(FindDb(s[1]).Id); return (204, null, null); }
        if (s.Length == 3 && s[2] == "colls" && m == "POST")
        {
            var db = FindDb(s[1]); var b = Body().AsObject(); var id = b["id"]!.GetValue<string>(); if (db.Colls.ContainsKey(id)) throw new Fail(409, "Conflict", "exists");
            var pk = b["partitionKey"]!.AsObject(); pk["version"] ??= 2; var c = new Coll { Id = id, Rid = Rid(Un(db.Rid), U32(0x80000000u | ++db.Seq)), Props = b, Def = MakeDef(pk), Paths = pk["paths"]!.AsArray().Select(p => p!.GetValue<string>()).ToArray() };
            c.Ttl = (int?)b["defaultTtl"]; foreach (var u in b["uniqueKeyPolicy"]?["uniqueKeys"]?.AsArray() ?? []) c.Unique.Add(u!["paths"]!.AsArray().Select(p => p!.GetValue<string>()).ToArray());
            Sys(b, c.Rid, $"dbs/{db.Rid}/colls/{c.Rid}/"); db.Colls[id] = c; rs.Headers.ETag = b["_etag"]!.GetValue<string>(); return (201, b.DeepClone(), null);
        }
        if (s.Length == 4 && s[2] == "colls")
        {
            var c = FindColl(s[1], s[3]);
            if (m == "DELETE") { FindDb(s[1]).Colls.Remove(c.Id); return (204, null, null); }
            if (m == "PUT") { var b = Body().AsObject(); if (b["partitionKey"]!["paths"]!.ToJsonString() != c.Props["partitionKey"]!["paths"]!.ToJsonString()) throw new Fail(400, "BadRequest", "Document collection partition key cannot be changed."); c.Ttl = (int?)b["defaultTtl"]; b["partitionKey"]!["version"] ??= 2; Sys(b, c.Rid, c.Props["_self"]!.GetValue<string>()); c.Props = b; }
            return (200, c.Props.DeepClone(), null);
        }
        if (s.Length >= 5 && s[4] == "pkranges")
        {
            var c = FindColl(s[1], s[3]); var now = $"\"{c.NextRange}\""; rs.Headers.ETag = now; if (H("If-None-Match") == now) return (304, null, null);
            return (200, new JsonObject { ["_rid"] = c.Rid, ["PartitionKeyRanges"] = new JsonArray(c.Ranges.Select((r, i) => (JsonNode)new JsonObject { ["_rid"] = c.Rid[..^1] + "A", ["id"] = r.Id, ["_etag"] = now, ["minInclusive"] = r.Min, ["maxExclusive"] = r.Max, ["ridPrefix"] = i, ["_self"] = $"pkranges/{i}/", ["throughputFraction"] = 0.5, ["status"] = "online", ["parents"] = new JsonArray(r.Parents.Select(p => (JsonNode)p).ToArray()), ["_ts"] = 1 }).ToArray()), ["_count"] = c.Ranges.Count }, null);
        }
        if (s.Length >= 5 && s[4] == "docs")
        {
            var c = FindColl(s[1], s[3]); string? pk = H("x-ms-documentdb-partitionkey") is { Length: > 0 } ph ? Norm(ph) : null; var ifm = H("If-Match"); bool min = H("Prefer").Contains("minimal");
            rs.Headers["x-ms-session-token"] = $"0:-1#{c.Lsn}"; rs.Headers["lsn"] = c.Lsn.ToString();
            object? Doc(Item? i, bool write) { if (i == null) return null; rs.Headers.ETag = i.ETag; return write && min ? null : i.Body.DeepClone(); }
            if (batch != null) return Batch(c, pk, batch, T("x-ms-cosmos-batch-atomic"));
            if (s.Length == 6)
            {
                var id = Uri.UnescapeDataString(s[5]); if (pk == null || JsonNode.Parse(pk)!.AsArray().Count < c.Paths.Length) throw new Fail(400, "BadRequest", "The partition key supplied in x-ms-partitionkey header has fewer components than defined in the the collection.", 1001);
                if (m == "GET") { var it = Must(c, pk, id); if (H("If-None-Match") == it.ETag) { rs.Headers.ETag = it.ETag; return (304, null, null); } return (200, Doc(it, false), null); }
                var (st, r) = Apply(c, m switch { "PUT" => 5, "DELETE" => 4, "PATCH" => 1, _ => -1 }, pk, id, text.Length > 0 ? Body() : null, ifm); rs.Headers["x-ms-session-token"] = $"0:-1#{c.Lsn}"; return (st, Doc(r, true), null);
            }
            bool query = T("x-ms-documentdb-isquery") || H("Content-Type").StartsWith("application/query+json");
            if (T("x-ms-cosmos-is-query-plan-request")) return (200, Plan(Body()["query"]!.GetValue<string>(), Pars(Body())), null);
            if (m == "POST" && !query)
            {
                if (pk == null) throw new Fail(400, "BadRequest", "missing partition key");
                var (st, r) = Apply(c, T("x-ms-documentdb-is-upsert") ? 20 : 0, pk, null, Body(), ifm); rs.Headers["x-ms-session-token"] = $"0:-1#{c.Lsn}"; return (st, Doc(r, true), null);
            }
            // feed scope
            var docs = c.Items.Values.Where(i => Alive(c, i));
            if (pk != null) { var n = JsonNode.Parse(pk)!.AsArray().Count; docs = n == c.Paths.Length ? docs.Where(i => i.Pk == pk) : docs.Where(i => i.Pk.StartsWith(pk[..^1] + ",")); }
            if (H("x-ms-documentdb-partitionkeyrangeid") is { Length: > 0 } rg) { var r = c.Ranges.FirstOrDefault(z => z.Id == rg); if (r.Id == null) throw new Fail(410, "Gone", "range gone", 1002); docs = docs.Where(i => string.CompareOrdinal(i.Epk, r.Min) >= 0 && string.CompareOrdinal(i.Epk, r.Max) < 0); }
            if (H("x-ms-start-epk") is { Length: > 0 } lo) docs = docs.Where(i => string.CompareOrdinal(i.Epk, lo) >= 0 && string.CompareOrdinal(i.Epk, H("x-ms-end-epk")) < 0);
            int max = int.TryParse(H("x-ms-max-item-count"), out var mi) && mi > 0 ? mi : 100;
            if (H("A-IM") == "Incremental Feed")
            {
                var inm = H("If-None-Match"); long from = inm == "*" ? c.Lsn : inm.Length > 0 ? long.Parse(inm.Trim('"')) : 0;
                var ch = docs.Where(i => i.Lsn > from).OrderBy(i => i.Lsn).Take(max).ToList(); rs.Headers.ETag = $"\"{(ch.Count > 0 ? ch[^1].Lsn : Math.Max(from, inm == "*" ? c.Lsn : from))}\""; rs.Headers["x-ms-item-count"] = ch.Count.ToString();
                return ch.Count == 0 ? (304, null, null) : (200, Feed(c, ch.Select(i => (JsonNode?)i.Body.DeepClone())), null);
            }
            int skip = H("x-ms-continuation") is { Length: > 0 } ct && ct.LastIndexOf("#OFF:") is var ix && ix >= 0 ? int.Parse(new string(ct[(ix + 5)..].TakeWhile(char.IsDigit).ToArray())) : 0;
            var bodies = docs.OrderBy(i => i.Rid, StringComparer.Ordinal).Select(i => i.Body); List<JsonNode?> res;
            if (m == "GET") res = bodies.Select(b => (JsonNode?)b.DeepClone()).ToList();
            else { var b = Body(); var ps = Pars(b); var sql = b["query"]!.GetValue<string>(); if (sql.Contains("{documentdb-formattableorderbyquery-filter}")) sql = sql.Replace("{documentdb-formattableorderbyquery-filter}", "true"); res = Parser.Parse(sql, ps).Run(bodies, ps); }
            var page = res.Skip(skip).Take(max).ToList(); if (skip + page.Count < res.Count) rs.Headers["x-ms-continuation"] = $"-RID:~{c.Rid}#RT:1#TRC:{skip + page.Count}#OFF:{skip + page.Count}";
            rs.Headers["x-ms-item-count"] = page.Count.ToString(); return (200, Feed(c, page), null);
        }
        throw new Fail(400, "BadRequest", $"not emulated: {m} /{string.Join('/', s)}");
    }
    static Dictionary<string, JsonNode?> Pars(JsonNode b) => (b["parameters"] as JsonArray ?? []).ToDictionary(p => p!["name"]!.GetValue<string>(), p => p!["value"]);
    static JsonObject Feed(Coll c, IEnumerable<JsonNode?> d) { var a = new JsonArray(d.ToArray()); return new JsonObject { ["_rid"] = c.Rid, ["Documents"] = a, ["_count"] = a.Count }; }
    JsonObject DbJ(Db d) => Sys(new JsonObject { ["id"] = d.Id }, d.Rid, $"dbs/{d.Rid}/");
    JsonObject Sys(JsonObject o, string rid, string self) { o["_rid"] = rid; o["_self"] = self; o["_etag"] = $"\"{++etag:x8}\""; o["_ts"] = Now().ToUnixTimeSeconds(); return o; }
    // Query plan when the client asks the gateway: only pass-through plans are answered; anything that needs a rewrite is refused loudly.
    static JsonObject Plan(string sql, Dictionary<string, JsonNode?> ps)
    {
        var q = Parser.Parse(sql, ps);
        if (q.Order.Count > 0 || q.GroupBy.Count > 0 || q.Distinct || q.Offset != null || q.Top != null) throw new Fail(400, "BadRequest", "stand-in: this query needs a rewritten plan; set AZURE_COSMOS_USE_QUERY_PLAN_INTEROP_LINUX=true");
        return new JsonObject { ["partitionedQueryExecutionInfoVersion"] = 2, ["queryInfo"] = new JsonObject { ["distinctType"] = "None", ["top"] = null, ["offset"] = null, ["limit"] = null, ["orderBy"] = new JsonArray(), ["orderByExpressions"] = new JsonArray(), ["groupByExpressions"] = new JsonArray(), ["groupByAliases"] = new JsonArray(), ["aggregates"] = new JsonArray(), ["groupByAliasToAggregateType"] = new JsonObject(), ["rewrittenQuery"] = "", ["hasSelectValue"] = q.Value, ["hasNonStreamingOrderBy"] = false }, ["queryRanges"] = new JsonArray(new JsonObject { ["min"] = "", ["max"] = "FF", ["isMinInclusive"] = true, ["isMaxInclusive"] = false }) };
    }
    (int, object?, object?) Batch(Coll c, string? pk, List<BatchOp> ops, bool atomic)
    {
        if (ops.Count > 100) throw new Fail(400, "BadRequest", "Batch request has more operations than what is supported.");
        var before = new Dictionary<(string, string), Item?>(); var (lsn, seq) = (c.Lsn, c.Seq); var res = new List<BatchRes>(); int failed = -1;
        for (int i = 0; i < ops.Count; i++)
        {
            var o = ops[i];
            try
            {
                var ofPk = o.Pk != null ? Norm(o.Pk) : pk ?? throw new Fail(400, "BadRequest", "no pk"); var body = o.Body is { Length: > 0 } ? JsonNode.Parse(o.Body) : null; var ofId = o.Id ?? body?["id"]?.GetValue<string>() ?? "";
                if (atomic) before.TryAdd((ofPk, ofId), c.Items.GetValueOrDefault((ofPk, ofId)));
                var (st, it) = Apply(c, o.Op, ofPk, o.Id, body, o.IfMatch);
                res.Add(new BatchRes { Status = st, ETag = it?.ETag, Body = it == null || o.Minimal ? null : Encoding.UTF8.GetBytes(it.Body.ToJsonString()) });
            }
            catch (Fail f) { res.Add(new BatchRes { Status = f.Status, Sub = f.Sub }); failed = i; if (atomic) break; }
        }
        if (failed < 0) return (200, res, null);
        if (atomic) { foreach (var (k, was) in before) if (was == null) c.Items.Remove(k); else c.Items[k] = was; c.Lsn = lsn; c.Seq = seq; var bad = res[failed]; res = ops.Select((_, i) => i == failed ? bad : new BatchRes { Status = 424, Charge = 0 }).ToList(); }
        return (207, res, null);
    }
    public static async Task<(WebApplication App, string Url, CosmosStandIn S)> StartAsync(int port = 0)
    {
        var b = WebApplication.CreateSlimBuilder(); b.Logging.ClearProviders(); b.WebHost.ConfigureKestrel(k => { k.Listen(IPAddress.Loopback, port); k.AllowSynchronousIO = true; k.Limits.MaxRequestBodySize = 8 << 20; });
        var app = b.Build(); var s = new CosmosStandIn(); app.Run(s.Handle); await app.StartAsync(); return (app, app.Urls.First(), s);
    }
}
