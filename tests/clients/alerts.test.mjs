// Alerts and previews through the official SDK, and every answer held against what the SDK declares.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import Metronome from "@metronome/sdk";
import { declarations } from "./declared.mjs";
import { refused } from "./refused.mjs";
import { serverAt } from "./server.mjs";

const sdk = (path, name) => `import("@metronome/sdk/resources/${path}").${name}`;
const faultsOf = declarations({
  CustomerAlert: sdk("v1/customers/alerts", "CustomerAlert"),
  Preview: sdk("v1/customers/customers", "CustomerPreviewEventsResponse"),
});
const declared = (name, value) => (assert.deepEqual(faultsOf(name, value), []), value);

let server, client, metric, product, fixed, made = 0;
/** A customer on a contract from April 1, at 2 cents a call, told apart by model. */
const customerOn = async (more = {}) => {
  const { data: { id } } = await client.v1.customers.create({ name: `customer ${++made}`, ingest_aliases: [`customer-${made}`] });
  const contract = (await client.v1.contracts.create({ customer_id: id, rate_card_alias: "standard", starting_at: "2026-04-01T00:00:00Z", ...more })).data.id;
  return { id, alias: `customer-${made}`, contract };
};
let sent = 0;
const use = (customer, calls, model = "a", id = `event-${++sent}`) =>
  client.v1.usage.ingest({ usage: [{ transaction_id: id, customer_id: customer.alias, event_type: "call", timestamp: "2026-04-10T00:00:00Z", properties: { calls: String(calls), model } }] });
const statusOf = async (customer, alert, more = {}) => declared("CustomerAlert", (await client.v1.customers.alerts.retrieve({ customer_id: customer.id, alert_id: alert, ...more })).data);

before(async () => {
  server = await serverAt("2026-03-31T12:00:00Z");
  client = new Metronome({ bearerToken: server.key, baseURL: server.url, maxRetries: 0 });
  metric = (await client.v1.billableMetrics.create({ name: "Calls", aggregation_type: "SUM", aggregation_key: "calls", event_type_filter: { in_values: ["call"] }, group_keys: [["model"]] })).data.id;
  await server.filled(metric);
  product = (await client.v1.contracts.products.create({ name: "Calls", type: "USAGE", billable_metric_id: metric, presentation_group_key: ["model"] })).data.id;
  fixed = (await client.v1.contracts.products.create({ name: "Credit", type: "FIXED" })).data.id;
  const card = (await client.v1.contracts.rateCards.create({ name: "Standard", aliases: [{ name: "standard" }] })).data.id;
  await client.v1.contracts.rateCards.rates.addMany({ rate_card_id: card, rates: [{ product_id: product, rate_type: "FLAT", price: 2, entitled: true, starting_at: "2025-01-01T00:00:00Z" }] });
  await server.clock("2026-04-10T12:00:00Z");
});
after(() => server.stop());

