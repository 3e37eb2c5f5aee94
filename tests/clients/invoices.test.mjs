// What is made of invoices, through the official SDK: slices by the hour and the day, and documents.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import Metronome from "@metronome/sdk";
import { declarations } from "./declared.mjs";
import { refused } from "./refused.mjs";
import { serverAt } from "./server.mjs";

const faultsOf = declarations({ Breakdown: 'import("@metronome/sdk/resources/v1/customers/invoices").InvoiceListBreakdownsResponse' });
const declared = (name, value) => (assert.deepEqual(faultsOf(name, value), []), value);
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

  test("show a charge of the invoice in its last slice, and not before the period is over", async () => {
    const charged = await customer("charged");
    const seats = (await client.v1.contracts.products.create({ name: "Seats", type: "SUBSCRIPTION" })).data.id;
    await client.v1.contracts.rateCards.rates.add({ rate_card_id: card, product_id: seats, rate_type: "FLAT", price: 700, billing_frequency: "MONTHLY", entitled: true, starting_at: start });
    await client.v1.contracts.create({
      customer_id: charged, rate_card_id: card, starting_at: start,
      subscriptions: [{ name: "Seats", collection_schedule: "ARREARS", proration: { invoice_behavior: "BILL_ON_NEXT_COLLECTION_DATE" }, subscription_rate: { product_id: seats, billing_frequency: "MONTHLY" }, initial_quantity: 3 }],
    });
    const sliced = async () => (await slices(charged, start, "2026-05-01T00:00:00Z")).filter((s) => s.total !== 0).map((s) => [s.breakdown_start_timestamp.slice(0, 10), s.total]);
    assert.deepEqual(await sliced(), []);
    await server.clock("2026-05-01T01:00:00Z");
    // 3 seats x 700 cents, due when April is over.
    assert.deepEqual(await sliced(), [["2026-04-30", 2100]]);
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

describe("The document of an invoice", () => {
  const text = async (customer_id, invoice_id) => {
    const answer = await client.v1.customers.invoices.retrievePdf({ customer_id, invoice_id });
    assert.equal(answer.headers.get("content-type"), "application/pdf");
    const bytes = Buffer.from(await answer.arrayBuffer());
    if (process.env.BILLING_KEEP_PDF) writeFileSync(`${process.env.BILLING_KEEP_PDF}/${invoice_id}.pdf`, bytes);
    // pdftotext is in Debian's poppler-utils; pages end with a form feed.
    const read = spawnSync("pdftotext", ["-layout", "-", "-"], { input: bytes, encoding: "utf8", maxBuffer: 1 << 26 });
    assert.equal(read.status, 0, `pdftotext (package poppler-utils) is needed: ${read.error ?? read.stderr}`);
    return read.stdout.split("\f").filter((p) => p.trim()).map((p) => p.split("\n").map((l) => l.trim().replace(/ {2,}/g, " | ")).filter(Boolean));
  };
  const address = (id, body) => server.post(`/v1/customers/${id}/setBillingAddress`, body);

  test("names both sides, groups lines by product, shows what credits paid, and adds up", async () => {
    const id = await customer("Ögmundur & Søn");
    await server.post("/v1/settings", { grace_period_hours: 24, letterhead: { name: "Rechenwerk GmbH", address_lines: ["Hauptstraße 1", "10115 Berlin"], tax_id: "DE123456789", note: "Pay to DE02 1203 0000 0000 2020 51" } });
    await address(id, { name: "Ögmundur & Søn ehf.", address_lines: ["Laugavegur 3", "101 Reykjavík"], tax_id: "IS98765" });
    assert.deepEqual((await client.v1.customers.retrieve({ customer_id: id })).data.billing_address.address_lines, ["Laugavegur 3", "101 Reykjavík"]);
    await client.v1.contracts.create({
      customer_id: id, rate_card_id: card, starting_at: "2026-05-01T00:00:00Z", net_payment_terms_days: 30,
      credits: [{ product_id: fixed, name: "Welcome", access_schedule: { credit_type_id: usd, schedule_items: [{ amount: 600, starting_at: "2026-05-01T00:00:00Z", ending_before: end }] } }],
    });
    await use("Ögmundur & Søn", 12345, "2026-05-02T10:00:00Z");
    await server.counted();
    const [draft] = await invoices(id, { status: "DRAFT" });
    assert.equal((await text(id, draft.id))[0].some((l) => l.startsWith("Draft invoice") || l.endsWith("Draft invoice")), true);
    await server.clock("2026-06-03T00:00:00Z");
    const [final] = await invoices(id, { status: "FINALIZED" });
    // 60 at 10 paid by the credit, 40 at 10, 12,245 at 5 cents: 4.00 + 612.25.
    assert.equal(final.total, 61625);
    // Names that change later do not change it.
    await address(id, { name: "Someone else" });
    const [page] = await text(id, final.id);
    const has = (...lines) => lines.forEach((l) => assert.ok(page.some((p) => p.includes(l)), `${l} is not in\n${page.join("\n")}`));
    has("Rechenwerk GmbH", "Hauptstraße 1", "Tax id DE123456789", "Billed to", "Ögmundur & Søn ehf.", "101 Reykjavík", "Tax id IS98765", "Pay to DE02 1203 0000 0000 2020 51", "page 1 of 1");
    has("Issued | 2 June 2026", "Due | 2 July 2026", "Period | 1 May 2026 – 31 May 2026", "Currency | USD", `Reference | ${final.id}`);
    const table = page.slice(page.findIndex((l) => l.startsWith("Description")) + 1, page.findIndex((l) => l.startsWith("Total due")) + 1);
    assert.deepEqual(table, [
      "Calls | 616.25",
      "tier 1 | 1 May 2026 – 31 May 2026 | 60 | 0.10 | 6.00",
      "Welcome applied | 1 May 2026 – 31 May 2026 | -6.00",
      "tier 1 | 1 May 2026 – 31 May 2026 | 40 | 0.10 | 4.00",
      "tier 2 | 1 May 2026 – 31 May 2026 | 12,245 | 0.05 | 612.25",
      "Subtotal | 622.25",
      "Commits and credits applied | -6.00",
      "Total due in USD | 616.25",
    ]);
    await client.v1.invoices.void({ id: final.id });
    assert.ok((await text(id, final.id))[0].some((l) => l.includes("Total in USD (void, not owed)")));
    await assert.rejects(client.v1.customers.invoices.retrievePdf({ customer_id: id, invoice_id: "none" }), refused(404, "/invoice_id"));
    assert.equal((await server.send("POST", `/v1/customers/${id}/setBillingAddress`, { name: "", address_lines: [] })).status, 400);
  });

  test("of 500 lines has pages, each with its head and foot, and leaves none out", async () => {
    const metric = (await client.v1.billableMetrics.create({
      name: "By model", aggregation_type: "SUM", aggregation_key: "n", event_type_filter: { in_values: ["run"] }, property_filters: [{ name: "model", exists: true }], group_keys: [["model"]],
    })).data.id;
    await server.filled(metric);
    const runs = (await client.v1.contracts.products.create({ name: "Runs", type: "USAGE", billable_metric_id: metric, presentation_group_key: ["model"] })).data.id;
    const wide = (await client.v1.contracts.rateCards.create({ name: "Wide" })).data.id;
    await client.v1.contracts.rateCards.rates.addMany({ rate_card_id: wide, rates: [{ product_id: runs, rate_type: "FLAT", price: 100, entitled: true, starting_at: start }] });
    const id = await customer("wide");
    await client.v1.contracts.create({ customer_id: id, rate_card_id: wide, starting_at: "2026-06-01T00:00:00Z" });
    for (let from = 0; from < 500; from += 100)
      await client.v1.usage.ingest({ usage: Array.from({ length: 100 }, (_, i) => ({ transaction_id: `run ${from + i}`, customer_id: "wide", event_type: "run", timestamp: "2026-06-02T00:00:00Z", properties: { model: `model-${from + i}`, n: "1" } })) });
    await server.counted();
    const [draft] = await invoices(id, { status: "DRAFT" });
    assert.equal(draft.line_items.length, 500);
    const pages = await text(id, draft.id);
    assert.ok(pages.length > 10 && pages.length < 15, `${pages.length} pages`);
    pages.forEach((p, i) => assert.ok(p.at(-1).includes(`page ${i + 1} of ${pages.length}`), p.at(-1)));
    const named = pages.flat().flatMap((l) => l.match(/^model (model-\d+) /)?.[1] ?? []);
    assert.equal(new Set(named).size, 500);
    assert.ok(pages.slice(0, -1).every((p) => p.some((l) => l.startsWith("Description"))));
    assert.ok(pages.at(-1).some((l) => l === "Total due in USD | 500.00"));
  });
});
