// What is one fact: source and id, however, whenever and however often they come. Each row is sent, counted, searched and added up.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { serverAt } from "./server.mjs";

const now = "2026-11-03T00:00:00Z";
const time = "2026-11-02T10:00:00Z";
let server, made = 0;
before(async () => (server = await serverAt(now)));
after(() => server.stop());

const apis = {
  Metronome: {
    path: "/v1/ingest",
    source: undefined,
    event: (type, { id = "a", time: at = time, data = { n: 1, model: "m" }, subject = "acme", ...more } = {}) => ({
      transaction_id: id, customer_id: subject, event_type: type, ...(at ? { timestamp: at } : {}), properties: data, ...more,
    }),
  },
  CloudEvents: {
    path: "/api/v1/events",
    source: "test",
    event: (type, { id = "a", time: at = time, data = { n: 1, model: "m" }, subject = "acme", source = "test", ...more } = {}) => ({
      specversion: "1.0", id, source, type, subject, ...(at ? { time: at } : {}), data, ...more,
    }),
  },
};

// name, requests (each a list of events; text goes as it is), facts, duplicates, of which conflicts
const rows = [
  ["the same event in another request", (e) => [[e()], [e()]], 1, 1, 0],
  ["the same event twice in one request", (e) => [[e(), e()]], 1, 1, 0],
  ["the same event five times, in three requests", (e) => [[e(), e()], [e()], [e(), e()]], 1, 4, 0],
  ["the same event among others of another batch", (e) => [[e({ id: "x" }), e(), e({ id: "y" })], [e({ id: "z" }), e({ id: "w" }), e()]], 5, 1, 0],
  ["the same id on another day", (e) => [[e()], [e({ time: "2026-10-01T10:00:00Z" })]], 1, 1, 1],
  ["the same id on another day, the earlier day first, in one request", (e) => [[e({ time: "2026-10-01T10:00:00Z" }), e()]], 1, 1, 1],
  ["the same instant in another zone", (e) => [[e()], [e({ time: "2026-11-02T15:30:00+05:30" })]], 1, 1, 0],
  ["without time both times", (e) => [[e({ time: null })], [e({ time: null })]], 1, 1, 0],
  ["with time, then without", (e) => [[e()], [e({ time: null })]], 1, 1, 1],
  ["with another value", (e) => [[e()], [e({ data: { n: 2, model: "m" } })]], 1, 1, 1],
  ["with another value in one request", (e) => [[e(), e({ data: { n: 2, model: "m" } })]], 1, 1, 1],
  ["with a number as text", (e) => [[e()], [e({ data: { n: "1", model: "m" } })]], 1, 1, 1],
  ["with another subject", (e) => [[e()], [e({ subject: "other" })]], 1, 1, 1],
  ["with a property less", (e) => [[e()], [e({ data: { n: 1 } })]], 1, 1, 1],
  ["with its members in another order", (e) => [[e()], [e({ data: { model: "m", n: 1 } })]], 1, 1, 0],
  ["with white space between its members", (e) => [[e()], JSON.stringify([e()], null, 3)], 1, 1, 0],
  ["with nested members in another order", (e) => [[e({ data: { n: 1, of: { a: [1, { x: 1, y: 2 }], b: null } } })], [e({ data: { of: { b: null, a: [1, { y: 2, x: 1 }] }, n: 1 } })]], 1, 1, 0],
  ["with the elements of an array in another order", (e) => [[e({ data: { n: 1, of: [1, 2] } })], [e({ data: { n: 1, of: [2, 1] } })]], 1, 1, 1],
  ["with its id escaped", (e) => [[e()], JSON.stringify([e()]).replaceAll('"a"', '"\\u0061"')], 1, 1, 0],
  ["with its id escaped the first time", (e) => [JSON.stringify([e()]).replaceAll('"a"', '"\\u0061"'), [e()]], 1, 1, 0],
  ["with an emoji in its id as a surrogate pair", (e) => [[e({ id: "a😀" })], JSON.stringify([e({ id: "a😀" })]).replace("😀", "\\ud83d\\ude00")], 1, 1, 0, "a😀"],
  ["with names and values of its body escaped", (e) => [[e()], JSON.stringify([e()]).replace('"model":"m"', '"m\\u006fdel":"\\u006d"')], 1, 1, 0],
  ["with a slash in its id escaped", (e) => [[e({ id: "a/b" })], JSON.stringify([e({ id: "a/b" })]).replace("a/b", "a\\/b")], 1, 1, 0, "a/b"],
  ["ids that differ in case", (e) => [[e()], [e({ id: "A" })]], 2, 0, 0],
  ["ids that differ by a space", (e) => [[e()], [e({ id: "a " })]], 2, 0, 0],
  ["ids that look alike in Unicode but are other characters", (e) => [[e({ id: "a\u00e9" })], [e({ id: "ae\u0301" })]], 2, 0, 0, "a\u00e9"],
  ["a number and the text of it", (e) => [[e({ id: "1" })], [e({ id: "1.0" })]], 2, 0, 0, "1"],
];

