// The official OpenMeter SDK against the running server, with nothing changed but the base URL.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { OpenMeter } from "@openmeter/sdk";
import { serverAt } from "./server.mjs";

const now = "2026-11-03T00:00:00Z";
let server, client, made = 0;
before(async () => {
  server = await serverAt(now);
  client = new OpenMeter({ baseUrl: server.url, apiKey: server.key });
});
after(() => server.stop());

// Each test counts a type of its own, so that tests don't see one another's events.
const newType = () => `type_${++made}`;
const meterOf = async (aggregation, type, more = {}) => {
  const meter = await client.meters.create({
    slug: `${type}_${aggregation.toLowerCase()}`, aggregation, eventType: type,
    ...(aggregation === "COUNT" ? {} : { valueProperty: "$.n" }), groupBy: { model: "$.model", kind: "$.kind" }, ...more,
  });
  await server.filled(meter.id);
  return meter;
};
const event = (type, time, data, more = {}) => ({ type, subject: "acme", source: "test", time: new Date(time), data, ...more });
const rows = (answer) => answer.data.map((r) => [r.windowStart.toISOString(), r.windowEnd.toISOString(), r.value]);
const refused = (status, code) => (error) => {
  assert.equal(error.name, "HTTPError");
  assert.equal(error.status, status);
  if (code) assert.equal(error.getField("code"), code);
  assert.ok(error.title && error.type && error.getField("detail"), "a problem has a type, a title and a detail");
  return true;
};

