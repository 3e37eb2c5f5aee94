// What is not taken: each row is sent, refused with the right status, code and place, leaves nothing behind, and the server goes on.
import assert from "node:assert/strict";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { after, before, describe, test } from "node:test";
import { Server, serverAt } from "./server.mjs";

const now = "2026-11-03T00:00:00Z";
let server, readKey;
before(async () => {
  server = await serverAt(now);
  readKey = (await server.post("/v1/api-keys", { name: "reader", scopes: ["READ"] })).data.key;
});
after(() => server.stop());

const metronome = (more = {}) => ({ transaction_id: "t", customer_id: "acme", event_type: "x", timestamp: "2026-11-02T00:00:00Z", properties: { n: 1 }, ...more });
const cloud = (more = {}) => ({ specversion: "1.0", id: "t", source: "s", type: "x", subject: "acme", time: "2026-11-02T00:00:00Z", data: { n: 1 }, ...more });
const without = (event, name) => Object.fromEntries(Object.entries(event).filter(([key]) => key !== name));
// An event with a property written as JSON text.
const withText = (event, text) => JSON.stringify([event]).replace(/"n":1/, text);
const nested = (depth) => `"n":${"[".repeat(depth)}${"]".repeat(depth)}`;
const bytes = (text, from, to) => {
  const buffer = Buffer.from(text);
  const at = buffer.indexOf(from);
  return Buffer.concat([buffer.subarray(0, at), Buffer.from(to), buffer.subarray(at + from.length)]);
};
const long = (length) => "i".repeat(length);
// A thousand million bytes; gzip members stand one after the other.
const bomb = Buffer.concat([gzipSync("["), ...Array(100).fill(gzipSync(Buffer.alloc(10_000_000, " "))), gzipSync("]")]);

const shapes = [
  { api: "Metronome", path: "/v1/ingest", event: metronome, id: "transaction_id", subject: "customer_id", type: "event_type", time: "timestamp", data: "properties", taken: 200 },
  { api: "CloudEvents", path: "/api/v1/events", event: cloud, id: "id", subject: "subject", type: "type", time: "time", data: "data", taken: 204 },
];