describe("Alerts", () => {
  test("a spend threshold goes into alarm when usage reaches it, and says nothing before", async () => {
    const customer = await customerOn();
    const alert = (await client.v1.alerts.create({ alert_type: "spend_threshold_reached", name: "100 cents", threshold: 100, customer_id: customer.id })).data.id;
    await use(customer, 49);
    await server.clock("2026-04-10T12:01:00Z");
    assert.equal((await statusOf(customer, alert)).customer_status, "ok");
    await use(customer, 1);
    await server.clock("2026-04-10T12:02:00Z");
    assert.deepEqual([(await statusOf(customer, alert)).customer_status, (await statusOf(customer, alert)).alert.credit_type.name], ["in_alarm", "USD (cents)"]);
  });

  test("a balance that children draw on is watched at its parent", async () => {
    const parent = await customerOn();
    const pool = { type: "CREDIT", product_id: fixed, hierarchy_configuration: { child_access: { type: "ALL" } }, access_schedule: { schedule_items: [{ amount: 100, starting_at: "2026-04-01T00:00:00Z", ending_before: "2027-04-01T00:00:00Z" }] } };
    await client.v2.contracts.edit({ customer_id: parent.id, contract_id: parent.contract, add_credits: [pool] });
    const child = await customerOn({ hierarchy_configuration: { parent: { customer_id: parent.id, contract_id: parent.contract } } });
    const alert = (await client.v1.alerts.create({ alert_type: "low_remaining_contract_credit_balance_reached", name: "20 cents left", threshold: 20, customer_id: parent.id })).data.id;
    await use(child, 39);
    await server.clock("2026-04-10T12:02:20Z");
    assert.equal((await statusOf(parent, alert)).customer_status, "ok");
    await use(child, 1);
    // The parent itself has used nothing: 100 - 40 x 2 = 20.
    await server.clock("2026-04-10T12:02:40Z");
    assert.equal((await statusOf(parent, alert)).customer_status, "in_alarm");
    const { data: balance } = await client.v1.contracts.getNetBalance({ customer_id: parent.id });
    assert.equal(balance.balance, 20);
  });

  test("each value of a group key is watched by itself", async () => {
    const customer = await customerOn();
    const alert = (await client.v1.alerts.create({ alert_type: "usage_threshold_reached", name: "10 of a model", threshold: 10, customer_id: customer.id, billable_metric_id: metric, group_values: [{ key: "model" }] })).data.id;
    await use(customer, 9, "a");
    await use(customer, 10, "b");
    await server.clock("2026-04-10T12:03:00Z");
    const found = await statusOf(customer, alert);
    assert.deepEqual([found.customer_status, found.triggered_by], ["in_alarm", "model=b"]);
    assert.equal((await statusOf(customer, alert, { group_values: [{ key: "model", value: "a" }] })).customer_status, "ok");
  });

  test("all types can be made and listed, archived ones only when they are asked for", async () => {
    const customer = await customerOn();
    const types = {
      spend_threshold_reached: {}, invoice_total_reached: { invoice_types_filter: ["USAGE"] }, usage_threshold_reached: { billable_metric_id: metric },
      low_remaining_commit_balance_reached: {}, low_remaining_commit_percentage_reached: {}, low_remaining_contract_credit_balance_reached: {}, low_remaining_contract_credit_percentage_reached: {},
      low_remaining_contract_credit_and_commit_balance_reached: { alert_specifiers: [{ custom_field_filters: [{ entity: "Commit", key: "pool", value: "a" }] }] },
      low_remaining_days_for_commit_segment_reached: {}, low_remaining_days_for_contract_credit_segment_reached: {}, low_remaining_seat_balance_reached: { seat_filter: { seat_group_key: "user" } },
    };
    const ids = [];
    for (const [alert_type, more] of Object.entries(types)) ids.push((await client.v1.alerts.create({ alert_type, name: alert_type, threshold: 10, customer_id: customer.id, ...more })).data.id);
    await client.v1.alerts.archive({ id: ids[0] });
    const list = async (more) => {
      const found = [];
      for await (const one of client.v1.customers.alerts.list({ customer_id: customer.id, ...more })) found.push(declared("CustomerAlert", one).alert.type);
      return found;
    };
    assert.deepEqual((await list({})).sort(), Object.keys(types).slice(1).sort());
    assert.deepEqual(await list({ alert_statuses: ["ARCHIVED"] }), ["spend_threshold_reached"]);
    await client.v1.customers.alerts.reset({ customer_id: customer.id, alert_id: ids[1] });
  });

  test("what does not fit is refused by name", async () => {
    const customer = await customerOn();
    const wrong = { alert_type: "spend_threshold_reached", name: "A", threshold: 1, customer_id: customer.id };
    await assert.rejects(client.v1.alerts.create({ ...wrong, threshold: -1 }), refused(400, "/threshold"));
    await assert.rejects(client.v1.alerts.create({ ...wrong, alert_type: "low_credit_balance_reached" }), refused(400, "/alert_type"));
    await assert.rejects(client.v1.alerts.create({ ...wrong, billable_metric_id: metric }), refused(400, "/billable_metric_id"));
    await assert.rejects(client.v1.alerts.create({ ...wrong, customer_id: "nobody" }), refused(404, "/customer_id"));
    await assert.rejects(client.v1.alerts.create({ ...wrong, alert_type: "usage_threshold_reached", billable_metric_id: metric, group_values: [{ key: "region" }] }), refused(400, "/group_values"));
    await assert.rejects(client.v1.customers.alerts.retrieve({ customer_id: customer.id, alert_id: "none" }), refused(404, "/alert_id"));
    await client.v1.alerts.create({ ...wrong, uniqueness_key: "once" });
    await assert.rejects(client.v1.alerts.create({ ...wrong, uniqueness_key: "once" }), refused(409, "/uniqueness_key"));
  });
});