describe("meters", () => {
  test("each aggregation answers what its name says", async () => {
    const type = newType();
    await client.events.ingest([
      event(type, "2026-11-01T10:00:00Z", { n: 5, model: "a" }),
      event(type, "2026-11-01T12:00:00Z", { n: "2.5", model: "a" }),
      event(type, "2026-11-01T11:00:00Z", { n: 5, model: "b" }),
      event(type, "2026-11-01T09:00:00Z", { n: -1.25, model: "b" }),
    ]);
    await server.counted();
    const expected = {
      SUM: 11.25, // 5 + 2.5 + 5 - 1.25
      COUNT: 4,
      UNIQUE_COUNT: 3, // 5, 2.5, -1.25
      AVG: 2.8125, // 11.25 / 4
      MIN: -1.25,
      MAX: 5,
      LATEST: 2.5, // the one of 12:00, though it came second
    };
    for (const [aggregation, value] of Object.entries(expected)) {
      const meter = await meterOf(aggregation, type);
      assert.equal(meter.aggregation, aggregation);
      const answer = await client.meters.query(meter.slug, { from: new Date("2026-11-01T00:00:00Z"), to: new Date("2026-11-02T00:00:00Z") });
      assert.deepEqual(rows(answer), [["2026-11-01T00:00:00.000Z", "2026-11-02T00:00:00.000Z", value]], aggregation);
    }
  });

  test("a meter created before and one created after the events count the same", async () => {
    const type = newType();
    const early = await meterOf("SUM", type);
    await client.events.ingest([event(type, "2026-11-01T10:00:00Z", { n: 1 }), event(type, "2026-11-01T10:01:00Z", { n: 2 })]);
    await server.counted();
    const late = await meterOf("SUM", type, { slug: `${type}_late` });
    await client.events.ingest(event(type, "2026-11-01T10:02:00Z", { n: 4 }));
    await server.counted();
    for (const meter of [early, late]) assert.equal((await client.meters.query(meter.id)).data[0].value, 7); // 1 + 2 + 4
  });

  test("a meter is read, listed, changed and deleted by id and by slug; its slug is then free", async () => {
    const type = newType();
    const meter = await meterOf("SUM", type, { name: "Tokens", description: "All tokens", metadata: { team: "x" } });
    assert.equal(meter.name, "Tokens");
    assert.equal(meter.description, "All tokens");
    assert.deepEqual(meter.metadata, { team: "x" });
    assert.equal(meter.eventType, type);
    assert.equal(meter.valueProperty, "$.n");
    assert.deepEqual(meter.groupBy, { model: "$.model", kind: "$.kind" });
    assert.ok(meter.createdAt instanceof Date && meter.updatedAt instanceof Date);
    assert.deepEqual(await client.meters.get(meter.id), meter);
    assert.deepEqual(await client.meters.get(meter.slug), meter);
    assert.ok((await client.meters.list()).some((m) => m.id === meter.id));
    assert.deepEqual((await client.meters.update(meter.slug, { groupBy: meter.groupBy })).groupBy, meter.groupBy);
    await assert.rejects(client.meters.update(meter.slug, { name: "No", groupBy: { model: "$.model", region: "$.region" } }), (error) => {
      refused(409, "meter_definition_fixed")(error);
      assert.match(error.getField("detail"), /'kind' is missing, 'region' is new.*create another meter/);
      return true;
    });
    assert.equal((await client.meters.get(meter.slug)).name, "Tokens");
    const changed = await client.meters.update(meter.slug, { name: "Renamed", description: "Other", metadata: { team: "y" } });
    assert.deepEqual([changed.id, changed.name, changed.description, changed.metadata], [meter.id, "Renamed", "Other", { team: "y" }]);
    await client.meters.delete(meter.slug);
    assert.ok(!(await client.meters.list()).some((m) => m.id === meter.id));
    await assert.rejects(client.meters.get(meter.slug), refused(404, "meter_not_found"));
    const again = await meterOf("SUM", type);
    assert.equal(again.slug, meter.slug);
    assert.notEqual(again.id, meter.id);
  });

  test("meters are listed in the order that is asked for", async () => {
    const type = newType();
    for (const [slug, aggregation] of [["b", "SUM"], ["a", "MIN"], ["c", "COUNT"]]) await meterOf(aggregation, type, { slug: `${type}_${slug}`, name: slug === "a" ? "Z" : "Y" });
    const listed = async (query) =>
      (await client.meters.list({ params: { query } })).filter((m) => m.eventType === type).map((m) => m.slug.slice(type.length + 1)).join("");
    assert.equal(await listed({ orderBy: "key" }), "abc");
    assert.equal(await listed({ orderBy: "key", order: "DESC" }), "cba");
    assert.equal(await listed({ orderBy: "aggregation" }), "cab"); // COUNT, MIN, SUM
    assert.equal((await listed({ orderBy: "name" })).at(-1), "a");
    await client.meters.delete(`${type}_b`);
    assert.equal(await listed({ orderBy: "key" }), "ac");
    assert.equal(await listed({ orderBy: "key", includeDeleted: true }), "abc");
    assert.equal((await client.meters.list({ params: { query: { pageSize: 1, page: 2 } } })).length, 1);
    for (const query of [{ orderBy: "colour" }, { order: "UP" }, { page: 0 }, { pageSize: 1_001 }]) await assert.rejects(client.meters.list({ params: { query } }), refused(400));
  });

  test("a taken slug, a bad slug, a missing value property and a bad JSONPath are refused with the place", async () => {
    const type = newType();
    const meter = await meterOf("COUNT", type);
    await assert.rejects(client.meters.create({ slug: meter.slug, aggregation: "COUNT", eventType: type }), refused(409, "meter_slug_taken"));
    for (const [bad, field] of [
      [{ slug: "Not A Slug", aggregation: "COUNT", eventType: type }, "/slug"],
      [{ slug: `${type}_x`, aggregation: "SUM", eventType: type }, "/valueProperty"],
      [{ slug: `${type}_x`, aggregation: "SUM", eventType: type, valueProperty: "$.[" }, "/valueProperty"],
      [{ slug: `${type}_x`, aggregation: "COUNT", eventType: type, groupBy: { "a": "$..b" } }, "/groupBy/a"],
      [{ slug: `${type}_x`, aggregation: "MEDIAN", eventType: type }, "/aggregation"],
    ])
      await assert.rejects(client.meters.create(bad), (error) => {
        assert.equal(error.status, 400, JSON.stringify(bad));
        assert.equal(error.getField("field"), field);
        return true;
      });
    assert.ok(!(await client.meters.list()).some((m) => m.slug === `${type}_x`));
  });
});