// name, body (text, bytes or JSON), status, code, field, headers
const refusedOf = ({ event, id, subject, type, time, data }) => [
  ["no body", "", 400, "body_missing"],
  ["white space", "  \n ", 400, "body_missing"],
  ["half a JSON text", '[{"a":', 400, "body_malformed", "/0/a"],
  ["two JSON texts", `${JSON.stringify([event()])}[]`, 400, "body_malformed"],
  ["a trailing comma", withText(event(), '"n":1,'), 400, "body_malformed", `/0/${data}`],
  ["a comment", withText(event(), '/* n */"n":1'), 400, "body_malformed", `/0/${data}`],
  ["single quotes", "[{'a':1}]", 400, "body_malformed", "/0"],
  ["a number", "1", 400, "not_an_event", "/0"],
  ["null", "null", 400, "not_an_event", "/0"],
  ["a text in the array", [event(), "x"], 400, "not_an_event", "/1"],
  ["an array in the array", [[event()]], 400, "not_an_event", "/0"],
  ["an object without members", [{}], 400, "invalid_event", "/0/*"],
  ["NaN", withText(event(), '"n":NaN'), 400, "body_malformed", `/0/${data}/n`],
  ["Infinity", withText(event(), '"n":Infinity'), 400, "body_malformed", `/0/${data}/n`],
  ["a number with a leading zero", withText(event(), '"n":01'), 400, "body_malformed", `/0/${data}/n`],
  ["1e400", withText(event(), '"n":1e400'), 400, "invalid_event", `/0/${data}/n`],
  ["1e-41", withText(event(), '"n":1e-41'), 400, "invalid_event", `/0/${data}/n`],
  ["a number of 41 digits", withText(event(), `"n":${"1".repeat(41)}`), 400, "invalid_event", `/0/${data}/n`],
  ["a number of 41 digits, deep inside", withText(event(), `"n":{"m":[${"1".repeat(41)}]}`), 400, "invalid_event", `/0/${data}/n`],
  ["100 levels", withText(event(), nested(100)), 400, "body_malformed", `/0/${data}/n/0*`],
  ["100,000 levels", withText(event(), nested(100_000)), 400, "body_malformed", `/0/${data}/n/0*`],
  ["100,000 open brackets", "[".repeat(100_000), 400, "body_malformed", "/0/0*"],
  ["invalid UTF-8 in a value", bytes(JSON.stringify([event({ [subject]: "Z" })]), '"Z"', [0x22, 0xc3, 0x28, 0x22]), 400, "body_malformed"],
  ["a surrogate in UTF-8", bytes(JSON.stringify([event({ [subject]: "Z" })]), '"Z"', [0x22, 0xed, 0xa0, 0x80, 0x22]), 400, "body_malformed"],
  ["UTF-16", Buffer.from(JSON.stringify([event()]), "utf16le"), 400, "body_malformed"],
  ["a NUL byte in a text", bytes(JSON.stringify([event({ [id]: "Z" })]), '"Z"', [0x22, 0x00, 0x22]), 400, "body_malformed", `/0/${id}`],
  ["NUL bytes after the end", Buffer.concat([Buffer.from(JSON.stringify([event()])), Buffer.alloc(4)]), 400, "body_malformed"],
  ["half a surrogate pair, escaped", JSON.stringify([event({ [id]: "Z" })]).replace('"Z"', '"\\ud800"'), 400, "invalid_event", "/0*"],
  ["half a surrogate pair as a name", withText(event(), '"\\ud800":1'), 400, "invalid_event", "/0*"],
  ["an empty id", [event({ [id]: "" })], 400, "invalid_event", `/0/${id}`],
  ["an id of 129 characters", [event({ [id]: long(129) })], 400, "invalid_event", `/0/${id}`],
  ["an id of 129 characters of two bytes", [event({ [id]: "é".repeat(129) })], 400, "invalid_event", `/0/${id}`],
  ["a number as id", [event({ [id]: 1 })], 400, "invalid_event", `/0/${id}`],
  ["null as id", [event({ [id]: null })], 400, "invalid_event", `/0/${id}`],
  ["no id", [without(event(), id)], 400, "invalid_event", `/0/${id}`],
  ["no subject", [without(event(), subject)], 400, "invalid_event", `/0/${subject}`],
  ["an empty subject", [event({ [subject]: "" })], 400, "invalid_event", `/0/${subject}`],
  ["a subject of 129 characters", [event({ [subject]: long(129) })], 400, "invalid_event", `/0/${subject}`],
  ["an object as subject", [event({ [subject]: {} })], 400, "invalid_event", `/0/${subject}`],
  ["no type", [without(event(), type)], 400, "invalid_event", `/0/${type}`],
  ["an empty type", [event({ [type]: "" })], 400, "invalid_event", `/0/${type}`],
  ["a type of 129 characters", [event({ [type]: long(129) })], 400, "invalid_event", `/0/${type}`],
  ["a time without zone", [event({ [time]: "2026-11-02T00:00:00" })], 400, "invalid_event", `/0/${time}`],
  ["a date", [event({ [time]: "2026-11-02" })], 400, "invalid_event", `/0/${time}`],
  ["a day that is none", [event({ [time]: "2026-02-30T00:00:00Z" })], 400, "invalid_event", `/0/${time}`],
  ["hour 24", [event({ [time]: "2026-11-01T24:00:00Z" })], 400, "invalid_event", `/0/${time}`],
  ["a zone by name", [event({ [time]: "2026-11-02T00:00:00 CET" })], 400, "invalid_event", `/0/${time}`],
  ["a time as a number", [event({ [time]: 1793577600 })], 400, "invalid_event", `/0/${time}`],
  ["an empty time", [event({ [time]: "" })], 400, "invalid_event", `/0/${time}`],
  ["year 9999", [event({ [time]: "9999-12-31T23:59:59Z" })], 400, "event_time_out_of_range", `/0/${time}`],
  ["year 1", [event({ [time]: "0001-01-01T00:00:00+14:00" })], 400, "event_time_out_of_range", `/0/${time}`],
  ["25 hours ahead", [event({ [time]: "2026-11-04T01:00:00Z" })], 400, "event_time_out_of_range", `/0/${time}`],
  ["a second more than 400 days old", [event({ [time]: "2025-09-28T23:59:59Z" })], 400, "event_time_out_of_range", `/0/${time}`], // 3 Nov 2026 - 400 days = 29 Sep 2025
  ["data as a text", [event({ [data]: "abc" })], 400, "invalid_event", `/0/${data}`],
  ["data as an array", [event({ [data]: [1] })], 400, "invalid_event", `/0/${data}`],
  ["data as a number", [event({ [data]: 1 })], 400, "invalid_event", `/0/${data}`],
  ["a member twice", JSON.stringify([event()]).replace(`"${id}":"t"`, `"${id}":"t","${id}":"u"`), 400, "invalid_event", `/0/${id}`],
  ["a member twice, once escaped", JSON.stringify([event()]).replace(`"${id}":"t"`, `"${id}":"t","\\u${id.charCodeAt(0).toString(16).padStart(4, "0")}${id.slice(1)}":"u"`), 400, "invalid_event", `/0/${id}`],
  ["a property twice", withText(event(), '"n":1,"n":1'), 400, "invalid_event", `/0/${data}/n`],
  ["a property twice, once escaped", withText(event(), '"n":1,"\\u006e":2'), 400, "invalid_event", `/0/${data}/n`],
  ["a member twice, deep inside", withText(event(), '"n":[{"a":1,"b":{"c":1,"c":2}}]'), 400, "invalid_event", `/0/${data}/n`],
  ["an unknown member twice", [event()] && JSON.stringify([event({ zzz: 1 })]).replace('"zzz":1', '"zzz":1,"zzz":1'), 400, "invalid_event", "/0/zzz"],
  ["the third of three events", [event({ [id]: "1" }), event({ [id]: "2" }), event({ [id]: "" })], 400, "invalid_event", `/2/${id}`],
  ["the first of two bad events", [event({ [time]: "2020-01-01T00:00:00Z" }), event({ [id]: "" })], 400, "event_time_out_of_range", `/0/${time}`],
  ["1,001 events", Array.from({ length: 1_001 }, (_, n) => event({ [id]: `${n}` })), 413, "too_large"],
  ["a body of 5 MB", [event({ [data]: { n: "x".repeat(5_000_000) } })], 413, "too_large"],
  ["a body of 25 MB", [event({ [data]: { n: "x".repeat(25_000_000) } })], 413, "too_large"],
  ["one event of 1 MB", [event({ [data]: { n: "x".repeat(1_000_000) } })], 413, "too_large", "/0"],
  ["UTF-16 with its mark", Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(JSON.stringify([event()]), "utf16le")]), 400, "body_malformed"],
  ["gzip that is none", JSON.stringify([event()]), 400, "body_malformed", undefined, { "content-encoding": "gzip" }],
  ["gzip that ends early", gzipSync(JSON.stringify([event()])).subarray(0, -9), 400, "body_malformed", undefined, { "content-encoding": "gzip" }],
  ["gzip that is not said to be", gzipSync(JSON.stringify([event()])), 400, "body_malformed"],
  ["gzip of a bad event", gzipSync(JSON.stringify([event(), event({ [id]: "" })])), 400, "invalid_event", `/1/${id}`, { "content-encoding": "gzip" }],
  ["5 MB in a gzip of 5 KB", gzipSync(JSON.stringify([event({ [data]: { n: "x".repeat(5_000_000) } })])), 413, "too_large", undefined, { "content-encoding": "gzip" }],
  ["1 GB in a gzip of 1 MB", bomb, 413, "too_large", undefined, { "content-encoding": "gzip" }],
  ["brotli", brotliCompressSync(JSON.stringify([event()])), 415, "content_encoding_unsupported", "Content-Encoding", { "content-encoding": "br" }],
  ["deflate", deflateSync(JSON.stringify([event()])), 415, "content_encoding_unsupported", "Content-Encoding", { "content-encoding": "deflate" }],
  ["gzip twice", gzipSync(gzipSync(JSON.stringify([event()]))), 415, "content_encoding_unsupported", "Content-Encoding", { "content-encoding": "gzip, gzip" }],
  ["Latin-1", Buffer.from(JSON.stringify([event()]), "latin1"), 415, "charset_unsupported", "Content-Type", { "content-type": "application/json; charset=iso-8859-1" }],
  ["text/plain", JSON.stringify([event()]), 415, "content_type_unsupported", "Content-Type", { "content-type": "text/plain" }],
  ["a form", "a=b", 415, "content_type_unsupported", undefined, { "content-type": "application/x-www-form-urlencoded" }],
  ["no key", [event()], 401, "api_key_missing", undefined, { authorization: null }],
  ["a wrong key", [event()], 401, "api_key_invalid", undefined, { authorization: "Bearer nonsense" }],
  ["another scheme", [event()], 401, "api_key_invalid", undefined, { authorization: "Basic ZGV2OmRldg==" }],
  ["a key without the scope", [event()], 403, "scope_missing", undefined, () => ({ authorization: `Bearer ${readKey}` })],
];

