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
