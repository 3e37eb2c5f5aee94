// What is made of invoices, through the official SDK: slices by the hour and the day.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import Metronome from "@metronome/sdk";
import { declarations } from "./declared.mjs";
import { serverAt } from "./server.mjs";

const faultsOf = declarations({ Breakdown: 'import("@metronome/sdk/resources/v1/customers/invoices").InvoiceListBreakdownsResponse' });
const declared = (name, value) => (assert.deepEqual(faultsOf(name, value), []), value);
const refused = (status, field) => (error) => {
  assert.ok(error instanceof Metronome.APIError, error.stack);
  assert.deepEqual([error.status, error.error.field], [status, field], error.message);
  return true;
};
const usd = "2714e483-4ff1-48e4-9e25-ac732e8f24f2", start = "2026-04-01T00:00:00Z", end = "2027-04-01T00:00:00Z";

let server, client, calls, fixed, card;
before(async () => {
  server = await serverAt(start);
  client = new Metronome({ bearerToken: server.key, baseURL: server.url, maxRetries: 0 });
  const metric = (await client.v1.billableMetrics.create({ name: "Calls", aggregation_type: "SUM", aggregation_key: "calls", event_type_filter: { in_values: ["call"] } })).data.id;
  await server.filled(metric);
  calls = (await client.v1.contracts.products.create({ name: "Calls", type: "USAGE", billable_metric_id: metric })).data.id;
  fixed = (await client.v1.contracts.products.create({ name: "Credit", type: "FIXED" })).data.id;
  card = (await client.v1.contracts.rateCards.create({ name: "Tiers" })).data.id;
  // 100 calls at 10 cents, then 5.
  await client.v1.contracts.rateCards.rates.addMany({
    rate_card_id: card, rates: [{ product_id: calls, rate_type: "TIERED", tiers: [{ size: 100, price: 10 }, { price: 5 }], entitled: true, starting_at: start }],
  });
});
after(() => server.stop());

const customer = async (name) => (await client.v1.customers.create({ name, ingest_aliases: [name] })).data.id;
const use = (who, n, timestamp) => client.v1.usage.ingest({ usage: [{ transaction_id: `${who} ${timestamp}`, customer_id: who, event_type: "call", timestamp, properties: { calls: String(n) } }] });
const all = async (page) => {
  const items = [];
  for await (const item of page) items.push(item);
  return items;
};
const slices = async (customer_id, starting_on, ending_before, more) =>
  (await all(client.v1.customers.invoices.listBreakdowns({ customer_id, starting_on, ending_before, ...more }))).map((s) => declared("Breakdown", s));
const invoices = (customer_id, more) => all(client.v1.customers.invoices.list({ customer_id, ...more }));
const lines = (s) => s.line_items.map((l) => [l.name, l.quantity, l.unit_price, l.total]);