const refusedCloudEvents = [
  ["specversion 0.3", [cloud({ specversion: "0.3" })], 400, "invalid_event", "/0/specversion"],
  ["no specversion", [without(cloud(), "specversion")], 400, "invalid_event", "/0/specversion"],
  ["specversion as a number", withText(cloud({ specversion: "Z" }), '"n":1').replace('"Z"', "1.0"), 400, "invalid_event", "/0/specversion"],
  ["no source", [without(cloud(), "source")], 400, "invalid_event", "/0/source"],
  ["an empty source", [cloud({ source: "" })], 400, "invalid_event", "/0/source"],
  ["a source of 513 characters", [cloud({ source: long(513) })], 400, "invalid_event", "/0/source"],
  ["data_base64", [{ ...without(cloud(), "data"), data_base64: "AAAA" }], 400, "invalid_event", "/0/data_base64"],
  ["data and data_base64", [cloud({ data_base64: "AAAA" })], 400, "invalid_event", "/0/data_base64"],
  ["an event of the other API", [metronome()], 400, "invalid_event", "/0/specversion"],
];

const takenOf = ({ event, id, subject, time, data, type }) => [
  ["gzip", gzipSync(JSON.stringify([event({ [id]: "packed" })])), 1, { "content-encoding": "gzip" }],
  ["gzip in capitals, in two members", Buffer.concat([gzipSync("["), gzipSync(`${JSON.stringify(event({ [id]: "packed twice" }))}]`)]), 1, { "content-encoding": "GZIP" }],
  ["an encoding that is none", [event()], 1, { "content-encoding": "identity" }],
  ["a byte order mark", Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(JSON.stringify([event({ [id]: "marked" })]))]), 1],
  ["a charset that is UTF-8", [event()], 1, { "content-type": 'application/json; charset="UTF-8"' }],
  ["an empty array", [], 0],
  ["an unknown member", [event({ zzz: { deep: [1] } })], 1],
  ["an id of one character and one of 128", [event({ [id]: "i" }), event({ [id]: long(128) })], 2],
  ["an id of 128 characters of two bytes", [event({ [id]: "é".repeat(128) })], 1],
  ["a number of 40 digits, and 1e40", [event({ [data]: { n: "z" } })].map((e) => JSON.stringify([e]).replace('"z"', `${"1".repeat(40)},"m":1e40`))[0], 1],
  ["an escaped NUL in an id and in a value", JSON.stringify([event({ [id]: "a\u0000b", [subject]: "a\u0000b", [data]: { n: "\u0000" } })]), 1],
  ["no data", [without(event(), data)], 1],
  ["null as data", [event({ [data]: null })], 1],
  ["no time", [without(event(), time)], 1],
  ["23 hours ahead", [event({ [time]: "2026-11-03T23:00:00Z" })], 1],
  ["400 days old", [event({ [time]: "2025-09-29T00:00:00Z" })], 1],
  ["a leap second", [event({ [time]: "2026-06-30T23:59:60Z" })], 1],
  ["a byte order of names, quotes, slashes and emoji", [event({ [id]: "\"\\/😀\t", [type]: "a/b?c#d" })], 1],
  ["1,000 events", Array.from({ length: 1_000 }, (_, n) => event({ [id]: `${n}` })), 1_000],
  ["60 levels", withText(event(), nested(55)), 1],
];