describe("previewEvents", () => {
  const preview = async (customer, events, more = {}) =>
    declared("Preview", await client.v1.customers.previewEvents({ customer_id: customer.id, events, ...more })).data.map((i) => [i.type, i.status, i.total]);
  const event = (calls, more = {}) => ({ event_type: "call", properties: { calls, model: "a" }, ...more });

  test("adds events to what was used, or takes them alone, and stores nothing", async () => {
    const customer = await customerOn();
    await use(customer, 10, "a", "sent-before");
    await server.counted();
    // 10 + 5 calls at 2 cents; 5 alone.
    assert.deepEqual(await preview(customer, [event("5")], { mode: "merge" }), [["USAGE", "DRAFT", 30]]);
    assert.deepEqual(await preview(customer, [event(5)]), [["USAGE", "DRAFT", 10]]);
    assert.deepEqual(await preview(customer, []), [["USAGE", "DRAFT", 0]]);
    // What was counted changes nothing on top; alone it counts.
    assert.deepEqual(await preview(customer, [event(5, { transaction_id: "sent-before" })], { mode: "merge" }), [["USAGE", "DRAFT", 20]]);
    assert.deepEqual(await preview(customer, [event(5, { transaction_id: "sent-before" })], { mode: "replace" }), [["USAGE", "DRAFT", 10]]);
    // Of another month: not on this invoice.
    assert.deepEqual(await preview(customer, [event(5, { timestamp: "2026-03-10T00:00:00Z" })]), [["USAGE", "DRAFT", 0]]);
    const [draft] = (await client.v1.customers.invoices.list({ customer_id: customer.id })).data;
    assert.equal(draft.total, 20);
  });

  test("a credit pays for what is assumed, as it would", async () => {
    const customer = await customerOn({ credits: [{ product_id: (await client.v1.contracts.products.create({ name: "Gift", type: "FIXED" })).data.id, access_schedule: { schedule_items: [{ amount: 6, starting_at: "2026-04-01T00:00:00Z", ending_before: "2026-05-01T00:00:00Z" }] } }] });
    assert.deepEqual(await preview(customer, [event(5)]), [["USAGE", "DRAFT", 4]]);
    assert.equal((await client.v1.contracts.getNetBalance({ customer_id: customer.id })).data.balance, 6);
  });

  test("bad events are refused by index", async () => {
    const customer = await customerOn();
    await assert.rejects(preview(customer, [event(1), { event_type: "call", timestamp: "yesterday" }]), refused(400, "/events/1/timestamp"));
    await assert.rejects(preview(customer, [event(1, { transaction_id: "x" }), event(1, { transaction_id: "x" })]), refused(400, "/events/1/transaction_id"));
    await assert.rejects(preview(customer, [], { mode: "merge" }), refused(400, "/events"));
    await assert.rejects(preview({ id: "nobody" }, [event(1)]), refused(404, "/customer_id"));
  });
});