describe("queries", () => {
  let type, sum;
  const at = (from, to, more) => client.meters.query(sum.slug, { from: new Date(from), to: new Date(to), ...more });
  before(async () => {
    type = newType();
    await client.events.ingest([
      // New York springs forward on 8 March 2026: that day is 05:00Z to 04:00Z, 23 hours.
      event(type, "2026-03-08T04:59:59.999Z", { n: 1, model: "a", kind: "in" }),
      event(type, "2026-03-08T05:00:00Z", { n: 2, model: "a", kind: "in" }),
      event(type, "2026-03-09T03:59:59.999Z", { n: 4, model: "b", kind: "out" }),
      event(type, "2026-03-09T04:00:00Z", { n: 8, model: "b", kind: "in" }, { subject: "beta" }),
      // and falls back on 1 November 2026: 04:00Z to 05:00Z of the next day, 25 hours.
      event(type, "2026-11-01T03:59:00Z", { n: 16, model: "a", kind: "out" }),
      event(type, "2026-11-01T04:00:00Z", { n: 32, model: "a", kind: "in" }, { subject: "beta" }),
      event(type, "2026-11-02T04:59:00Z", { n: 64, model: "b", kind: "in" }),
      event(type, "2026-11-02T05:00:30Z", { n: 128, model: "c", kind: "in" }),
      event(type, "2026-11-02T18:29:30Z", { n: 256, kind: "in" }),
      event(type, "2026-11-02T18:30:00Z", { n: 512, model: "b" }, { subject: "Übermaß GmbH" }),
    ]);
    await server.counted();
    sum = await meterOf("SUM", type);
  });

  test("without a range the whole is one row", async () => {
    const answer = await client.meters.query(sum.slug);
    assert.deepEqual(answer.data.map((r) => [r.value, r.subject, r.groupBy]), [[1023, null, {}]]); // 2^10 - 1
  });

  test("from is inclusive and to exclusive, and the answer repeats the question", async () => {
    const answer = await at("2026-11-02T04:59:00Z", "2026-11-02T18:30:00Z", { windowSize: "DAY" });
    assert.equal(answer.windowSize, "DAY");
    assert.equal(answer.from.toISOString(), "2026-11-02T04:59:00.000Z");
    assert.equal(answer.to.toISOString(), "2026-11-02T18:30:00.000Z");
    assert.equal((await at("2026-11-02T04:59:00Z", "2026-11-02T18:30:00Z")).data[0].value, 448); // 64 + 128 + 256
    assert.equal((await at("2026-11-02T05:00:00Z", "2026-11-02T18:29:00Z")).data[0].value, 128);
  });

  test("minutes, hours, days and months in UTC", async () => {
    assert.deepEqual(rows(await at("2026-11-02T18:00:00Z", "2026-11-02T19:00:00Z", { windowSize: "MINUTE" })), [
      ["2026-11-02T18:29:00.000Z", "2026-11-02T18:30:00.000Z", 256],
      ["2026-11-02T18:30:00.000Z", "2026-11-02T18:31:00.000Z", 512],
    ]);
    assert.deepEqual(rows(await at("2026-11-02T00:00:00Z", "2026-11-03T00:00:00Z", { windowSize: "HOUR" })), [
      ["2026-11-02T04:00:00.000Z", "2026-11-02T05:00:00.000Z", 64],
      ["2026-11-02T05:00:00.000Z", "2026-11-02T06:00:00.000Z", 128],
      ["2026-11-02T18:00:00.000Z", "2026-11-02T19:00:00.000Z", 768], // 256 + 512
    ]);
    assert.deepEqual(rows(await at("2026-11-01T00:00:00Z", "2026-11-03T00:00:00Z", { windowSize: "DAY" })), [
      ["2026-11-01T00:00:00.000Z", "2026-11-02T00:00:00.000Z", 48], // 16 + 32
      ["2026-11-02T00:00:00.000Z", "2026-11-03T00:00:00.000Z", 960], // 64 + 128 + 256 + 512
    ]);
    assert.deepEqual(rows(await at("2026-03-01T00:00:00Z", "2026-12-01T00:00:00Z", { windowSize: "MONTH" })), [
      ["2026-03-01T00:00:00.000Z", "2026-04-01T00:00:00.000Z", 15], // 1 + 2 + 4 + 8
      ["2026-11-01T00:00:00.000Z", "2026-12-01T00:00:00.000Z", 1008], // 1023 - 15
    ]);
  });

  test("a day of New York has 23 hours in spring and 25 in autumn", async () => {
    const zone = { windowSize: "DAY", windowTimeZone: "America/New_York" };
    assert.deepEqual(rows(await at("2026-03-07T05:00:00Z", "2026-03-10T04:00:00Z", zone)), [
      ["2026-03-07T05:00:00.000Z", "2026-03-08T05:00:00.000Z", 1],
      ["2026-03-08T05:00:00.000Z", "2026-03-09T04:00:00.000Z", 6], // 2 + 4
      ["2026-03-09T04:00:00.000Z", "2026-03-10T04:00:00.000Z", 8],
    ]);
    assert.deepEqual(rows(await at("2026-10-31T04:00:00Z", "2026-11-03T05:00:00Z", zone)), [
      ["2026-10-31T04:00:00.000Z", "2026-11-01T04:00:00.000Z", 16],
      ["2026-11-01T04:00:00.000Z", "2026-11-02T05:00:00.000Z", 96], // 32 + 64
      ["2026-11-02T05:00:00.000Z", "2026-11-03T05:00:00.000Z", 896], // 128 + 256 + 512
    ]);
    assert.deepEqual(rows(await at("2026-10-01T04:00:00Z", "2026-12-01T05:00:00Z", { windowSize: "MONTH", windowTimeZone: "America/New_York" })), [
      ["2026-10-01T04:00:00.000Z", "2026-11-01T04:00:00.000Z", 16],
      ["2026-11-01T04:00:00.000Z", "2026-12-01T05:00:00.000Z", 992], // 1008 - 16
    ]);
  });

  test("hours and days of Kolkata start on the half hour of UTC", async () => {
    const zone = "Asia/Kolkata";
    assert.deepEqual(rows(await at("2026-11-02T17:30:00Z", "2026-11-02T19:30:00Z", { windowSize: "HOUR", windowTimeZone: zone })), [
      ["2026-11-02T17:30:00.000Z", "2026-11-02T18:30:00.000Z", 256],
      ["2026-11-02T18:30:00.000Z", "2026-11-02T19:30:00.000Z", 512],
    ]);
    assert.deepEqual(rows(await at("2026-11-01T18:30:00Z", "2026-11-03T18:30:00Z", { windowSize: "DAY", windowTimeZone: zone })), [
      ["2026-11-01T18:30:00.000Z", "2026-11-02T18:30:00.000Z", 448], // 64 + 128 + 256
      ["2026-11-02T18:30:00.000Z", "2026-11-03T18:30:00.000Z", 512],
    ]);
  });

  test("subjects narrow and are told apart; groupBy subject shows all", async () => {
    const by = (answer) => Object.fromEntries(answer.data.map((r) => [r.subject, r.value]));
    assert.deepEqual(by(await client.meters.query(sum.slug, { subject: ["acme"] })), { acme: 471 }); // 1023 - 8 - 32 - 512
    assert.deepEqual(by(await client.meters.query(sum.slug, { subject: ["acme", "beta"] })), { acme: 471, beta: 40 });
    assert.deepEqual(by(await client.meters.query(sum.slug, { subject: ["nobody"] })), {});
    assert.deepEqual(by(await client.meters.query(sum.slug, { groupBy: ["subject"] })), { acme: 471, beta: 40, "Übermaß GmbH": 512 });
  });

  test("groups split, a missing value is a group of its own, and filters narrow by any dimension", async () => {
    const by = (answer, ...keys) => Object.fromEntries(answer.data.map((r) => [keys.map((k) => (k === "subject" ? r.subject : r.groupBy[k])).join("/"), r.value]));
    assert.deepEqual(by(await client.meters.query(sum.slug, { groupBy: ["model"] }), "model"), {
      a: 51, // 1 + 2 + 16 + 32
      b: 588, // 4 + 8 + 64 + 512
      c: 128,
      "": 256,
    });
    const nulls = (await client.meters.query(sum.slug, { groupBy: ["model"] })).data.filter((r) => r.groupBy.model === null);
    assert.deepEqual(nulls.map((r) => r.value), [256]);
    assert.deepEqual(by(await client.meters.query(sum.slug, { groupBy: ["kind", "subject"], filterGroupBy: { model: "a" } }), "subject", "kind"), {
      "acme/in": 3, // 1 + 2
      "acme/out": 16,
      "beta/in": 32,
    });
    assert.equal((await client.meters.query(sum.slug, { filterGroupBy: { model: "b", kind: "in" } })).data[0].value, 72); // 8 + 64
    const posted = await client.meters.queryPost(sum.slug, { filterGroupBy: { model: ["a", "c"] }, groupBy: ["model"], from: new Date("2026-11-01T00:00:00Z"), to: new Date(now) });
    assert.deepEqual(by(posted, "model"), { a: 48, c: 128 });
  });

  test("advanced filters narrow by every operator, in the query and in the body alike", async () => {
    const filtered = async (filters) => {
      const asked = await client.meters.query(sum.slug, { advancedMeterGroupByFilters: JSON.stringify(filters) });
      const posted = await client.meters.queryPost(sum.slug, { advancedMeterGroupByFilters: filters });
      assert.deepEqual(rows(posted), rows(asked));
      return asked.data[0]?.value ?? 0;
    };
    // a: 51, b: 588, c: 128, none: 256
    assert.equal(await filtered({ model: { $eq: "a" } }), 51);
    assert.equal(await filtered({ model: { $ne: "a" } }), 972); // 588 + 128 + 256
    assert.equal(await filtered({ model: { $in: ["a", "c"] } }), 179); // 51 + 128
    assert.equal(await filtered({ model: { $nin: ["a", "c"] } }), 844); // 588 + 256
    assert.equal(await filtered({ model: { $gte: "b" } }), 716); // 588 + 128
    assert.equal(await filtered({ model: { $ilike: "A%" } }), 51);
    assert.equal(await filtered({ model: { $or: [{ $eq: "a" }, { $and: [{ $gt: "b" }, { $lte: "c" }] }] } }), 179); // 51 + 128
    assert.equal(await filtered({ model: { $eq: "b" }, kind: { $eq: "in" } }), 72); // 8 + 64
    assert.equal(await filtered({ model: { $eq: "nothing" } }), 0);
    assert.equal(await filtered({ model: {} }), 1023);
    await assert.rejects(filtered({ model: { $near: "a" } }), refused(400, "invalid_filter"));
    await assert.rejects(filtered({ colour: { $eq: "a" } }), refused(400, "not_a_group_key"));
    await assert.rejects(client.meters.query(sum.slug, { advancedMeterGroupByFilters: "model=a" }), refused(400, "invalid_filter"));
    await assert.rejects(
      client.meters.query(sum.slug, { advancedMeterGroupByFilters: '{"model":{"$eq":"a"}}', filterGroupBy: { model: "a" } }),
      refused(400, "filters_combined"),
    );
  });

  test("customers narrow and are told apart, also together with subjects, and usage that is nobody's has no customer", async () => {
    const name = newType();
    const made = async (who, aliases) => (await server.post("/v1/customers", { name: `${name} ${who}`, ingest_aliases: aliases })).data.id;
    const use = (subject, n) => event(name, "2026-11-01T10:00:00Z", { n, model: n < 4 ? "a" : "b" }, { subject });
    const first = await made("first", [`${name}-1`, `${name}-2`]), second = await made("second", [`${name}-3`]);
    await client.events.ingest([use(`${name}-1`, 1), use(`${name}-2`, 2), use(`${name}-3`, 4), use(`${name}-free`, 8), use(first, 16)]);
    await server.counted();
    const meter = await meterOf("SUM", name);
    const by = async (question) => {
      const answer = await client.meters.query(meter.slug, question);
      assert.deepEqual((await client.meters.queryPost(meter.slug, question)).data, answer.data);
      return Object.fromEntries(answer.data.map((r) => [[r.customerId, r.subject, ...Object.values(r.groupBy)].filter((t) => t != null).join("/"), r.value]));
    };
    assert.deepEqual(await by({ filterCustomerId: [first] }), { [first]: 19 }); // 1 + 2 + 16
    assert.deepEqual(await by({ filterCustomerId: [first, second] }), { [first]: 19, [second]: 4 });
    assert.deepEqual(await by({ filterCustomerId: [first], subject: [`${name}-1`, `${name}-3`] }), { [`${first}/${name}-1`]: 1 });
    assert.deepEqual(await by({ filterCustomerId: [first], groupBy: ["subject"] }), { [`${first}/${name}-1`]: 1, [`${first}/${name}-2`]: 2, [`${first}/${first}`]: 16 });
    assert.deepEqual(await by({ filterCustomerId: [first], groupBy: ["model"] }), { [`${first}/a`]: 3, [`${first}/b`]: 16 });
    assert.deepEqual(await by({ groupBy: ["customer_id"] }), { [first]: 19, [second]: 4, "": 8 });
    assert.deepEqual(await by({ groupBy: ["customer_id", "subject"], subject: [`${name}-3`, `${name}-free`] }), { [`${second}/${name}-3`]: 4, [`${name}-free`]: 8 });
    await assert.rejects(client.meters.query(meter.slug, { filterCustomerId: ["nobody"] }), refused(404, "customer_not_found"));
    const csv = await server.fetch(`/api/v1/meters/${meter.slug}/query?filterCustomerId=${second}&from=2026-11-01T00:00:00Z&to=2026-11-02T00:00:00Z`, { headers: { accept: "text/csv" } });
    assert.equal(await csv.text(), `window_start,window_end,subject,customer_id,value\r\n2026-11-01T00:00:00Z,2026-11-02T00:00:00Z,,${second},4\r\n`);
    const mine = await client.events.list({ customerId: [second] });
    assert.deepEqual(mine.map((e) => [e.event.subject, e.customerId]), [[`${name}-3`, second]]);
  });

  test("a client id is taken and changes nothing", async () => {
    const clientId = "f74e58ed-94ce-4041-ae06-cf45420451a3";
    assert.equal((await client.meters.query(sum.slug, { clientId })).data[0].value, 1023);
    assert.equal((await client.meters.queryPost(sum.slug, { clientId })).data[0].value, 1023);
    assert.ok((await client.events.list({ clientId })).length > 0);
    assert.ok((await client.events.listV2({ clientId })).items.length > 0);
  });

  test("the subjects of a meter are listed, from and to a time", async () => {
    const subjects = async (query = "") => server.get(`/api/v1/meters/${sum.slug}/subjects${query}`);
    assert.deepEqual(await subjects(), ["acme", "beta", "Übermaß GmbH"]);
    assert.deepEqual(await subjects("?from=2026-11-01T04:00:00Z&to=2026-11-01T05:00:00Z"), ["beta"]);
  });

  test("the values of a dimension are listed", async () => {
    const range = { from: new Date("2026-03-01T00:00:00Z"), to: new Date(now) };
    assert.deepEqual(await client.meters.listGroupByValues(sum.slug, "model", range), ["a", "b", "c"]);
    assert.deepEqual(await client.meters.listGroupByValues(sum.slug, "model"), ["b", "c"]); // the last 24 hours
  });

  test("bad questions are problems", async () => {
    await assert.rejects(client.meters.query("no_such_meter"), refused(404, "meter_not_found"));
    await assert.rejects(client.meters.query(sum.slug, { groupBy: ["colour"] }), refused(400, "not_a_group_key"));
    await assert.rejects(client.meters.query(sum.slug, { windowSize: "WEEK" }), refused(400, "parameter_invalid"));
    await assert.rejects(client.meters.queryPost(sum.slug, { windowSize: "WEEK" }), refused(400, "body_invalid"));
    await assert.rejects(client.meters.query(sum.slug, { windowSize: "DAY", windowTimeZone: "Mars/Olympus" }), refused(400, "invalid_time_zone"));
    await assert.rejects(at("2026-11-02T00:00:00Z", "2026-11-01T00:00:00Z"), refused(400, "invalid_range"));
    await assert.rejects(client.meters.query(sum.slug, { from: "yesterday" }), refused(400, "parameter_invalid"));
    await assert.rejects(new OpenMeter({ baseUrl: server.url, apiKey: "wrong" }).meters.list(), refused(401, "api_key_invalid"));
    await assert.rejects(new OpenMeter({ baseUrl: server.url }).meters.list(), refused(401, "api_key_missing"));
  });

  test("CSV has a header, a row a window, and quotes what needs it", async () => {
    const spread = newType();
    await client.events.ingest([
      event(spread, "2026-11-01T00:00:00Z", { n: "0.000000000001", model: 'a"b,c' }),
      event(spread, "2026-11-01T01:00:00Z", { n: 3, model: "=1+1" }),
    ]);
    await server.counted();
    const meter = await meterOf("SUM", spread);
    const answer = await server.fetch(`/api/v1/meters/${meter.slug}/query?windowSize=HOUR&from=2026-11-01T00:00:00Z&groupBy=subject&groupBy=model`, { headers: { accept: "text/csv" } });
    assert.equal(answer.headers.get("content-type"), "text/csv; charset=utf-8");
    assert.equal(
      await answer.text(),
      'window_start,window_end,subject,model,value\r\n2026-11-01T00:00:00Z,2026-11-01T01:00:00Z,acme,"a""b,c",0.000000000001\r\n2026-11-01T01:00:00Z,2026-11-01T02:00:00Z,acme,\'=1+1,3\r\n',
    );
  });
});

