// Metrics that bill more than a sum, through the official SDK and to the invoice.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import Metronome from "@metronome/sdk";
import { serverAt } from "./server.mjs";

const start = "2026-04-01T00:00:00Z", end = "2026-05-01T00:00:00Z";
let server, client, count = 0;
before(async () => {
  server = await serverAt(start);
  client = new Metronome({ bearerToken: server.key, baseURL: server.url, maxRetries: 0 });
});
after(() => server.stop());

const api = async (path, body) => {
  const response = await fetch(server.url + path, { method: "POST", headers: { authorization: `Bearer ${server.key}`, "content-type": "application/json" }, body: JSON.stringify(body) });
  return { status: response.status, body: await response.json() };
};
const metric = async (more) => {
  const made = await api("/v1/billable-metrics/create", { name: "Metric", event_type_filter: { in_values: [`t${++count}`] }, ...more });
  assert.equal(made.status, 200, JSON.stringify(made.body));
  await server.filled(made.body.data.id);
  return { id: made.body.data.id, type: `t${count}` };
};
/** A customer whose contract prices the metric, and what it has used. */
const billed = async (of, rate, events, more = {}) => {
  const alias = `customer of ${of.type}`;
  const customer_id = (await client.v1.customers.create({ name: alias, ingest_aliases: [alias] })).data.id;
  const product_id = (await client.v1.contracts.products.create({ name: "Use", type: "USAGE", billable_metric_id: of.id, ...more })).data.id;
  const rate_card_id = (await client.v1.contracts.rateCards.create({ name: "Card" })).data.id;
  await client.v1.contracts.rateCards.rates.addMany({ rate_card_id, rates: [rate].flat().map((r) => ({ product_id, rate_type: "FLAT", entitled: true, starting_at: start, ...r })) });
  await client.v1.contracts.create({ customer_id, rate_card_id, starting_at: start });
  await server.clock("2026-04-10T00:00:00Z");
  await client.v1.usage.ingest({ usage: events.map(([timestamp, properties], i) => ({ transaction_id: `${of.type} ${i}`, customer_id: alias, event_type: of.type, timestamp, properties })) });
  await server.counted();
  return customer_id;
};
const lines = async (customer_id) => {
  const found = [];
  for await (const invoice of client.v1.customers.invoices.list({ customer_id, status: "DRAFT", skip_zero_qty_line_items: true })) found.push(...invoice.line_items.map((l) => [l.quantity, l.unit_price, l.total]));
  return found;
};
const usage = async (customer_id, of, window_size) =>
  (await client.v1.usage.list({ customer_ids: [customer_id], billable_metrics: [{ id: of.id }], starting_on: "2026-04-02T00:00:00Z", ending_before: "2026-04-05T00:00:00Z", window_size })).data.map((l) => l.value);

describe("The sum of a peak per bucket", () => {
  const events = [["2026-04-02T08:00:00Z", { seats: "3" }], ["2026-04-02T20:00:00Z", { seats: "5" }], ["2026-04-03T09:00:00Z", { seats: "4" }]];
  let peak;
  before(async () => (peak = await metric({ aggregation_type: "MAX", aggregation_key: "seats", bucket_size: "DAY" })));

  test("is billed day by day, each at the price that holds when it begins", async () => {
    const id = await billed(peak, [{ price: 100 }, { price: 200, starting_at: "2026-04-02T10:00:00Z" }], events);
    // April 2 began at the old price: 5 x 100; April 3: 4 x 200.
    assert.deepEqual(await lines(id), [[5, 100, 500], [4, 200, 800]]);
    assert.deepEqual(await usage(id, peak, "NONE"), [9]);
    assert.deepEqual(await usage(id, peak, "DAY"), [5, 4, null]);
    const shown = await (await fetch(`${server.url}/v1/billable-metrics/${peak.id}`, { headers: { authorization: `Bearer ${server.key}` } })).json();
    assert.equal(shown.data.bucket_size, "DAY");
    const query = await (await fetch(`${server.url}/api/v1/meters/${peak.id}/query?from=2026-04-02T00:00:00Z&to=2026-04-05T00:00:00Z&subject=${encodeURIComponent(`customer of ${peak.type}`)}`, { headers: { authorization: `Bearer ${server.key}` } })).json();
    assert.deepEqual(query.data.map((r) => Number(r.value)), [9]);
  });

  test("is a preview's too", async () => {
    const [invoice] = (await api(`/v1/customers/${(await client.v1.customers.list({ ingest_alias: `customer of ${peak.type}` })).data[0].id}/previewEvents`, {
      mode: "merge", events: [{ transaction_id: "new", event_type: peak.type, timestamp: "2026-04-03T10:00:00Z", properties: { seats: "7" } }],
    })).body.data;
    // April 3 now peaks at 7: 500 + 7 x 200.
    assert.equal(invoice.total, 1900);
  });

  test("is refused of what has no peak", async () => {
    const refusal = await api("/v1/billable-metrics/create", { name: "Bad", aggregation_type: "SUM", aggregation_key: "n", bucket_size: "DAY" });
    assert.equal(refusal.status, 400);
    assert.match(JSON.stringify(refusal.body), /Only MAX takes a bucket size/);
  });
});

