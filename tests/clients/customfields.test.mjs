// Custom fields through the official SDK: keys, values on everything that can carry them, uniqueness, and what invoices show of them.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import Metronome from "@metronome/sdk";
import { declarations } from "./declared.mjs";
import { refused } from "./refused.mjs";
import { serverAt } from "./server.mjs";

const faultsOf = declarations({
  Key: 'import("@metronome/sdk/resources/v1/custom-fields").CustomFieldListKeysResponse',
  Invoice: 'import("@metronome/sdk/resources/v1/customers/invoices").Invoice',
});
const declared = (name, value) => (assert.deepEqual(faultsOf(name, value), []), value);
const usd = "2714e483-4ff1-48e4-9e25-ac732e8f24f2", start = "2026-04-01T00:00:00Z", end = "2027-04-01T00:00:00Z";

let server, client, fields;
before(async () => {
  server = await serverAt(start);
  client = new Metronome({ bearerToken: server.key, baseURL: server.url, maxRetries: 0 });
  fields = client.v1.customFields;
});
after(() => server.stop());

const add = (entity, key, enforce_uniqueness = false) => fields.addKey({ entity, key, enforce_uniqueness });
const set = (entity, entity_id, custom_fields) => fields.setValues({ entity, entity_id, custom_fields });
const keys = async (entities) => {
  const all = [];
  for await (const key of fields.listKeys(entities && { entities })) all.push(declared("Key", key));
  return all;
};
const customer = async (name, custom_fields) => (await client.v1.customers.create({ name, custom_fields })).data.id;
const fieldsOf = async (id) => (await client.v1.customers.retrieve({ customer_id: id })).data.custom_fields;

describe("Keys", () => {
  test("are added, listed by entity, and removed with their values", async () => {
    await add("customer", "crm_id");
    await add("customer", "crm_id");
    await add("contract", "crm_id", true);
    assert.deepEqual(await keys(["customer"]), [{ entity: "customer", key: "crm_id", enforce_uniqueness: false }]);
    assert.deepEqual((await keys()).map((k) => k.entity), ["customer", "contract"]);
    const id = await customer("Acme", { crm_id: "7", note: "kept" });
    await fields.removeKey({ entity: "customer", key: "crm_id" });
    assert.deepEqual(await fieldsOf(id), { note: "kept" });
    assert.deepEqual((await keys()).map((k) => k.entity), ["contract"]);
    await assert.rejects(fields.removeKey({ entity: "customer", key: "crm_id" }), refused(404, "/key"));
    await assert.rejects(set("customer", id, { crm_id: "8" }), refused(404, "/custom_fields/crm_id"));
  });

  test("say one thing of uniqueness, and belong to things that are here", async () => {
    await assert.rejects(add("contract", "crm_id", false), refused(409, "/key"));
    await assert.rejects(add("customer", ""), refused(400, "/key"));
    await assert.rejects(add("credit_grant", "x"), refused(400, "/entity"));
    await assert.rejects(add("planet", "x"), refused(400, "/entity"));
  });
});