const identity = (s) => assert.equal(s.accepted, s.counted + s.duplicate + s.rejected + s.pending, "accepted = counted + duplicate + rejected + pending");

// Ids are made apart by row, since all rows share a server; the table's own ids stay readable.
function eventsOf(api, type) {
  return (more = {}) => api.event(type, { ...more, id: `${more.id ?? "a"}` });
}

async function sendAll(api, requests, row) {
  for (const request of requests) {
    const text = typeof request === "string" ? request : JSON.stringify(request);
    // The row's number goes in front of every id, escaped or not.
    const named = text.replace(/"(transaction_id|id)":(\s*)"/g, `"$1":$2"${row}:`);
    const answer = await server.send("POST", api.path, named);
    assert.ok(answer.status === 200 || answer.status === 204, `${answer.status} ${JSON.stringify(answer.body)}`);
  }
}

async function countOf(type) {
  const meter = await server.post("/api/v1/meters", { slug: type, aggregation: "COUNT", eventType: type });
  await server.filled(meter.id);
  return Number((await server.get(`/api/v1/meters/${type}/query`)).data[0]?.value ?? 0);
}

for (const [apiName, api] of Object.entries(apis))
  describe(apiName, () => {
    for (const [name, requestsOf, facts, duplicates, conflicts, searched = "a"] of rows)
      test(`${name}: ${facts === 1 ? "one fact" : `${facts} facts`}${conflicts ? ", told as a conflict" : ""}`, async () => {
        const row = `r${++made}`;
        const earlier = await server.counted();
        await sendAll(api, requestsOf(eventsOf(api, row)), row);
        const stats = await server.counted();
        identity(stats);
        const more = (field) => Number(stats[field] - earlier[field]);
        assert.deepEqual(
          { accepted: more("accepted"), counted: more("counted"), duplicate: more("duplicate"), conflict: more("conflict"), rejected: more("rejected") },
          { accepted: facts + duplicates, counted: facts, duplicate: duplicates, conflict: conflicts, rejected: 0 },
        );
        assert.equal(await countOf(row), facts);

        const copies = await server.post("/v1/events/search", { transactionIds: [`${row}:${searched}`], ...(api.source ? { source: api.source } : {}) });
        assert.equal(copies.length, 1 + duplicates);
        assert.deepEqual(copies.map((c) => c.transaction_id), copies.map(() => `${row}:${searched}`));
        assert.deepEqual(copies.filter((c) => !c.is_duplicate).length, 1, "one copy is the counted one");
        assert.equal(copies[0].is_duplicate, false, "the counted one comes first");
        assert.equal(copies.filter((c) => c.conflict).length, conflicts);
        assert.deepEqual(copies[0].matched_billable_metrics.map((m) => m.name), [row]);
      });
  });

describe("across", () => {
  test("the same id through both APIs is two facts, since the sources differ", async () => {
    const row = `r${++made}`;
    const earlier = await server.counted();
    for (const api of Object.values(apis)) await sendAll(api, [[api.event(row)]], row);
    const stats = await server.counted();
    identity(stats);
    assert.equal(stats.counted - earlier.counted, 2n);
    assert.equal(stats.duplicate - earlier.duplicate, 0n);
    assert.equal(await countOf(row), 2);
  });

  test("the same id of two CloudEvents sources is two facts, each found by its source", async () => {
    const row = `r${++made}`, { event } = apis.CloudEvents;
    await sendAll(apis.CloudEvents, [[event(row, { source: "one" }), event(row, { source: "two" })]], row);
    await server.counted();
    assert.equal(await countOf(row), 2);
    for (const source of ["one", "two"]) {
      const copies = await server.post("/v1/events/search", { transactionIds: [`${row}:a`], source });
      assert.deepEqual(copies.map((c) => c.is_duplicate), [false]);
    }
  });

  test("source and id are not run together: (ab, c) and (a, bc) are two facts", async () => {
    const type = `r${++made}`, { event } = apis.CloudEvents;
    await server.post("/api/v1/events", [event(type, { source: `${type}ab`, id: "c" }), event(type, { source: `${type}a`, id: "bc" })]);
    await server.counted();
    assert.equal(await countOf(type), 2);
  });

  test("an attribute that a retry may change, such as a trace id, makes no conflict", async () => {
    const row = `r${++made}`, { event } = apis.CloudEvents;
    const earlier = await server.counted();
    await sendAll(apis.CloudEvents, [[event(row, { traceparent: "00-1" })], [event(row, { traceparent: "00-2" })]], row);
    const stats = await server.counted();
    assert.deepEqual([stats.counted - earlier.counted, stats.duplicate - earlier.duplicate, stats.conflict - earlier.conflict], [1n, 1n, 0n]);
  });

  test("a thousand copies at once over eight connections are one fact", async () => {
    const row = `r${++made}`;
    const earlier = await server.counted();
    const body = JSON.stringify(Array.from({ length: 25 }, () => apis.Metronome.event(row, { id: `${row}:a` })));
    for (let round = 0; round < 5; round++)
      await Promise.all(Array.from({ length: 8 }, () => server.post("/v1/ingest", body)));
    const stats = await server.counted();
    identity(stats);
    assert.deepEqual([stats.accepted - earlier.accepted, stats.counted - earlier.counted, stats.duplicate - earlier.duplicate], [1000n, 1n, 999n]);
    assert.equal(await countOf(row), 1);
  });

  test("a conflict is listed among what was not counted, with the reason", async () => {
    const row = `r${++made}`;
    await sendAll(apis.Metronome, [[apis.Metronome.event(row)], [apis.Metronome.event(row, { data: { n: 9 } })]], row);
    await server.counted();
    const { data } = await server.get("/v1/ingest/rejected");
    assert.ok(data.some((r) => JSON.stringify(r).includes(`${row}:a`)), JSON.stringify(data[0]));
  });

  // Last, since it moves the clock: without a time the log's time stands in, and must not make two contents of one event.
  test("an event without time, sent again a day later, is the same fact without a conflict, counted on the first day", async () => {
    const row = `r${++made}`;
    const earlier = await server.counted();
    await sendAll(apis.Metronome, [[apis.Metronome.event(row, { time: null })]], row);
    await server.clock("2026-11-04T00:00:00Z");
    await sendAll(apis.Metronome, [[apis.Metronome.event(row, { time: null })]], row);
    const stats = await server.counted();
    assert.deepEqual([stats.counted - earlier.counted, stats.duplicate - earlier.duplicate, stats.conflict - earlier.conflict], [1n, 1n, 0n]);
    assert.equal(await countOf(row), 1);
    const days = await server.get(`/api/v1/meters/${row}/query?windowSize=DAY&from=2026-11-01T00:00:00Z&to=2026-11-05T00:00:00Z`);
    assert.deepEqual(days.data.map((d) => [d.windowStart.slice(0, 10), d.value]), [["2026-11-03", "1"]]);
  });
});