describe("What an event says of its own price", () => {
  const at = (day) => `2026-04-0${day}T08:00:00Z`;

  test("an amount given by the event is billed as it is: a SUM at a price of 1", async () => {
    const amounts = await metric({ aggregation_type: "SUM", aggregation_key: "cents" });
    const id = await billed(amounts, { price: 1 }, [[at(2), { cents: "1250" }], [at(2), { cents: 0.05 }], [at(3), { cents: "-50" }]]);
    // 1,250 + 0.05 - 50, which is taken back.
    assert.deepEqual(await lines(id), [[1200.05, 1, 1200.05]]);
  });

  test("a fixed fee for each event: a COUNT at the fee", async () => {
    const payments = await metric({ aggregation_type: "COUNT" });
    const id = await billed(payments, { price: 30 }, [[at(2), { cents: "1250" }], [at(2), {}], [at(3), { cents: "oops" }]]);
    assert.deepEqual(await lines(id), [[3, 30, 90]]);
  });

  test("a share of each payment, 100 cents at the least and 1,000 at the most", async () => {
    // 2 % of a payment is 100 cents where it is 5,000, and 1,000 where it is 50,000.
    const fees = await metric({ aggregation_type: "SUM", aggregation_key: "cents", event_minimum: 5000, event_maximum: 50000 });
    const id = await billed(fees, { price: 0.02 }, [[at(2), { cents: "1000" }], [at(2), { cents: "20000" }], [at(3), { cents: "90000" }]]);
    // 100 + 400 + 1,000.
    assert.deepEqual(await lines(id), [[75000, 0.02, 1500]]);
    const shown = await (await fetch(`${server.url}/v1/billable-metrics/${fees.id}`, { headers: { authorization: `Bearer ${server.key}` } })).json();
    assert.deepEqual([shown.data.event_minimum, shown.data.event_maximum], [5000, 50000]);
  });

  test("bounds that make no sense are refused", async () => {
    for (const [wrong, field] of [
      [{ aggregation_type: "COUNT", event_minimum: 1 }, "event_minimum"],
      [{ aggregation_type: "MAX", aggregation_key: "n", event_maximum: 1 }, "event_maximum"],
      [{ aggregation_type: "SUM", aggregation_key: "n", event_minimum: 2, event_maximum: 1 }, "event_minimum"],
      [{ aggregation_type: "SUM", aggregation_key: "n", event_maximum: 1e15 }, "event_maximum"],
      [{ aggregation_type: "SUM", aggregation_key: "n", event_minimum: 0.0000000000001 }, "event_minimum"],
    ]) {
      const refusal = await api("/v1/billable-metrics/create", { name: "Bad", ...wrong });
      assert.equal(refusal.status, 400, JSON.stringify(wrong));
      assert.match(JSON.stringify(refusal.body), new RegExp(field));
    }
  });
});