async function refuses(path, [name, body, status, code, field, headers]) {
  const earlier = await server.counted();
  const answer = await server.send("POST", path, body, { "content-type": "application/json", ...(typeof headers === "function" ? headers() : headers) });
  const told = JSON.stringify(answer.body);
  assert.equal(answer.status, status, `${name}: ${told}`);
  assert.match(answer.headers.get("content-type"), /^application\/problem\+json/, told);
  assert.equal(answer.body.status, `${status}`);
  if (code) assert.equal(answer.body.code, code, told);
  if (field?.endsWith("*")) assert.ok(answer.body.field.startsWith(field.slice(0, -1)), told);
  else if (field) assert.equal(answer.body.field, field, told);
  assert.ok(answer.body.detail.length > 10 && answer.body.message === answer.body.detail, told);
  assert.doesNotMatch(answer.body.detail, /System\.|Exception|Billing\.|LineNumber|BytePosition|reader options/, "no word of the program's insides");
  assert.deepEqual(await server.counted(), earlier, "nothing was stored");
  assert.ok(server.isUp);
}

for (const shape of shapes) {
  describe(`refused by ${shape.path}`, () => {
    for (const row of [...refusedOf(shape), ...(shape.api === "CloudEvents" ? refusedCloudEvents : [])])
      test(`${row[0]}: ${row[2]}`, () => refuses(shape.path, row));
  });

  describe(`taken by ${shape.path}`, () => {
    takenOf(shape).forEach(([name, body, count, headers], row) =>
      test(name, async () => {
        const earlier = await server.counted();
        // Ids are made apart by row, where they need not be as they are.
        const text = typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body);
        const sent = typeof text === "string" ? text.replaceAll(`"${shape.id}":"t"`, `"${shape.id}":"t${row}"`) : text;
        const answer = await server.send("POST", shape.path, sent, headers);
        assert.equal(answer.status, shape.taken, JSON.stringify(answer.body));
        const stats = await server.counted();
        assert.equal(stats.accepted - earlier.accepted, BigInt(count));
        assert.equal(stats.rejected, earlier.rejected);
        assert.equal(stats.counted - earlier.counted, BigInt(count), "each is a new fact");
        assert.ok(server.isUp);
      }));
  });
}