describe("Values", () => {
  test("are set all or none, over the old ones; others stay; and deleted", async () => {
    await add("customer", "region");
    await add("customer", "tier");
    const id = await customer("Values", { region: "eu" });
    await set("customer", id, { region: "us", tier: "gold" });
    assert.deepEqual(await fieldsOf(id), { region: "us", tier: "gold" });
    await assert.rejects(set("customer", id, { region: "eu", colour: "blue" }), refused(404, "/custom_fields/colour"));
    await assert.rejects(set("customer", id, { region: "x".repeat(201) }), refused(400, "/custom_fields/region"));
    await assert.rejects(set("customer", "nobody", { region: "eu" }), refused(404, "/entity_id"));
    assert.deepEqual(await fieldsOf(id), { region: "us", tier: "gold" });
    await fields.deleteValues({ entity: "customer", entity_id: id, keys: ["tier", "never"] });
    assert.deepEqual(await fieldsOf(id), { region: "us" });
    await assert.rejects(client.v1.customers.create({ name: "Long", custom_fields: { region: "x".repeat(201) } }), refused(400, "/custom_fields/region"));
  });

  test("of a unique key belong to one thing, whether it is made with them or gets them later", async () => {
    await add("customer", "tax_id", true);
    const [one, other] = [await customer("One", { tax_id: "DE1" }), await customer("Other")];
    await assert.rejects(set("customer", other, { tax_id: "DE1" }), refused(409, "/custom_fields/tax_id"));
    await assert.rejects(client.v1.customers.create({ name: "Third", custom_fields: { tax_id: "DE1" } }), refused(409, "/custom_fields/tax_id"));
    await set("customer", one, { tax_id: "DE1" });
    await set("customer", one, { tax_id: "DE2" });
    await set("customer", other, { tax_id: "DE1" });
    const all = await Promise.allSettled(Array.from({ length: 8 }, (_, i) => customer(`Racer ${i}`, { tax_id: "FR9" })));
    assert.equal(all.filter((r) => r.status === "fulfilled").length, 1);
  });

  test("that are shared already keep a key from becoming unique", async () => {
    await customer("A", { shared: "x" });
    const b = await customer("B", { shared: "x" });
    await assert.rejects(add("customer", "shared", true), refused(409, "/enforce_uniqueness"));
    assert.equal((await keys(["customer"])).some((k) => k.key === "shared"), false);
    await add("customer", "shared", false);
    await set("customer", b, { shared: "y" });
    await fields.removeKey({ entity: "customer", key: "shared" });
    const [c] = [await customer("C", { shared: "z" })];
    await add("customer", "shared", true);
    await assert.rejects(client.v1.customers.create({ name: "D", custom_fields: { shared: "z" } }), refused(409, "/custom_fields/shared"));
    assert.deepEqual(await fieldsOf(c), { shared: "z" });
  });
});

