// The catalogue through the official SDK: pricing units, conversions, composites, the order of products; and what invoices make of them.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import Metronome from "@metronome/sdk";
import { declarations } from "./declared.mjs";
import { refused } from "./refused.mjs";
import { serverAt } from "./server.mjs";

const sdk = (path, name) => `import("@metronome/sdk/resources/${path}").${name}`;
const faultsOf = declarations({
  RateCard: sdk("v1/contracts/rate-cards/rate-cards", "RateCardRetrieveResponse.Data"),
  Product: sdk("v1/contracts/products", "ProductRetrieveResponse.Data"),
  CreditType: sdk("v1/pricing-units", "PricingUnitListResponse"),
});
const declared = (name, value) => (assert.deepEqual(faultsOf(name, value), []), value);
const usd = "2714e483-4ff1-48e4-9e25-ac732e8f24f2", from = "2025-01-01T00:00:00Z";

let server, client, metric, calls, fixed, unit;
const product = async (body) => (await client.v1.contracts.products.create(body)).data.id;
const customer = async (name) => (await client.v1.customers.create({ name, ingest_aliases: [name] })).data.id;
const use = (who, n, timestamp) => client.v1.usage.ingest({ usage: [{ transaction_id: `${who} ${timestamp}`, customer_id: who, event_type: "call", timestamp, properties: { calls: String(n) } }] });
const linesOf = (invoice) => invoice.line_items.map((l) => [l.type, l.name, l.credit_type.id === usd ? "USD" : "unit", l.quantity, l.unit_price, l.total]);

before(async () => {
  server = await serverAt("2026-04-01T00:00:00Z");
  client = new Metronome({ bearerToken: server.key, baseURL: server.url, maxRetries: 0 });
  metric = (await client.v1.billableMetrics.create({ name: "Calls", aggregation_type: "SUM", aggregation_key: "calls", event_type_filter: { in_values: ["call"] } })).data.id;
  await server.filled(metric);
  calls = await product({ name: "Calls", type: "USAGE", billable_metric_id: metric, tags: ["usage"] });
  fixed = await product({ name: "Credit pack", type: "FIXED" });
  unit = (await server.post("/v1/credit-types/create", { name: "AI credits" })).data.id;
});
after(() => server.stop());

