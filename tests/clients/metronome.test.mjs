// The official Metronome SDK against the running server, with nothing changed but the base URL.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import Metronome from "@metronome/sdk";
import { serverAt } from "./server.mjs";

const now = "2026-11-03T00:00:00Z";
let server, client, made = 0;
before(async () => {
  server = await serverAt(now);
  client = new Metronome({ bearerToken: server.key, baseURL: server.url, maxRetries: 0 });
});
after(() => server.stop());

const newName = () => `name_${++made}`;
const all = async (pages) => {
  const items = [];
  for await (const item of pages) items.push(item);
  return items;
};
const event = (type, transaction_id, timestamp, properties, customer_id = "acme") => ({ transaction_id, customer_id, event_type: type, timestamp, properties });
const metricOf = async (type, more = {}) => {
  const { data } = await client.v1.billableMetrics.create({
    name: type, aggregation_type: "SUM", aggregation_key: "tokens", event_type_filter: { in_values: [type] }, group_keys: [["model"], ["model", "region"]], ...more,
  });
  await server.filled(data.id);
  return data.id;
};
const customerOf = async (name, aliases = [name]) => (await client.v1.customers.create({ name, ingest_aliases: aliases })).data.id;
const refused = (status, part) => (error) => {
  assert.ok(error instanceof Metronome.APIError, error.stack);
  assert.equal(error.status, status);
  assert.ok(error.error.message.length > 0, "the body has a message");
  if (part) assert.match(error.error.message, part);
  return true;
};

describe("billable metrics", () => {
  test("a metric is created, read, listed and archived", async () => {
    const name = newName();
    const body = {
      name, aggregation_type: "SUM", aggregation_key: "tokens", event_type_filter: { in_values: [name], not_in_values: ["other"] },
      property_filters: [{ name: "region", in_values: ["us", "eu"] }, { name: "trial", exists: false }], group_keys: [["model"], ["model", "region"]], custom_fields: { team: "x" },
    };
    const { data: { id } } = await client.v1.billableMetrics.create(body);
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-/);
    await server.filled(id);
    const { data } = await client.v1.billableMetrics.retrieve({ billable_metric_id: id });
    assert.deepEqual(data, { id, ...body });
    assert.ok((await all(client.v1.billableMetrics.list())).some((m) => m.id === id));
    assert.deepEqual(await client.v1.billableMetrics.archive({ id }), { data: { id } });
    assert.ok(!(await all(client.v1.billableMetrics.list())).some((m) => m.id === id));
    const archived = (await all(client.v1.billableMetrics.list({ include_archived: true }))).find((m) => m.id === id);
    assert.equal(Date.parse(archived.archived_at), Date.parse(now));
  });

  test("a list is read page by page without a gap or a copy", async () => {
    const ids = [];
    for (let n = 0; n < 5; n++) ids.push((await client.v1.billableMetrics.create({ name: newName(), aggregation_type: "COUNT", event_type_filter: { in_values: ["never"] } })).data.id);
    const listed = (await all(client.v1.billableMetrics.list({ limit: 2 }))).map((m) => m.id);
    assert.equal(new Set(listed).size, listed.length);
    // Made at one instant of the standing clock, they have no order among themselves.
    assert.deepEqual(listed.filter((id) => ids.includes(id)).sort(), ids.sort());
  });

  test("what a metric can't be is refused with the place, and nothing is made", async () => {
    const name = newName();
    for (const [body, status, field] of [
      [{ name }, 400, "/aggregation_type"],
      [{ name, aggregation_type: "SUM" }, 400, "/aggregation_key"],
      [{ name, aggregation_type: "COUNT", aggregation_key: "x" }, 400, "/aggregation_key"],
      [{ name, aggregation_type: "MEDIAN", aggregation_key: "x" }, 400, "/aggregation_type"],
      [{ name, aggregation_type: "COUNT", group_keys: [["a"], []] }, 400, "/group_keys/1"],
      [{ name, aggregation_type: "COUNT", group_keys: "a" }, 400, "/group_keys"],
      [{ name: "", aggregation_type: "COUNT" }, 400, "/name"],
      [{ aggregation_type: "COUNT" }, 400, "/name"],
      [{ name, sql: "select 1" }, 501, "/sql"],
    ])
      await assert.rejects(client.v1.billableMetrics.create(body), (error) => {
        assert.deepEqual([error.status, error.error.field], [status, field], JSON.stringify(body));
        return true;
      });
    await assert.rejects(client.v1.billableMetrics.retrieve({ billable_metric_id: "00000000-0000-7000-8000-000000000000" }), refused(404));
    await assert.rejects(client.v1.billableMetrics.archive({ id: "nothing" }), refused(404));
    assert.ok(!(await all(client.v1.billableMetrics.list())).some((m) => m.name === name));
  });

  test("each aggregation, with filters, answers what its name says", async () => {
    const type = newName(), customer = await customerOf(type);
    const at = (n) => `2026-11-01T1${n}:00:00Z`;
    await client.v1.usage.ingest({ usage: [
      event(type, `${type}1`, at(0), { tokens: "5", region: "us" }, type),
      event(type, `${type}2`, at(2), { tokens: 2.5, region: "eu" }, type),
      event(type, `${type}3`, at(1), { tokens: "5", region: "us" }, type),
      event(type, `${type}4`, at(0), { tokens: "1000", region: "moon" }, type),
      event(type, `${type}5`, at(0), { tokens: "1000", region: "us", trial: true }, type),
      event(type, `${type}6`, at(0), { tokens: "1000" }, type),
    ] });
    await server.counted();
    const property_filters = [{ name: "region", in_values: ["us", "eu"] }, { name: "trial", exists: false }];
    const expected = { SUM: 12.5, COUNT: 3, MAX: 5, UNIQUE: 2, LATEST: 2.5 }; // 5 + 2.5 + 5
    for (const [aggregation_type, value] of Object.entries(expected)) {
      const id = await metricOf(type, { aggregation_type, property_filters, ...(aggregation_type === "COUNT" ? { aggregation_key: undefined } : {}) });
      const usage = await all(client.v1.usage.list({ starting_on: "2026-11-01T00:00:00Z", ending_before: "2026-11-02T00:00:00Z", window_size: "NONE", billable_metrics: [{ id }], customer_ids: [customer] }));
      assert.deepEqual(usage.map((u) => u.value), [value], aggregation_type);
    }
  });
});