describe("A level that events raise and lower, by the hour", () => {
  let disk, id;
  before(async () => (disk = await metric({ aggregation_type: "TIME_WEIGHTED_SUM", aggregation_key: "gb" })));

  test("is billed for as long as it stands, at the price that holds meanwhile", async () => {
    id = await billed(disk, [{ price: 1 }, { price: 2, starting_at: "2026-04-05T00:00:00Z" }], [["2026-04-02T00:00:00Z", { gb: "10" }], ["2026-04-04T00:00:00Z", { gb: "-4" }]]);
    // 10 x 48 h + 6 x 24 h at 1; then 6 x 120 h until now at 2.
    assert.deepEqual(await lines(id), [[624, 1, 624], [720, 2, 1440]]);
    assert.deepEqual(await usage(id, disk, "NONE"), [624]);
    assert.deepEqual(await usage(id, disk, "DAY"), [240, 240, 144]);
  });

  test("is a preview's too", async () => {
    const [invoice] = (await api(`/v1/customers/${id}/previewEvents`, { mode: "merge", events: [{ transaction_id: "new", event_type: disk.type, timestamp: "2026-04-09T00:00:00Z", properties: { gb: "1" } }] })).body.data;
    // One more for 24 hours: 2,064 + 48.
    assert.equal(invoice.total, 2112);
  });

  test("puts an alert into alarm by time alone", async () => {
    const alert = (await client.v1.alerts.create({ alert_type: "spend_threshold_reached", name: "2,100", threshold: 2100, customer_id: id })).data.id;
    const status = async () => (await client.v1.customers.alerts.retrieve({ customer_id: id, alert_id: alert })).data.customer_status;
    await server.clock("2026-04-10T02:45:00Z");
    assert.equal(await status(), "ok");
    // 12 an hour: 2,064 + 36.
    await server.clock("2026-04-10T03:10:00Z");
    assert.equal(await status(), "in_alarm");
  });

  test("goes on in the next period", async () => {
    await server.clock("2026-05-02T01:00:00Z");
    const [final] = (await client.v1.customers.invoices.list({ customer_id: id, status: "FINALIZED" })).data;
    // 624, and 26 days of 24 h x 6 at 2.
    assert.equal(final.total, 624 + 26 * 24 * 6 * 2);
    assert.deepEqual(await lines(id), [[25 * 6, 2, 300]]);
  });
});

describe("What comes late", () => {
  before(async () => {
    await server.stop();
    server = await serverAt(start);
    client = new Metronome({ bearerToken: server.key, baseURL: server.url, maxRetries: 0 });
  });

  test("changes every final period after it, where the metric goes on from one to the next", async () => {
    const seats = await metric({ aggregation_type: "LATEST", aggregation_key: "seats" });
    const disk = await metric({ aggregation_type: "TIME_WEIGHTED_SUM", aggregation_key: "gb" });
    const customers = {};
    const kinds = [[seats, "seats", ["10", "15"], "12"], [disk, "gb", ["2", "3"], "5"]];
    for (const [of, key] of kinds) customers[key] = await billed(of, { price: 1 }, []);
    await server.clock("2026-06-01T12:00:00Z");
    for (const [of, key, values, late] of kinds) {
      const send = (timestamp, value) => client.v1.usage.ingest({ usage: [{ transaction_id: `${of.type} ${timestamp}`, customer_id: `customer of ${of.type}`, event_type: of.type, timestamp, properties: { [key]: value } }] });
      await send("2026-05-10T00:00:00Z", values[0]);
      await send("2026-06-02T00:00:00Z", values[1]);
      customers[`${key} late`] = () => send("2026-05-31T00:00:00Z", late);
    }
    await server.counted();
    await server.clock("2026-07-02T12:00:00Z");
    const final = async (id) => (await client.v1.customers.invoices.list({ customer_id: id, status: "FINALIZED", sort: "date_asc" })).data.map((i) => i.total);
    // Seats: 10 in May, 5 more in June. Gigabyte hours: 2 x 22 days; 2 x 24 h, then 5 x 29 days.
    assert.deepEqual(await final(customers.seats), [0, 10, 5]);
    assert.deepEqual(await final(customers.gb), [0, 2 * 22 * 24, 2 * 24 + 5 * 29 * 24]);
    await customers["seats late"]();
    await customers["gb late"]();
    await server.counted();
    await server.clock("2026-07-02T13:00:00Z");
    const adjusted = async (id) => (await client.v1.customers.invoices.list({ customer_id: id, status: "DRAFT" })).data[0].line_items.filter((l) => l.starting_at < "2026-07-01").sort((a, b) => a.starting_at.localeCompare(b.starting_at)).map((l) => l.total);
    // May had 12 seats in the end, so June had 3 more and not 5. May had 5 gigabytes more for a day, June for its 30 days.
    assert.deepEqual(await adjusted(customers.seats), [2, -2]);
    assert.deepEqual(await adjusted(customers.gb), [5 * 24, 5 * 30 * 24]);
  });
});