describe("Pricing units", () => {
  test("are listed after the currencies", async () => {
    const all = [];
    for await (const one of client.v1.pricingUnits.list({ limit: 20 })) all.push(declared("CreditType", one));
    assert.deepEqual([all[0].id, all.at(-1).id, all.at(-1).name, all.at(-1).is_currency], [usd, unit, "AI credits", false]);
    assert.equal(new Set(all.map((u) => u.id)).size, all.length);
    const { status, body } = await server.send("POST", "/v1/credit-types/create", { name: "eur" });
    assert.deepEqual([status, body.field], [409, "/name"]);
  });

  test("price usage, are drawn from packs, and what is left is converted", async () => {
    const card = (await client.v1.contracts.rateCards.create({ name: "Credits", credit_type_conversions: [{ custom_credit_type_id: unit, fiat_per_custom_credit: 10 }] })).data.id;
    assert.deepEqual(declared("RateCard", (await client.v1.contracts.rateCards.retrieve({ id: card })).data).credit_type_conversions, [{ custom_credit_type: { id: unit, name: "AI credits" }, fiat_per_custom_credit: "10" }]);
    await client.v1.contracts.rateCards.rates.addMany({ rate_card_id: card, rates: [{ product_id: calls, rate_type: "FLAT", price: 0.5, credit_type_id: unit, entitled: true, starting_at: from }] });
    const id = await customer("units");
    await client.v1.contracts.create({
      customer_id: id, rate_card_id: card, starting_at: "2026-04-01T00:00:00Z",
      commits: [{
        type: "PREPAID", product_id: fixed, name: "Pack", access_schedule: { credit_type_id: unit, schedule_items: [{ amount: 1000, starting_at: "2026-04-01T00:00:00Z", ending_before: "2027-04-01T00:00:00Z" }] },
        invoice_schedule: { credit_type_id: usd, schedule_items: [{ timestamp: "2026-04-01T00:00:00Z", amount: 8000 }] },
      }],
    });
    await use("units", 2500, "2026-04-02T00:00:00Z");
    await server.clock("2026-04-03T00:00:00Z");
    const drafts = (await client.v1.customers.invoices.list({ customer_id: id, type: "USAGE" })).data;
    // 2,500 × 0.5 = 1,250 credits: 1,000 of the pack, 250 are left, at 10 cents each 2,500 cents.
    assert.equal(drafts[0].total, 2500);
    assert.deepEqual(linesOf(drafts[0]), [
      ["usage", "Calls", "unit", 2000, 0.5, 1000], ["applied_commit_or_credit", "Pack applied", "unit", 1, -1000, -1000],
      ["usage", "Calls", "unit", 500, 0.5, 250], ["cpu_conversion", "AI credits conversion", "USD", 250, 10, 2500],
    ]);
    const pack = (await client.v1.customers.invoices.list({ customer_id: id, type: "SCHEDULED" })).data;
    assert.deepEqual(pack.map((i) => i.total), [8000]);
    assert.equal((await client.v1.contracts.getNetBalance({ customer_id: id, credit_type_id: unit })).data.balance, 0);
  });

  test("conversions are added, never changed, and only for units that there are", async () => {
    const card = (await client.v1.contracts.rateCards.create({ name: "Later" })).data.id;
    const rate = { product_id: calls, rate_type: "FLAT", price: 1, credit_type_id: unit, entitled: true, starting_at: from };
    await assert.rejects(client.v1.contracts.rateCards.rates.add({ rate_card_id: card, ...rate }), refused(400, "/credit_type_id"));
    await client.v1.contracts.rateCards.update({ rate_card_id: card, add_credit_type_conversions: [{ custom_credit_type_id: unit, fiat_per_custom_credit: 0.1 }] });
    await client.v1.contracts.rateCards.rates.add({ rate_card_id: card, ...rate });
    await assert.rejects(client.v1.contracts.rateCards.update({ rate_card_id: card, add_credit_type_conversions: [{ custom_credit_type_id: unit, fiat_per_custom_credit: 2 }] }), refused(409, "/add_credit_type_conversions"));
    await assert.rejects(client.v1.contracts.rateCards.create({ name: "None", credit_type_conversions: [{ custom_credit_type_id: "none", fiat_per_custom_credit: 2 }] }), refused(404, "/credit_type_conversions/0/custom_credit_type_id"));
    await assert.rejects(client.v1.contracts.rateCards.create({ name: "Free", credit_type_conversions: [{ custom_credit_type_id: unit, fiat_per_custom_credit: 0 }] }), refused(400, "/credit_type_conversions/fiat_per_custom_credit"));
  });
});