describe("usage", () => {
  let type, metric, customer, other;
  const list = (more) => all(client.v1.usage.list({ starting_on: "2026-11-01T00:00:00Z", ending_before: "2026-11-02T00:00:00Z", window_size: "NONE", billable_metrics: [{ id: metric }], customer_ids: [customer], ...more }));
  const shown = (lines) => lines.filter((l) => l.value !== null).map((l) => [l.start_timestamp.slice(0, 13), l.value, ...(l.groups ? [l.groups] : [])]);
  before(async () => {
    type = newName();
    customer = await customerOf(`${type}_a`, [`${type}_a`, `${type}_alias`]);
    other = await customerOf(`${type}_b`);
    await client.v1.usage.ingest({ usage: [
      event(type, `${type}1`, "2026-11-01T00:00:00Z", { tokens: "1", model: "a", region: "us" }, `${type}_a`),
      event(type, `${type}2`, "2026-11-01T00:59:59.9999999Z", { tokens: "2", model: "b", region: "us" }, `${type}_a`),
      event(type, `${type}3`, "2026-11-01T01:00:00Z", { tokens: "4", model: "a", region: "eu" }, `${type}_alias`),
      event(type, `${type}4`, "2026-11-01T23:30:00+01:00", { tokens: "8", model: "a" }, customer), // 22:30 UTC, by the customer's id
      event(type, `${type}5`, "2026-11-02T00:00:00Z", { tokens: "16", model: "a", region: "us" }, `${type}_a`),
      event(type, `${type}6`, "2026-11-01T05:00:00Z", { tokens: "32", model: "c", region: "us" }, `${type}_b`),
    ] });
    await server.counted();
    metric = await metricOf(type);
  });

  test("hours, days and the whole; windows without usage are null", async () => {
    assert.deepEqual(shown(await list()), [["2026-11-01T00", 15]]); // 1 + 2 + 4 + 8
    const hours = await list({ window_size: "HOUR" });
    assert.equal(hours.length, 24);
    assert.deepEqual(shown(hours), [["2026-11-01T00", 3], ["2026-11-01T01", 4], ["2026-11-01T22", 8]]);
    assert.equal(hours[2].value, null);
    assert.deepEqual(shown(await list({ window_size: "DAY", ending_before: "2026-11-03T00:00:00Z" })), [["2026-11-01T00", 15], ["2026-11-02T00", 16]]);
    assert.deepEqual([hours[0].customer_id, hours[0].billable_metric_id, hours[0].billable_metric_name], [customer, metric, type]);
    assert.deepEqual([Date.parse(hours[0].start_timestamp), Date.parse(hours[0].end_timestamp)], [Date.parse("2026-11-01T00:00:00Z"), Date.parse("2026-11-01T01:00:00Z")]);
  });

  test("a window size in the lower case of the older API is taken", async () => {
    assert.deepEqual(shown(await list({ window_size: "day" })), [["2026-11-01T00", 15]]);
  });

  test("group_by splits the value, with all groups or those that are named", async () => {
    assert.deepEqual(shown(await list({ billable_metrics: [{ id: metric, group_by: { key: "model" } }] })), [["2026-11-01T00", 15, { a: 13, b: 2 }]]);
    assert.deepEqual(shown(await list({ billable_metrics: [{ id: metric, group_by: { key: "model", values: ["b"] } }] })), [["2026-11-01T00", 15, { b: 2 }]]);
    await assert.rejects(list({ billable_metrics: [{ id: metric, group_by: { key: "colour" } }] }), refused(400, /colour/));
  });

  test("without customer_ids all customers answer, and pages are followed", async () => {
    const lines = (await list({ customer_ids: undefined })).filter((l) => l.value !== null);
    assert.deepEqual(Object.fromEntries(lines.map((l) => [l.customer_id, l.value])), { [customer]: 15, [other]: 32 });
  });

  test("listWithGroups answers windows and groups that have usage, by simple and compound keys and filters", async () => {
    const groups = async (more) => (await all(client.v1.usage.listWithGroups({
      billable_metric_id: metric, customer_id: customer, window_size: "NONE", starting_on: "2026-11-01T00:00:00Z", ending_before: "2026-11-02T00:00:00Z", ...more,
    }))).map((g) => [g.starting_on.slice(0, 13), g.group_key, g.group_value, g.value, g.group]);
    assert.deepEqual((await groups({ group_by: { key: "model" } })).map((g) => g.slice(1, 4)), [["model", "a", 13], ["model", "b", 2]]);
    assert.deepEqual((await groups({ group_by: { key: "model", values: ["a"] } })).map((g) => g.slice(1, 4)), [["model", "a", 13]]);
    assert.deepEqual((await groups({ group_key: ["model"], window_size: "HOUR" })).map((g) => [g[0], g[4].model, g[3]]), [
      ["2026-11-01T00", "a", 1], ["2026-11-01T00", "b", 2], ["2026-11-01T01", "a", 4], ["2026-11-01T22", "a", 8],
    ]);
    const compound = (await groups({ group_key: ["model", "region"] })).map((g) => [g[4].model, g[4].region ?? null, g[3]]);
    assert.deepEqual(compound.sort(), [["a", "eu", 4], ["a", "us", 1], ["b", "us", 2], ["a", null, 8]].sort());
    assert.deepEqual((await groups({ group_key: ["model", "region"], group_filters: { region: ["us"] } })).map((g) => [g[4].model, g[3]]).sort(), [["a", 1], ["b", 2]]);
    const paged = await all(client.v1.usage.listWithGroups({ billable_metric_id: metric, customer_id: customer, window_size: "HOUR", starting_on: "2026-11-01T00:00:00Z", ending_before: "2026-11-02T00:00:00Z", group_key: ["model"], limit: 1 }));
    assert.equal(paged.length, 4);
  });

  test("the current period of a contract is asked for with current_period", async () => {
    const card = (await client.v1.contracts.rateCards.create({ name: type, fiat_credit_type_id: "2714e483-4ff1-48e4-9e25-ac732e8f24f2" })).data.id;
    await client.v1.contracts.create({ customer_id: customer, starting_at: "2026-11-01T00:00:00Z", rate_card_id: card });
    const groups = await all(client.v1.usage.listWithGroups({ billable_metric_id: metric, customer_id: customer, window_size: "NONE", current_period: true, group_key: ["model"] }));
    assert.deepEqual(groups.map((g) => [g.group.model, g.value]), [["a", 29], ["b", 2]]); // 1 + 4 + 8 + 16
    await assert.rejects(all(client.v1.usage.listWithGroups({ billable_metric_id: metric, customer_id: other, window_size: "NONE", current_period: true })), refused(400, /contract/));
  });

  test("what is asked of nothing, or of the wrong range, is refused", async () => {
    await assert.rejects(list({ billable_metrics: [{ id: "nothing" }] }), refused(404, /nothing/));
    await assert.rejects(list({ customer_ids: ["nobody"] }), refused(404, /nobody/));
    await assert.rejects(list({ ending_before: "2026-10-01T00:00:00Z" }), refused(400));
    await assert.rejects(list({ window_size: "WEEK" }), refused(400));
    await assert.rejects(list({ starting_on: "yesterday" }), refused(400));
    await assert.rejects(new Metronome({ bearerToken: "wrong", baseURL: server.url }).v1.billableMetrics.list(), refused(401));
  });
});