describe("Breakdowns", () => {
  let id;
  before(async () => {
    id = await customer("sliced");
    await client.v1.contracts.create({
      customer_id: id, rate_card_id: card, starting_at: start,
      credits: [{ product_id: fixed, name: "Welcome", access_schedule: { credit_type_id: usd, schedule_items: [{ amount: 600, starting_at: start, ending_before: end }] } }],
    });
    await server.clock("2026-04-05T12:30:00Z");
    await use("sliced", 50, "2026-04-02T10:15:00Z");
    await use("sliced", 30, "2026-04-03T11:00:00Z");
    await use("sliced", 40, "2026-04-05T09:00:00Z");
    await server.counted();
  });

  test("of a draft by the day: what each day added, its tiers and what the credit paid of it", async () => {
    const days = await slices(id, start, "2026-05-01T00:00:00Z");
    assert.deepEqual(days.map((s) => [s.breakdown_start_timestamp.slice(8, 10), s.total]), [["01", 0], ["02", 0], ["03", 200], ["04", 0], ["05", 300]]);
    // 2 April: 50 x 10 = 500, all of it paid by the credit, which has 100 left.
    assert.deepEqual(lines(days[1]), [["Calls", 50, 10, 500], ["Welcome applied", 1, -500, -500]]);
    // 3 April: 30 x 10 = 300, of which 100 is paid.
    assert.deepEqual(lines(days[2]), [["Calls", 10, 10, 100], ["Welcome applied", 1, -100, -100], ["Calls", 20, 10, 200]]);
    assert.deepEqual(lines(days[3]), [["Calls", 0, 10, 0]]);
    // 5 April: 20 more at 10 up to the bound of 100, 20 at 5.
    assert.deepEqual(lines(days[4]), [["Calls", 20, 10, 200], ["Calls", 20, 5, 100]]);
    const [draft] = await invoices(id, { status: "DRAFT" });
    assert.equal(days.reduce((sum, s) => sum + s.total, 0), draft.total);
    assert.ok(days.every((s) => s.id === draft.id && s.status === "DRAFT" && s.start_timestamp.startsWith("2026-04-01")));
    assert.deepEqual((await slices(id, start, "2026-05-01T00:00:00Z", { skip_zero_qty_line_items: true }))[3].line_items, []);
  });

  test("by the hour, in pages, the newest first", async () => {
    const hours = await slices(id, "2026-04-05T00:00:00Z", "2026-04-06T00:00:00Z", { window_size: "HOUR", sort: "date_desc", limit: 3 });
    assert.equal(hours.length, 13);
    assert.deepEqual(hours.map((s) => s.breakdown_start_timestamp.slice(11, 13)), ["12", "11", "10", "09", "08", "07", "06", "05", "04", "03", "02", "01", "00"]);
    assert.deepEqual(hours.map((s) => s.total), [0, 0, 0, 300, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    // Only windows that lie inside.
    assert.equal((await slices(id, "2026-04-05T00:30:00Z", "2026-04-05T02:30:00Z", { window_size: "HOUR" })).length, 1);
  });

  test("have bounds", async () => {
    await assert.rejects(slices(id, start, "2026-05-07T00:00:00Z"), refused(400, "ending_before"));
    await assert.rejects(slices(id, start, "2026-04-02T01:00:00Z", { window_size: "HOUR" }), refused(400, "ending_before"));
    await assert.rejects(slices(id, start, start), refused(400, "ending_before"));
    await assert.rejects(slices("nobody", start, "2026-04-02T00:00:00Z"), refused(404, "/customer_id"));
  });

  test("of a final invoice sum to it; usage that came later is in them", async () => {
    await server.clock("2026-05-03T00:00:00Z");
    const [final] = await invoices(id, { status: "FINALIZED", type: "USAGE" });
    assert.equal(final.total, 500);
    const days = await slices(id, start, "2026-05-01T00:00:00Z");
    assert.deepEqual([days.length, days.reduce((sum, s) => sum + s.total, 0)], [30, 500]);
    assert.deepEqual(lines(days[2]), [["Calls", 10, 10, 100], ["Welcome applied", 1, -100, -100], ["Calls", 20, 10, 200]]);
    assert.ok(days.every((s) => s.id === final.id && s.status === "FINALIZED"));
    await use("sliced", 10, "2026-04-20T00:00:00Z");
    await server.counted();
    const later = await slices(id, start, "2026-05-01T00:00:00Z", { status: "FINALIZED" });
    assert.deepEqual(later.filter((s) => s.total !== 0).map((s) => [s.breakdown_start_timestamp.slice(8, 10), s.total]), [["03", 200], ["05", 300], ["20", 50]]);
    assert.deepEqual(await slices(id, start, "2026-05-01T00:00:00Z", { status: "DRAFT" }), []);
    await client.v1.invoices.void({ id: final.id });
    assert.equal((await slices(id, start, "2026-05-01T00:00:00Z", { status: "FINALIZED" })).length, 0);
    assert.equal((await slices(id, start, "2026-05-01T00:00:00Z", { status: "VOID" })).length, 30);
  });
});