describe("Products", () => {
  test("a composite is a share of what others cost, and lines follow the card's order", async () => {
    const support = await product({ name: "Support", type: "COMPOSITE", composite_product_ids: [calls], is_refundable: false });
    assert.deepEqual(declared("Product", (await client.v1.contracts.products.retrieve({ product_id: support })).data).current.composite_product_ids, [calls]);
    const more = await product({ name: "More calls", type: "USAGE", billable_metric_id: metric });
    const card = (await client.v1.contracts.rateCards.create({ name: "Shares" })).data.id;
    const rate = { entitled: true, starting_at: from };
    await client.v1.contracts.rateCards.rates.addMany({ rate_card_id: card, rates: [
      { ...rate, product_id: calls, rate_type: "FLAT", price: 2 }, { ...rate, product_id: more, rate_type: "FLAT", price: 1 }, { ...rate, product_id: support, rate_type: "PERCENTAGE", price: 0.1 },
    ] });
    const id = await customer("shares");
    await client.v1.contracts.create({ customer_id: id, rate_card_id: card, starting_at: "2026-04-01T00:00:00Z" });
    await use("shares", 100, "2026-04-02T00:00:00Z");
    await server.counted();
    const names = async () => (await client.v1.customers.invoices.list({ customer_id: id })).data[0].line_items.map((l) => [l.name, l.total]);
    // 100 × 2 = 200; 100 × 1 = 100; 10 % of 200 = 20.
    assert.deepEqual(await names(), [["Calls", 200], ["More calls", 100], ["Support", 20]]);
    await client.v1.contracts.rateCards.productOrders.set({ rate_card_id: card, product_order: [more, calls] });
    assert.deepEqual((await names()).slice(0, 2), [["More calls", 100], ["Calls", 200]]);
    await client.v1.contracts.rateCards.productOrders.update({ rate_card_id: card, product_moves: [{ product_id: calls, position: 0 }] });
    assert.deepEqual((await names()).slice(0, 2), [["Calls", 200], ["More calls", 100]]);
    await assert.rejects(client.v1.contracts.rateCards.productOrders.set({ rate_card_id: card, product_order: [fixed] }), refused(400, "/product_order/0"));
    await assert.rejects(client.v1.contracts.rateCards.productOrders.update({ rate_card_id: card, product_moves: [{ product_id: calls, position: -1 }] }), refused(400, "/product_moves/0/position"));
    await assert.rejects(product({ name: "Of nothing", type: "COMPOSITE", composite_product_ids: ["none"] }), refused(404, "/composite_product_ids/0"));
    await assert.rejects(product({ name: "Of nothing", type: "COMPOSITE" }), refused(400, "/composite_product_ids"));
  });
});

describe("Customers and metrics", () => {
  test("a customer says where else it is known, a bit at a time", async () => {
    const id = await customer("known");
    await client.v1.customers.updateConfig({ customer_id: id, salesforce_account_id: "001" });
    await client.v1.customers.updateConfig({ customer_id: id, leave_stripe_invoices_in_draft: true });
    assert.deepEqual((await client.v1.customers.retrieve({ customer_id: id })).data.customer_config, { salesforce_account_id: "001", leave_stripe_invoices_in_draft: true });
    await assert.rejects(client.v1.customers.updateConfig({ customer_id: "none", salesforce_account_id: "001" }), { status: 404 });
  });

  test("a metric is renamed and nothing else of it changes; a customer's metrics are all there are", async () => {
    const customer_id = await customer("counted"), before = (await client.v1.billableMetrics.list()).data[0];
    await client.put(`/v1/billable-metrics/${before.id}`, { body: { name: "Tokens, renamed" } });
    const found = [];
    for await (const one of client.v1.customers.listBillableMetrics({ customer_id })) found.push(one);
    assert.deepEqual(found.find((m) => m.id === before.id), { ...before, name: "Tokens, renamed" });
    await assert.rejects(client.put(`/v1/billable-metrics/${before.id}`, { body: { name: "" } }), { status: 400 });
    await assert.rejects(client.put("/v1/billable-metrics/none", { body: { name: "x" } }), { status: 404 });
  });
});