describe("What carries them", () => {
  test("catalogue, terms and invoices; an invoice shows those of what it bills, as they were when it was made", async () => {
    const entities = ["billable_metric", "contract_product", "rate_card", "commit", "contract_credit", "scheduled_charge", "discount", "subscription", "professional_service", "invoice", "alert"];
    for (const entity of entities) await add(entity, "ref");
    await add("contract", "ref");
    const metric = (await client.v1.billableMetrics.create({ name: "Calls", aggregation_type: "COUNT", event_type_filter: { in_values: ["call"] } })).data.id;
    const make = async (name, type, more) => (await client.v1.contracts.products.create({ name, type, ...more })).data.id;
    const calls = await make("Calls", "USAGE", { billable_metric_id: metric }), fixed = await make("Fee", "FIXED"), seats = await make("Seats", "SUBSCRIPTION"), work = await make("Work", "PROFESSIONAL_SERVICE");
    const card = (await client.v1.contracts.rateCards.create({ name: "Card" })).data.id;
    await client.v1.contracts.rateCards.rates.addMany({
      rate_card_id: card,
      rates: [
        { product_id: calls, rate_type: "FLAT", price: 10, entitled: true, starting_at: start },
        { product_id: seats, rate_type: "FLAT", price: 500, billing_frequency: "MONTHLY", entitled: true, starting_at: start },
      ],
    });
    const id = await customer("Deal", { region: "eu" });
    const access = { credit_type_id: usd, schedule_items: [{ amount: 1000, starting_at: start, ending_before: end }] };
    const contract = (await client.v1.contracts.create({
      customer_id: id, rate_card_id: card, starting_at: start, custom_fields: { ref: "contract" },
      commits: [{ type: "PREPAID", product_id: fixed, name: "Commit", access_schedule: access, invoice_schedule: { schedule_items: [{ timestamp: start, amount: 900 }] }, custom_fields: { first: "1" } }],
      credits: [{ product_id: fixed, name: "Credit", access_schedule: access }],
      scheduled_charges: [{ product_id: fixed, name: "Fee", schedule: { schedule_items: [{ timestamp: "2026-05-01T00:00:00Z", amount: 300 }] } }],
      discounts: [{ product_id: fixed, name: "Less", schedule: { schedule_items: [{ timestamp: start, amount: 100 }] } }],
      subscriptions: [{ collection_schedule: "ADVANCE", subscription_rate: { billing_frequency: "MONTHLY", product_id: seats }, initial_quantity: 2, proration: { invoice_behavior: "BILL_IMMEDIATELY" } }],
      professional_services: [{ product_id: work, unit_price: 100, quantity: 5, max_amount: 500 }],
    })).data.id;
    const read = async () => (await client.v2.contracts.retrieve({ customer_id: id, contract_id: contract })).data;
    const terms = await read();
    const targets = {
      billable_metric: metric, contract_product: calls, rate_card: card, commit: terms.commits[0].id, contract_credit: terms.credits[0].id, scheduled_charge: terms.scheduled_charges[0].id,
      discount: terms.discounts[0].id, subscription: terms.subscriptions[0].id, professional_service: terms.professional_services[0].id,
      alert: (await client.v1.alerts.create({ alert_type: "spend_threshold_reached", name: "Spend", threshold: 1e6 })).data.id,
    };
    for (const [entity, target] of Object.entries(targets)) await set(entity, target, { ref: entity });
    const after = await read();
    assert.deepEqual(
      [after.commits[0], after.credits[0], after.scheduled_charges[0], after.discounts[0], after.subscriptions[0], after.professional_services[0], after].map((t) => t.custom_fields),
      [{ first: "1", ref: "commit" }, ...["contract_credit", "scheduled_charge", "discount", "subscription", "professional_service", "contract"].map((ref) => ({ ref }))]);
    assert.deepEqual((await client.v1.billableMetrics.retrieve({ billable_metric_id: metric })).data.custom_fields, { ref: "billable_metric" });
    assert.deepEqual((await client.v1.contracts.products.retrieve({ product_id: calls })).data.custom_fields, { ref: "contract_product" });
    assert.deepEqual((await client.v1.contracts.rateCards.retrieve({ id: card })).data.custom_fields, { ref: "rate_card" });
    // A commit is no credit, and the other way round.
    await assert.rejects(set("commit", targets.contract_credit, { ref: "x" }), refused(404, "/entity_id"));

    await client.v1.usage.ingest({ usage: [{ transaction_id: "t", customer_id: id, event_type: "call", timestamp: "2026-04-02T00:00:00Z" }] });
    await server.clock("2026-05-03T00:00:00Z");
    const invoices = [];
    for await (const one of client.v1.customers.invoices.list({ customer_id: id, status: "FINALIZED" })) invoices.push(declared("Invoice", one));
    const usage = invoices.find((i) => i.type === "USAGE"), scheduled = invoices.find((i) => i.line_items.some((l) => l.scheduled_charge_id === targets.scheduled_charge));
    const line = (invoice, fits) => invoice.line_items.find(fits);
    assert.deepEqual([usage.contract_custom_fields, usage.customer_custom_fields, usage.custom_fields], [{ ref: "contract" }, { region: "eu" }, {}]);
    assert.deepEqual(line(usage, (l) => l.type === "usage").product_custom_fields, { ref: "contract_product" });
    assert.deepEqual(line(usage, (l) => l.type === "applied_commit_or_credit").commit_custom_fields, { first: "1", ref: "commit" });
    assert.deepEqual(line(scheduled, (l) => l.scheduled_charge_id === targets.scheduled_charge).scheduled_charge_custom_fields, { ref: "scheduled_charge" });
    assert.ok(invoices.some((i) => i.line_items.some((l) => l.subscription_custom_fields?.ref === "subscription")));

    await set("invoice", usage.id, { ref: "paid" });
    await set("contract_product", calls, { ref: "later" });
    const kept = (await client.v1.customers.invoices.retrieve({ customer_id: id, invoice_id: usage.id })).data;
    assert.deepEqual({ ...kept, custom_fields: {} }, { ...usage, custom_fields: {} });
    assert.deepEqual(kept.custom_fields, { ref: "paid" });
    await client.v1.invoices.void({ id: usage.id });
    assert.deepEqual((await client.v1.customers.invoices.retrieve({ customer_id: id, invoice_id: usage.id })).data.custom_fields, { ref: "paid" });
  });
});

test("many who set one unique value at once: one has it", async () => {
  await client.v1.customFields.addKey({ entity: "customer", key: "raced", enforce_uniqueness: true });
  const ids = [];
  for (let i = 0; i < 4; i++) ids.push((await client.v1.customers.create({ name: `racer ${i}` })).data.id);
  for (let round = 0; round < 8; round++) {
    const set = await Promise.all([...ids, ...ids].map((id) => client.v1.customFields.setValues({ entity: "customer", entity_id: id, custom_fields: { raced: `round ${round}` } }).then(() => id, (refusal) => (assert.equal(refusal.status, 409), null))));
    const holders = [];
    for (const id of ids) if ((await client.v1.customers.retrieve({ customer_id: id })).data.custom_fields.raced === `round ${round}`) holders.push(id);
    assert.ok(holders.length <= 1, `round ${round}: ${holders.length} have it`);
    assert.deepEqual(new Set(set.filter((id) => id && holders.includes(id))), new Set(holders));
  }
});