test("the first request of all may be a bad one", async () => {
  const fresh = await new Server().start();
  try {
    const answer = await fresh.send("POST", "/v1/customers", { name: 1 });
    assert.deepEqual([answer.status, answer.body.detail], [400, "/name: A string is needed here, not 1."]);
  } finally {
    await fresh.stop();
  }
});

describe("our own endpoints refuse what the compatible ones ignore", () => {
  for (const [name, path, body, status, code, field, headers] of [
    ["an unknown member of a new key", "/v1/api-keys", { name: "a", scopes: ["READ"], extra: 1 }, 400, "body_invalid", "/extra"],
    ["an unknown scope", "/v1/api-keys", { name: "a", scopes: ["EVERYTHING"] }, 400, "body_invalid", "/scopes/0"],
    ["no scopes", "/v1/api-keys", { name: "a" }, 400, "body_invalid", "/scopes"],
    ["an array", "/v1/api-keys", [], 400, "body_invalid", ""],
    ["a text", "/v1/api-keys", '"a"', 400, "body_invalid", ""],
    ["white space", "/v1/api-keys", " \n", 400, "body_missing"],
    ["null", "/v1/api-keys", "null", 400, "body_missing"],
    ["NaN", "/v1/api-keys", '{"name":NaN}', 400, "body_malformed", "/name"],
    ["a trailing comma", "/v1/api-keys", '{"name":"a",}', 400, "body_malformed", ""],
    ["UTF-16", "/v1/api-keys", Buffer.from('{"name":"a"}', "utf16le"), 400, "body_malformed"],
    ["half a surrogate pair", "/v1/api-keys", '{"name":"\\ud800","scopes":["READ"]}', 400, "body_invalid", "/name"],
    ["5 MB", "/v1/api-keys", JSON.stringify({ name: "a".repeat(5_000_000), scopes: ["READ"] }), 413, "body_too_large"],
    ["gzip", "/v1/api-keys", gzipSync('{"name":"a","scopes":["READ"]}'), 415, "content_encoding_unsupported", "Content-Encoding", { "content-encoding": "gzip" }],
    ["Latin-1", "/v1/api-keys", '{"name":"a","scopes":["READ"]}', 415, "charset_unsupported", "Content-Type", { "content-type": "application/json; charset=latin1" }],
    ["a form", "/v1/api-keys", "name=a", 415, "content_type_unsupported", "Content-Type", { "content-type": "application/x-www-form-urlencoded" }],
    ["a price that is no number", "/v1/contract-pricing/rate-cards/addRate", { rate_card_id: "c", product_id: "p", starting_at: now, entitled: true, rate_type: "FLAT", price: "ten" }, 400, "body_invalid", "/price"],
    ["a rate type that is none", "/v1/contract-pricing/rate-cards/addRate", { rate_card_id: "c", product_id: "p", starting_at: now, entitled: true, rate_type: "CHEAP", price: 1 }, 400, "body_invalid", "/rate_type"],
    ["a conversion that is none", "/v1/contract-pricing/products/update", { product_id: "p", starting_at: now, quantity_conversion: 5 }, 400, "body_invalid", "/quantity_conversion"],
    ["a factor that is missing", "/v1/contract-pricing/products/update", { product_id: "p", starting_at: now, quantity_conversion: { operation: "DIVIDE" } }, 400, "body_invalid", "/quantity_conversion/conversion_factor"],
    ["an alias that is a number", "/v1/customers", { name: "a", ingest_aliases: ["b", 7] }, 400, "body_invalid", "/ingest_aliases/1"],
    ["null as name", "/v1/api-keys", { name: null, scopes: ["READ"] }, 400, "body_invalid", "/name"],
    ["a number as name", "/v1/api-keys", { name: 1, scopes: ["READ"] }, 400, "body_invalid", "/name"],
    ["a member twice", "/v1/api-keys", '{"name":"a","name":"b","scopes":["READ"]}', 400, "body_invalid", "/name"],
    ["a member twice, once escaped", "/v1/api-keys", '{"name":"a","\\u006eame":"b","scopes":["READ"]}', 400, "body_invalid", "/name"],
    ["half a JSON text", "/v1/api-keys", '{"name":', 400, "body_malformed"],
    ["100,000 levels", "/v1/api-keys", `{"name":${"[".repeat(100_000)}`, 400, "body_malformed", "/name/0*"],
    ["invalid UTF-8", "/v1/api-keys", bytes('{"name":"Z","scopes":["READ"]}', '"Z"', [0x22, 0xc3, 0x28, 0x22]), 400, "body_malformed"],
    ["no body", "/v1/api-keys", "", 400, "body_missing"],
    ["a time of the clock without zone", "/v1/test/clock", { now: "2027-01-01T00:00:00" }, 400, "body_invalid", "/now"],
    ["an unknown member of the clock", "/v1/test/clock", { now: "2027-01-01T00:00:00Z", then: 1 }, 400, "body_invalid", "/then"],
    ["a clock moved back", "/v1/test/clock", { now: "2020-01-01T00:00:00Z" }, 409, "clock_goes_forward", "/now"],
  ])
    test(`${name}: ${status}`, () => refuses(path, [name, body, status, code, field, headers]));

  test("a metric with an unknown member is taken by the compatible endpoint", async () => {
    const made = await server.post("/v1/billable-metrics/create", { name: "with more", aggregation_type: "COUNT", colour: "blue" });
    assert.ok(made.data.id);
  });
});