describe("Audit logs", () => {
  const faults = declarations({ Audit: sdk("v1/audit-logs", "AuditLogListResponse") });
  const all = async (query) => {
    const found = [];
    for await (const one of client.v1.auditLogs.list(query)) found.push((assert.deepEqual(faults("Audit", one), []), one));
    return found;
  };

  test("say who changed what, also when it was refused, and pass over questions and usage", async () => {
    const id = await customer("audited");
    await use("audited", 1, "2026-04-02T00:00:00Z");
    await client.v1.customers.retrieve({ customer_id: id });
    await client.v1.customers.setName({ customer_id: id, name: "Renamed" });
    await assert.rejects(client.v1.contracts.create({ customer_id: "nobody", starting_at: "2026-04-01T00:00:00Z" }));
    const [named, made] = await all({ resource_type: "customer", sort: "date_desc", limit: 100 }).then((found) => found.filter((e) => e.action === "setCustomerName" || e.action === "createCustomer").sort((a, b) => (a.action > b.action ? -1 : 1)));
    assert.deepEqual([named.action, named.resource_id, named.status, named.actor.name.length > 0], ["setCustomerName", id, "success", true]);
    assert.equal(made.action, "createCustomer");
    const refused = (await all({ resource_type: "contract" })).filter((e) => e.status === "failure");
    assert.equal(refused.length, 1);
    const entries = await all({ limit: 7 });
    assert.equal(new Set(entries.map((e) => e.id)).size, entries.length);
    assert.ok(!entries.some((e) => /ingest|getCustomer$/.test(e.action)));
    assert.deepEqual((await all({ limit: 9, sort: "date_desc" })).length, entries.length);
    assert.deepEqual(await all({ starting_on: "2027-01-01T00:00:00Z" }), []);
  });

  test("say what was there before and after", async () => {
    const id = await customer("changed");
    await client.v1.customers.setName({ customer_id: id, name: "Renamed" });
    const changes = async (action, resource_type, resource_id) => (await all({ resource_type, resource_id })).filter((e) => e.action === action).map((e) => e.changes);
    const [made] = (await changes("createCustomer", "customer", id)).flat().filter((c) => c.resource_type === "customer");
    assert.deepEqual([made.resource_type, made.resource_id, made.before, made.after.name], ["customer", id, undefined, "changed"]);
    const [[named]] = await changes("setCustomerName", "customer", id);
    assert.deepEqual([named.resource_id, named.before.name, named.after.name, named.before.id], [id, "changed", "Renamed", undefined]);
    const contract = (await client.v1.contracts.create({ customer_id: id, starting_at: "2026-04-01T00:00:00Z" })).data.id;
    await client.v2.contracts.edit({ customer_id: id, contract_id: contract, update_contract_end_date: "2026-09-01T00:00:00Z" });
    const [first] = await changes("editContract", "contract", contract);
    const edited = first.find((c) => c.resource_type === "contract");
    assert.deepEqual([edited.resource_id, edited.before.endingBefore, edited.after.endingBefore], [contract, undefined, "2026-09-01T00:00:00Z"]);
    // A refused request changes nothing.
    await assert.rejects(client.v2.contracts.edit({ customer_id: id, contract_id: contract, update_contract_end_date: "2026-09-01T00:30:00Z" }));
    assert.ok((await all({ resource_type: "contract" })).filter((e) => e.status === "failure").every((e) => e.changes.length === 0));
  });

  test("never tell a secret, and stay short however much was changed", async () => {
    const post = async (path, body) => (await client.post(path, { body })).data;
    const hook = await post("/v1/webhooks/create", { url: "https://example.com/hook" });
    const key = await post("/v1/api-keys", { name: "ci", scopes: ["READ"] });
    assert.ok(hook.secret && key.key);
    const entries = await all({});
    const changed = entries.flatMap((e) => e.changes);
    assert.deepEqual([changed.find((c) => c.resource_type === "webhook_endpoint").after.secret, changed.find((c) => c.resource_type === "api_key").after.hash], ["(secret)", "(secret)"]);
    for (const secret of [hook.secret, key.key]) assert.ok(!JSON.stringify(entries).includes(secret));
    const card = (await client.v1.contracts.rateCards.create({ name: "Long" })).data.id;
    const product_id = (await client.v1.contracts.products.create({ name: "Priced", type: "USAGE", billable_metric_id: metric })).data.id;
    await client.v1.contracts.rateCards.rates.addMany({ rate_card_id: card, rates: Array.from({ length: 900 }, (_, i) => ({ product_id, rate_type: "FLAT", price: i, entitled: true, starting_at: "2026-04-01T00:00:00Z" })) });
    const [many] = (await all({ resource_type: "rate_card" })).filter((e) => e.changes.length > 5);
    assert.ok(many.changes.length >= 10 && JSON.stringify(many).length < 100_000);
    assert.ok(many.changes.some((c) => c.is_cut && c.after === undefined) && many.changes.some((c) => !c.is_cut));
  });
});