describe("events", () => {
  test("the three content types are taken, one event or many, and anything else is not", async () => {
    const type = newType();
    const one = (id) => ({ specversion: "1.0", id, source: "test", type, subject: "acme", time: "2026-11-01T00:00:00Z", data: { n: 1 } });
    for (const [contentType, body] of [
      ["application/cloudevents+json", one("1")],
      ["application/cloudevents-batch+json", [one("2"), one("3")]],
      ["application/json", one("4")],
      ["application/json; charset=utf-8", [one("5")]],
      ["application/cloudevents+json; charset=UTF-8", one("6")],
    ]) assert.equal((await server.send("POST", "/api/v1/events", body, { "content-type": contentType })).status, 204, contentType);
    assert.equal((await server.send("POST", "/api/v1/events", one("7"), { "content-type": "text/plain" })).status, 415);
    await server.counted();
    const meter = await meterOf("COUNT", type);
    assert.equal((await client.meters.query(meter.slug)).data[0].value, 6);
  });

  test("the SDK fills in id, source and time, and the event counts", async () => {
    const type = newType();
    assert.equal(await client.events.ingest({ type, subject: "acme", time: new Date("2026-11-01T00:00:00Z"), data: { n: 1 } }), undefined);
    await server.counted();
    const [found] = (await client.events.listV2({ filter: JSON.stringify({ type: { $eq: type } }) })).items;
    assert.equal(found.event.source, "@openmeter/sdk");
    assert.match(found.event.id, /^[0-9a-f-]{36}$/);
    assert.equal(found.event.time.toISOString(), "2026-11-01T00:00:00.000Z");
    assert.deepEqual(found.event.data, { n: 1 });
    assert.equal(found.event.specversion, "1.0");
    assert.ok(found.ingestedAt instanceof Date && found.storedAt instanceof Date);
  });

  test("the newest events are listed first, narrowed by id, subject and time", async () => {
    const type = newType();
    for (const n of [1, 2, 3]) {
      await client.events.ingest(event(type, `2026-11-01T0${n}:00:00Z`, { n }, { id: `${type}-${n}`, subject: `${type}-s${n}` }));
      await server.counted();
    }
    const ids = async (query) => (await client.events.list(query)).map((e) => e.event.id);
    assert.deepEqual(await ids({ id: `${type}-` }), [`${type}-3`, `${type}-2`, `${type}-1`]);
    assert.deepEqual(await ids({ subject: `${type}-s2` }), [`${type}-2`]);
    assert.deepEqual(await ids({ id: `${type}-`, from: new Date("2026-11-01T02:00:00Z"), to: new Date("2026-11-01T02:30:00Z") }), [`${type}-2`]);
    assert.deepEqual(await ids({ id: `${type}-`, limit: 1 }), [`${type}-3`]);
  });

  test("version 2 lists by cursor without a gap or a copy, with every filter", async () => {
    const type = newType();
    await client.events.ingest(Array.from({ length: 25 }, (_, n) => event(type, "2026-11-01T00:00:00Z", { n }, { id: `${type}-${n}`, subject: n % 2 ? "odd" : "even" })));
    await server.counted();
    const page = (filter, more) => client.events.listV2({ filter: JSON.stringify({ type: { $eq: type }, ...filter }), ...more });
    const seen = [];
    let cursor, pages = 0;
    do {
      const { items, nextCursor } = await page({}, { limit: 10, cursor });
      seen.push(...items.map((i) => i.event.id));
      cursor = nextCursor;
      pages++;
    } while (cursor);
    // Events of one instant keep their order within a subject; subjects may lie in different partitions of the log.
    const newestFirst = (rest) => Array.from({ length: 25 }, (_, n) => 24 - n).filter((n) => n % 2 === rest).map((n) => `${type}-${n}`);
    for (const rest of [0, 1]) assert.deepEqual(seen.filter((id) => Number(id.slice(type.length + 1)) % 2 === rest), newestFirst(rest));
    assert.equal(seen.length, 25);
    assert.ok(pages <= 4, `${pages} pages for 25 events of 10`);
    const count = async (filter) => (await page(filter)).items.length;
    assert.equal(await count({ subject: { $eq: "odd" } }), 12);
    assert.equal(await count({ subject: { $ne: "odd" } }), 13);
    assert.equal(await count({ id: { $in: [`${type}-1`, `${type}-2`, "x"] } }), 2);
    assert.equal(await count({ id: { $nin: [`${type}-1`] } }), 24);
    assert.equal(await count({ id: { $like: `${type}-1%` } }), 11); // 1, 10 to 19
    assert.equal(await count({ time: { $gte: "2026-11-01T00:00:00Z", $lt: "2026-11-01T00:00:01Z" } }), 25);
    assert.equal(await count({ time: { $gt: "2026-11-01T00:00:00Z" } }), 0);
    assert.equal(await count({ subject: { $or: [{ $eq: "odd" }, { $like: "ev_n" }] } }), 25);
    assert.equal(await count({ subject: { $nlike: "%d%" } }), 13);
    await assert.rejects(client.events.listV2({ filter: "{" }), refused(400, "invalid_filter"));
    await assert.rejects(client.events.listV2({ filter: '{"subject":{"$in":[1]}}' }), refused(400, "invalid_filter"));
    await assert.rejects(client.events.listV2({ filter: '{"colour":{"$eq":"x"}}' }), refused(400, "invalid_filter"));
    for (const bad of ["nonsense!", "bm9uc2Vuc2U"]) await assert.rejects(client.events.listV2({ cursor: bad }), refused(400, "cursor_invalid"));
  });

  test("subjects are written, read, listed and deleted, with what is left out kept and null erased", async () => {
    const key = `${newType()}/with ünusual %2F & text?`;
    const [written] = await client.subjects.upsert({ key, displayName: "Acme", metadata: { plan: "gold", seats: 7 }, stripeCustomerId: "cus_1", currentPeriodStart: new Date(now) });
    assert.deepEqual([written.key, written.displayName, written.metadata, written.stripeCustomerId], [key, "Acme", { plan: "gold", seats: 7 }, "cus_1"]);
    assert.equal(written.currentPeriodStart.toISOString(), new Date(now).toISOString());
    assert.deepEqual(await client.subjects.get(key), written);
    assert.deepEqual(await client.subjects.get(written.id), written);
    assert.deepEqual((await client.subjects.list()).filter((s) => s.key === key), [written]);
    const [changed] = await client.subjects.upsert([{ key, metadata: null, stripeCustomerId: null }]);
    assert.deepEqual([changed.displayName, changed.metadata, changed.stripeCustomerId], ["Acme", undefined, undefined]);
    await client.subjects.delete(key);
    await assert.rejects(client.subjects.get(key), refused(404, "subject_not_found"));
    await assert.rejects(client.subjects.delete(key), refused(404, "subject_not_found"));
    assert.ok(!(await client.subjects.list()).some((s) => s.key === key));
  });

  test("a subject that is deleted still counts, and one is written for usage that is there", async () => {
    const type = newType();
    const meter = await meterOf("SUM", type);
    await client.events.ingest(event(type, "2026-11-01T00:00:00Z", { n: 5 }, { subject: type }));
    await server.counted();
    assert.equal((await client.subjects.get(type)).displayName, undefined);
    await client.subjects.upsert({ key: type, displayName: "Named" });
    assert.equal((await client.subjects.get(type)).displayName, "Named");
    await client.subjects.delete(type);
    assert.equal((await client.meters.query(meter.slug, { subject: [type] })).data[0].value, 5);
    assert.deepEqual((await client.meters.query(meter.slug, { groupBy: ["subject"] })).data.map((r) => [r.subject, r.value]), [[type, 5]]);
  });

  test("a subject that can't be is refused with the place, and none of the request is written", async () => {
    const key = newType();
    for (const [bad, field] of [
      [{ key: "" }, "/1/key"],
      [{ key: "k".repeat(129) }, "/1/key"],
      [{}, "/1/key"],
      [{ key: "k", displayName: 1 }, "/1/displayName"],
      [{ key: "k", metadata: "text" }, "/1/metadata"],
      [{ key: "k", metadata: { a: "x".repeat(70_000) } }, "/1/metadata"],
      [{ key: "k", stripeCustomerId: "1" }, "/1/stripeCustomerId"],
      [{ key: "k", currentPeriodStart: "today" }, "/1/currentPeriodStart"],
    ])
      await assert.rejects(client.subjects.upsert([{ key }, bad]), (error) => {
        assert.deepEqual([error.status, error.getField("field")], [400, field], JSON.stringify(bad).slice(0, 80));
        return true;
      });
    await assert.rejects(client.subjects.get(key), refused(404));
  });

  test("subjects that had usage are listed", async () => {
    const type = newType();
    await meterOf("SUM", type);
    await client.events.ingest(event(type, "2026-11-01T00:00:00Z", { n: 1 }, { subject: `${type} / with ünusual % text` }));
    await server.counted();
    const found = (await client.subjects.list()).find((s) => s.key === `${type} / with ünusual % text`);
    assert.ok(found?.id && found.createdAt instanceof Date);
  });

  test("a subject whose name has a zero byte is not taken for a shorter one", async () => {
    const type = newType();
    const meter = await meterOf("SUM", type);
    await client.events.ingest([event(type, "2026-11-01T00:00:00Z", { n: 1 }, { subject: `${type}\u0000b` }), event(type, "2026-11-01T00:00:00Z", { n: 2 }, { subject: type })]);
    await server.counted();
    const answer = await client.meters.query(meter.slug, { groupBy: ["subject"] });
    assert.deepEqual(Object.fromEntries(answer.data.map((r) => [r.subject, r.value])), { [type]: 2, [`${type}\u0000b`]: 1 });
  });

  test("a copy says that it is one", async () => {
    const type = newType();
    const copy = event(type, "2026-11-01T00:00:00Z", { n: 1 }, { id: `${type}-x` });
    await client.events.ingest([copy, copy]);
    await server.counted();
    const errors = (await client.events.list({ id: `${type}-x` })).map((e) => e.validationError);
    assert.deepEqual(errors.map(Boolean).sort(), [false, true]);
  });
});

// Last, since it empties the store.
describe("a reset to an earlier time", () => {
  test("starts anew: old subjects and usage are gone, the same subject counts again, and a question without a start reaches back", async () => {
    for (const [start, n] of [["2026-11-03T00:00:00Z", 1], ["2023-11-03T00:00:00Z", 2]]) {
      await server.reset(start);
      const time = new Date(Date.parse(start) - 86_400_000);
      await client.events.ingest(event("again", time, { n }, { id: "same" }));
      await server.counted();
      const meter = await meterOf("SUM", "again"); // made after the event, so that the filling finds the subject
      const answer = await client.meters.query(meter.slug, { groupBy: ["subject"] });
      assert.deepEqual(answer.data.map((r) => [r.subject, r.value]), [["acme", n]]);
      assert.deepEqual((await client.subjects.list()).map((s) => s.key), ["acme"]);
    }
    await server.clock("2026-11-03T00:00:00Z");
    assert.equal((await client.meters.query("again_sum")).data[0].value, 2);
  });
});