describe("events", () => {
  test("search shows each copy: whose it is, which metrics took it, and which one was counted", async () => {
    const type = newName(), customer = await customerOf(type);
    const metric = await metricOf(type);
    const one = event(type, `${type}-1`, "2026-11-01T10:00:00Z", { tokens: "7", model: "a" }, type);
    await client.v1.usage.ingest({ usage: [one] });
    await client.v1.usage.ingest({ usage: [one, event(type, `${type}-2`, "2026-11-01T11:00:00Z", { tokens: "1" }, "nobody-yet")] });
    await server.counted();
    const found = await client.v1.usage.search({ transactionIds: [`${type}-1`, `${type}-2`, "never-sent"] });
    assert.equal(found.length, 3);
    const [first, copy, unknown] = found;
    assert.deepEqual([first.transaction_id, first.customer_id, first.event_type, first.is_duplicate, first.properties], [`${type}-1`, type, type, false, { tokens: "7", model: "a" }]);
    assert.equal(Date.parse(first.timestamp), Date.parse("2026-11-01T10:00:00Z"));
    assert.equal(Date.parse(first.processed_at), Date.parse(now));
    assert.deepEqual(first.matched_customer, { id: customer, name: type });
    assert.deepEqual(first.matched_billable_metrics.map((m) => [m.id, m.name, m.aggregation_type]), [[metric, type, "SUM"]]);
    assert.equal(copy.is_duplicate, true);
    assert.notEqual(copy.id, first.id);
    assert.equal(unknown.is_duplicate, false);
    assert.equal(unknown.matched_customer, undefined);
  });

  test("usage that came before its customer is the customer's", async () => {
    const type = newName();
    await client.v1.usage.ingest({ usage: [event(type, `${type}-1`, "2026-11-01T10:00:00Z", { tokens: "7" }, `${type}-later`)] });
    await server.counted();
    const metric = await metricOf(type), customer = await customerOf(type, [`${type}-later`]);
    const [line] = await all(client.v1.usage.list({ starting_on: "2026-11-01T00:00:00Z", ending_before: "2026-11-02T00:00:00Z", window_size: "NONE", billable_metrics: [{ id: metric }], customer_ids: [customer] }));
    assert.equal(line.value, 7);
  });

  test("a bad event in a batch is named by its index, and none of the batch is taken", async () => {
    const type = newName(), earlier = await server.counted();
    const good = event(type, `${type}-1`, "2026-11-01T10:00:00Z", {});
    await assert.rejects(client.v1.usage.ingest({ usage: [good, { ...good, transaction_id: "" }] }), (error) => {
      assert.deepEqual([error.status, error.error.field], [400, "/1/transaction_id"]);
      return true;
    });
    assert.equal((await server.counted()).accepted, earlier.accepted);
  });
});
