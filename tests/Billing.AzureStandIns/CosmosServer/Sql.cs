#pragma warning disable // Dense on purpose: a stand-in for a service, written to be run, not read.
// Tiny Cosmos SQL subset: enough for what the SDK sends after Microsoft's own query planner rewrote it.
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Billing.AzureStandIns.CosmosServer;

public sealed class SqlError(string m) : Exception(m);
public sealed class Undef { public static readonly Undef I = new(); private Undef() { } }

public abstract record E
{
    public abstract object? Eval(Env e);
    public virtual IEnumerable<E> Kids => [];
}
public sealed class Env
{
    public required Dictionary<string, object?> Vars; public required Dictionary<string, JsonNode?> Params;
    public List<Dictionary<string, object?>>? Group;   // rows of the group when aggregating
    public Env With(Dictionary<string, object?> v) => new() { Vars = v, Params = Params };
}
public record Lit(object? V) : E { public override object? Eval(Env e) => V; }
public record Par(string N) : E { public override object? Eval(Env e) => e.Params.TryGetValue(N, out var v) ? J.From(v) : throw new SqlError($"parameter {N} not supplied"); }
public record Ref(string N) : E { public override object? Eval(Env e) => e.Vars.TryGetValue(N, out var v) ? v : throw new SqlError($"Identifier '{N}' could not be resolved."); }
public record Get(E O, E K) : E
{
    public override object? Eval(Env e)
    {
        var o = O.Eval(e); var k = K.Eval(e);
        if (o is JsonObject jo && k is string s) return jo.TryGetPropertyValue(s, out var v) ? J.From(v) : Undef.I;
        if (o is JsonArray ja && k is double d && d >= 0 && d < ja.Count) return J.From(ja[(int)d]);
        return Undef.I;
    }
    public override IEnumerable<E> Kids => [O, K];
}
public record Obj(List<(string K, E V)> P) : E
{
    public override object? Eval(Env e) { var o = new JsonObject(); foreach (var (k, v) in P) { var x = v.Eval(e); if (x is not Undef) o[k] = J.To(x); } return o; }
    public override IEnumerable<E> Kids => P.Select(p => p.V);
}
public record Arr(List<E> X) : E
{
    public override object? Eval(Env e) { var a = new JsonArray(); foreach (var x in X) { var v = x.Eval(e); if (v is not Undef) a.Add(J.To(v)); } return a; }
    public override IEnumerable<E> Kids => X;
}
public record Un(string Op, E X) : E
{
    public override object? Eval(Env e) { var v = X.Eval(e); return Op switch { "NOT" => v is bool b ? !b : Undef.I, "-" => v is double d ? -d : Undef.I, _ => v is double p ? p : Undef.I }; }
    public override IEnumerable<E> Kids => [X];
}
public record Bin(string Op, E A, E B) : E
{
    public override object? Eval(Env e)
    {
        if (Op == "AND") { var l = A.Eval(e); if (l is false) return false; var r = B.Eval(e); if (r is false) return false; return l is true && r is true ? true : Undef.I; }
        if (Op == "OR") { var l = A.Eval(e); if (l is true) return true; var r = B.Eval(e); if (r is true) return true; return l is false && r is false ? false : Undef.I; }
        var a = A.Eval(e); if (Op == "??") return a is Undef ? B.Eval(e) : a;
        var b = B.Eval(e); if (a is Undef || b is Undef) return Undef.I;
        switch (Op)
        {
            case "=": return J.Rank(a) == J.Rank(b) && J.Cmp(a, b) == 0;
            case "!=" or "<>": return J.Rank(a) != J.Rank(b) || J.Cmp(a, b) != 0;
            case "<" or ">" or "<=" or ">=":
                if (J.Rank(a) != J.Rank(b) || a is JsonNode) return Undef.I;
                int c = J.Cmp(a, b); return Op switch { "<" => c < 0, ">" => c > 0, "<=" => c <= 0, _ => c >= 0 };
            case "||": return a is string s1 && b is string s2 ? s1 + s2 : Undef.I;
        }
        if (a is double x && b is double y) return Op switch { "+" => x + y, "-" => x - y, "*" => x * y, "/" => x / y, "%" => x % y, _ => throw new SqlError("op " + Op) };
        return Undef.I;
    }
    public override IEnumerable<E> Kids => [A, B];
}
public record In(E X, List<E> L, bool Not) : E
{
    public override object? Eval(Env e) { var v = X.Eval(e); if (v is Undef) return v; bool f = L.Any(i => i.Eval(e) is var y && y is not Undef && J.Rank(v) == J.Rank(y) && J.Cmp(v, y) == 0); return f != Not; }
    public override IEnumerable<E> Kids => L.Append(X);
}
public record Fn(string N, List<E> A) : E
{
    public static readonly HashSet<string> Agg = ["COUNT", "SUM", "MIN", "MAX", "AVG", "COUNTIF"];
    public override IEnumerable<E> Kids => A;
    public override object? Eval(Env e)
    {
        if (Agg.Contains(N))
        {
            var g = e.Group ?? throw new SqlError("aggregate not allowed here");
            var vals = g.Select(r => A[0].Eval(e.With(r))).Where(v => v is not Undef).ToList();
            switch (N)
            {
                case "COUNT": return (double)vals.Count;
                case "COUNTIF": return (double)vals.Count(v => v is true);
                case "SUM": return vals.Any(v => v is not double) ? Undef.I : vals.Sum(v => (double)v!);
                case "AVG": return vals.Count == 0 || vals.Any(v => v is not double) ? Undef.I : vals.Average(v => (double)v!);
                default: if (vals.Count == 0) return Undef.I; vals.Sort(J.Cmp); return N == "MIN" ? vals[0] : vals[^1];
            }
        }
        var a = A.Select(x => x.Eval(e)).ToArray();
        object? S(Func<string, string, object?> f) => a[0] is string s && a[1] is string t ? f(s, t) : Undef.I;
        bool ci = a.Length > 2 && a[2] is true; var cmp = ci ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;
        return N switch
        {
            "STARTSWITH" => S((s, t) => s.StartsWith(t, cmp)), "ENDSWITH" => S((s, t) => s.EndsWith(t, cmp)), "CONTAINS" => S((s, t) => s.Contains(t, cmp)),
            "IS_DEFINED" => a[0] is not Undef, "IS_NULL" => a[0] is null, "IS_NUMBER" => a[0] is double, "IS_STRING" => a[0] is string, "IS_BOOL" => a[0] is bool, "IS_ARRAY" => a[0] is JsonArray, "IS_OBJECT" => a[0] is JsonObject,
            "LOWER" => a[0] is string s ? s.ToLowerInvariant() : Undef.I, "UPPER" => a[0] is string s ? s.ToUpperInvariant() : Undef.I, "LENGTH" => a[0] is string s ? (double)s.Length : Undef.I,
            "ARRAY_LENGTH" => a[0] is JsonArray ja ? (double)ja.Count : Undef.I,
            "ARRAY_CONTAINS" => a[0] is JsonArray ja2 ? ja2.Any(x => J.From(x) is var y && J.Rank(y) == J.Rank(a[1]) && J.Cmp(y, a[1]) == 0) : false,
            "ABS" => a[0] is double d ? Math.Abs(d) : Undef.I, "FLOOR" => a[0] is double d ? Math.Floor(d) : Undef.I, "CONCAT" => a.All(x => x is string) ? string.Concat(a) : Undef.I,
            _ => throw new SqlError($"'{N}' is not a recognized built-in function name."),
        };
    }
}
public static class J
{
    public static object? From(JsonNode? n)   // no switch expression here: JsonNode's implicit operators would re-wrap the primitives
    {
        if (n is not JsonValue v) return n;
        switch (v.GetValueKind())
        {
            case JsonValueKind.True: return true;
            case JsonValueKind.False: return false;
            case JsonValueKind.Number: return v.TryGetValue<double>(out var d) ? d : double.Parse(v.ToJsonString(), CultureInfo.InvariantCulture);
            case JsonValueKind.String: return v.GetValue<string>();
            default: return null;
        }
    }
    public static JsonNode? To(object? o) => o switch { null => null, bool b => JsonValue.Create(b), double d => d == Math.Floor(d) && Math.Abs(d) < 9e15 ? JsonValue.Create((long)d) : JsonValue.Create(d), string s => JsonValue.Create(s), JsonNode n => n.DeepClone(), _ => throw new SqlError("value " + o.GetType()) };
    public static int Rank(object? o) => o switch { Undef => 0, null => 1, bool => 2, double => 4, string => 5, JsonArray => 6, _ => 7 };   // Cosmos type order
    public static int Cmp(object? a, object? b)
    {
        int r = Rank(a).CompareTo(Rank(b)); if (r != 0) return r;
        return a switch { bool x => x.CompareTo((bool)b!), double x => x.CompareTo((double)b!), string x => string.CompareOrdinal(x, (string)b!), JsonNode n => JsonNode.DeepEquals(n, (JsonNode)b!) ? 0 : string.CompareOrdinal(n.ToJsonString(), ((JsonNode)b!).ToJsonString()), _ => 0 };
    }
}
public sealed class Query
{
    public bool Star, Value, Distinct; public double? Top; public List<(E X, string? As)> Sel = []; public string? Root; public List<(string V, E Src)> Joins = [];
    public E? Where; public List<E> GroupBy = []; public List<(E X, bool Desc)> Order = []; public E? Offset, Limit;
    static bool HasAgg(E e) => e is Fn f && Fn.Agg.Contains(f.N) || e.Kids.Any(HasAgg);
    public List<JsonNode?> Run(IEnumerable<JsonObject> docs, Dictionary<string, JsonNode?> pars)
    {
        var rows = docs.Select(d => new Dictionary<string, object?> { [Root ?? "c"] = d }).ToList();
        Env En(Dictionary<string, object?> v, List<Dictionary<string, object?>>? g = null) => new() { Vars = v, Params = pars, Group = g };
        foreach (var (v, src) in Joins)
            rows = rows.SelectMany(r => src.Eval(En(r)) is JsonArray a ? a.Select(x => new Dictionary<string, object?>(r) { [v] = J.From(x) }) : []).ToList();
        if (Where != null) rows = rows.Where(r => Where.Eval(En(r)) is true).ToList();
        List<Env> envs;
        bool agg = Sel.Any(s => HasAgg(s.X));
        if (GroupBy.Count > 0)
            envs = rows.GroupBy(r => string.Join("\u0001", GroupBy.Select(g => { var v = g.Eval(En(r)); return v is Undef ? "u" : J.To(v)?.ToJsonString() ?? "null"; }))).Select(g => En(g.First(), g.ToList())).ToList();
        else if (agg) envs = [En(rows.FirstOrDefault() ?? new() { [Root ?? "c"] = Undef.I }, rows)];
        else envs = rows.Select(r => En(r)).ToList();
        if (Order.Count > 0)
        {
            IOrderedEnumerable<Env>? o = null;
            foreach (var (x, desc) in Order)
            {
                var c = Comparer<object?>.Create(J.Cmp); Func<Env, object?> k = e => x.Eval(e);
                o = o == null ? (desc ? envs.OrderByDescending(k, c) : envs.OrderBy(k, c)) : (desc ? o.ThenByDescending(k, c) : o.ThenBy(k, c));
            }
            envs = o!.ToList();
        }
        var res = new List<JsonNode?>(); var seen = new HashSet<string>();
        foreach (var e in envs)
        {
            object? v;
            if (Star) v = e.Vars[Root ?? "c"];
            else if (Value) v = Sel[0].X.Eval(e);
            else { var o = new JsonObject(); int i = 0; foreach (var (x, name) in Sel) { var y = x.Eval(e); i++; if (y is not Undef) o[name ?? Name(x) ?? "$" + i] = J.To(y); } v = o; }
            if (v is Undef) continue;
            var n = J.To(v); if (Distinct && !seen.Add(n?.ToJsonString() ?? "null")) continue;
            res.Add(n);
        }
        IEnumerable<JsonNode?> q = res; var pe = new Env { Vars = [], Params = pars };
        if (Offset?.Eval(pe) is double off) q = q.Skip((int)off);
        if (Limit?.Eval(pe) is double lim) q = q.Take((int)lim);
        if (Top is double t) q = q.Take((int)t);
        return q.ToList();
    }
    static string? Name(E x) => x is Get { K: Lit { V: string s } } ? s : x is Ref r ? r.N : null;
}
public sealed class Parser
{
    readonly List<(char K, string S)> t = []; int p; readonly Dictionary<string, JsonNode?> pars;
    Parser(string s, Dictionary<string, JsonNode?> ps)
    {
        pars = ps; int i = 0;
        while (i < s.Length)
        {
            char c = s[i];
            if (char.IsWhiteSpace(c)) { i++; continue; }
            if (char.IsLetter(c) || c is '_' or '@' or '$') { int b = i++; while (i < s.Length && (char.IsLetterOrDigit(s[i]) || s[i] is '_' or '$')) i++; t.Add((c == '@' ? 'p' : 'w', s[b..i])); continue; }
            if (char.IsDigit(c) || c == '.' && i + 1 < s.Length && char.IsDigit(s[i + 1])) { int b = i++; while (i < s.Length && (char.IsDigit(s[i]) || s[i] is '.' or 'e' or 'E' || s[i] is '+' or '-' && s[i - 1] is 'e' or 'E')) i++; t.Add(('n', s[b..i])); continue; }
            if (c is '"' or '\'')
            {
                var sb = new StringBuilder(); i++;
                while (i < s.Length && s[i] != c) { if (s[i] == '\\') { i++; sb.Append(s[i] switch { 'n' => '\n', 't' => '\t', 'r' => '\r', 'u' => (char)Convert.ToInt32(s.Substring((i += 4) - 3, 4), 16), var o => o }); i++; } else sb.Append(s[i++]); }
                i++; t.Add(('s', sb.ToString())); continue;
            }
            foreach (var op in new[] { "<=", ">=", "!=", "<>", "||", "??" }) if (string.CompareOrdinal(s, i, op, 0, 2) == 0) { t.Add(('o', op)); i += 2; goto next; }
            if (!"()[]{},.:=<>+-*/%?".Contains(c)) throw new SqlError($"Syntax error, incorrect syntax near '{c}'.");
            t.Add(('o', c.ToString())); i++;
            next:;
        }
        t.Add(('e', ""));
    }
    bool Is(string s) => t[p].K is 'w' or 'o' && t[p].S.Equals(s, StringComparison.OrdinalIgnoreCase);
    bool Acc(string s) { if (!Is(s)) return false; p++; return true; }
    void Exp(string s) { if (!Acc(s)) throw new SqlError($"Syntax error, incorrect syntax near '{t[p].S}', expected {s}."); }
    string Id() => t[p].K == 'w' ? t[p++].S : throw new SqlError($"Syntax error, incorrect syntax near '{t[p].S}'.");
    static readonly HashSet<string> Kw = new(StringComparer.OrdinalIgnoreCase) { "FROM", "WHERE", "ORDER", "GROUP", "OFFSET", "LIMIT", "JOIN", "AS", "IN", "AND", "OR", "NOT", "BETWEEN", "ASC", "DESC" };
    public static Query Parse(string s, Dictionary<string, JsonNode?> ps)
    {
        var z = new Parser(s, ps); var q = new Query();
        z.Exp("SELECT");
        if (z.Acc("DISTINCT")) q.Distinct = true;
        if (z.Acc("TOP")) q.Top = (double)z.Prim().Eval(new Env { Vars = [], Params = ps })!;
        if (z.Acc("VALUE")) q.Value = true;
        if (z.Acc("*")) q.Star = true;
        else do { var x = z.Or(); string? n = null; if (z.Acc("AS")) n = z.Id(); else if (z.t[z.p].K == 'w' && !Kw.Contains(z.t[z.p].S)) n = z.Id(); q.Sel.Add((x, n)); } while (z.Acc(","));
        if (z.Acc("FROM")) { q.Root = z.Id(); if (z.Acc("AS")) q.Root = z.Id(); else if (z.t[z.p].K == 'w' && !Kw.Contains(z.t[z.p].S)) q.Root = z.Id(); }
        while (z.Acc("JOIN")) { var v = z.Id(); z.Exp("IN"); q.Joins.Add((v, z.Post())); }
        if (z.Acc("WHERE")) q.Where = z.Or();
        if (z.Acc("GROUP")) { z.Exp("BY"); do q.GroupBy.Add(z.Or()); while (z.Acc(",")); }
        if (z.Acc("ORDER")) { z.Exp("BY"); do { var x = z.Or(); bool d = false; if (z.Acc("DESC")) d = true; else z.Acc("ASC"); q.Order.Add((x, d)); } while (z.Acc(",")); }
        if (z.Acc("OFFSET")) { q.Offset = z.Prim(); z.Exp("LIMIT"); q.Limit = z.Prim(); }
        if (z.t[z.p].K != 'e') throw new SqlError($"Syntax error, incorrect syntax near '{z.t[z.p].S}'.");
        return q;
    }
    public static E Condition(string s) { var z = new Parser(s, []); z.Exp("FROM"); z.Id(); z.Exp("WHERE"); return z.Or(); }
    E Or() { var a = And(); while (Acc("OR")) a = new Bin("OR", a, And()); return a; }
    E And() { var a = Not(); while (Acc("AND")) a = new Bin("AND", a, Not()); return a; }
    E Not() => Acc("NOT") ? new Un("NOT", Not()) : Cmp();
    E Cmp()
    {
        var a = Add();
        while (true)
        {
            if (t[p].K == 'o' && t[p].S is "=" or "!=" or "<>" or "<" or ">" or "<=" or ">=" or "??") { var o = t[p++].S; a = new Bin(o, a, Add()); continue; }
            bool not = Is("NOT") && (t[p + 1].S.Equals("IN", StringComparison.OrdinalIgnoreCase)); if (not) p++;
            if (Acc("IN")) { Exp("("); var l = new List<E>(); do l.Add(Or()); while (Acc(",")); Exp(")"); a = new In(a, l, not); continue; }
            if (Acc("BETWEEN")) { var lo = Add(); Exp("AND"); a = new Bin("AND", new Bin(">=", a, lo), new Bin("<=", a, Add())); continue; }
            return a;
        }
    }
    E Add() { var a = Mul(); while (t[p].K == 'o' && t[p].S is "+" or "-" or "||") { var o = t[p++].S; a = new Bin(o, a, Mul()); } return a; }
    E Mul() { var a = Unary(); while (t[p].K == 'o' && t[p].S is "*" or "/" or "%") { var o = t[p++].S; a = new Bin(o, a, Unary()); } return a; }
    E Unary() => Acc("-") ? new Un("-", Unary()) : Acc("+") ? new Un("+", Unary()) : Post();
    E Post()
    {
        var a = Prim();
        while (true)
        {
            if (Acc(".")) a = new Get(a, new Lit(t[p].K == 'w' ? t[p++].S : throw new SqlError("Syntax error near '.'")));
            else if (Acc("[")) { a = new Get(a, Or()); Exp("]"); }
            else return a;
        }
    }
    E Prim()
    {
        var (k, s) = t[p];
        switch (k)
        {
            case 'n': p++; return new Lit(double.Parse(s, CultureInfo.InvariantCulture));
            case 's': p++; return new Lit(s);
            case 'p': p++; return new Par(s);
            case 'w':
                p++;
                if (s.Equals("true", StringComparison.OrdinalIgnoreCase)) return new Lit(true);
                if (s.Equals("false", StringComparison.OrdinalIgnoreCase)) return new Lit(false);
                if (s.Equals("null", StringComparison.OrdinalIgnoreCase)) return new Lit(null);
                if (s.Equals("undefined", StringComparison.OrdinalIgnoreCase)) return new Lit(Undef.I);
                if (Acc("(")) { var l = new List<E>(); if (!Acc(")")) { do l.Add(Or()); while (Acc(",")); Exp(")"); } return new Fn(s.ToUpperInvariant(), l); }
                return new Ref(s);
        }
        if (Acc("(")) { var x = Or(); Exp(")"); return x; }
        if (Acc("[")) { var l = new List<E>(); if (!Acc("]")) { do l.Add(Or()); while (Acc(",")); Exp("]"); } return new Arr(l); }
        if (Acc("{")) { var l = new List<(string, E)>(); if (!Acc("}")) { do { var key = t[p].K is 's' or 'w' ? t[p++].S : throw new SqlError("object key"); Exp(":"); l.Add((key, Or())); } while (Acc(",")); Exp("}"); } return new Obj(l); }
        throw new SqlError($"Syntax error, incorrect syntax near '{s}'.");
    }
}