describe("methods, paths and headers", () => {
  // method, path, status, what is looked at
  for (const [method, path, status, code, headers] of [
    ["GET", "/v1/customers/", 200],
    ["GET", "/v1/Customers", 200],
    ["GET", "/v1//customers", 404, "route_not_found"],
    ["GET", "/", 404, "route_not_found"],
    ["GET", "/v1/ingest", 405, "method_not_allowed"],
    ["PATCH", "/v1/customers", 405, "method_not_allowed"],
    ["GET", "/v1/customers?limit=ten", 400, "parameter_invalid"],
    ["GET", "/v1/customers?limit=0", 400, "limit_invalid"],
    ["GET", "/v1/customers?next_page=%F0", 400, "next_page_invalid"],
    ["GET", `/v1/customers/${long(7_000)}`, 404, "customer_not_found"],
    ["GET", `/api/v1/meters/none/query?${"&subject=".concat(long(120)).repeat(200)}`, 404, "meter_not_found"],
    ["HEAD", "/v1/customers", 200],
    ["HEAD", "/v1/ingest", 405],
    ["HEAD", "/v1/nothing", 404],
    ["OPTIONS", "/v1/customers", 204],
    ["OPTIONS", "/v1/nothing", 404, "route_not_found"],
    // These never reach the program: the HTTP server answers with the status alone.
    ["GET", `/v1/customers?ingest_alias=${long(60_000)}`, 414],
    ["GET", "/v1/customers/a%00b", 400],
    ["GET", "/v1/customers", 431, undefined, { "x-long": long(40_000) }],
  ])
    test(`${method} ${path.slice(0, 60)}: ${status}`, async () => {
      const answer = await server.fetch(path, { method, headers });
      const text = await answer.text();
      assert.equal(answer.status, status, text);
      if (code) assert.equal(JSON.parse(text).code, code);
      if (method === "HEAD") assert.equal(text, "");
      if (status === 405 || (method === "OPTIONS" && status === 204)) assert.match(answer.headers.get("allow"), /OPTIONS/);
      assert.equal((await server.fetch("/health")).status, 200);
    });
});
