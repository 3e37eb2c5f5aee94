// Webhooks: what a real server posts is verified by the official SDK; attempts, replay and payment gates over HTTP.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import Metronome from "@metronome/sdk";
import { serverAt } from "./server.mjs";

let server, client, listener, url, product, deposit, made = 0;
const received = [];
let answer = 200;

const until = async (what, found) => {
  for (const end = Date.now() + 15_000; ; await pause(50)) {
    const value = await found();
    if (value) return value;
    if (Date.now() > end) throw new Error(`Not within 15 seconds: ${what}`);
  }
};
const ofType = (type, customer) => received.find((r) => r.message.type === type && (!customer || r.message.properties.customer_id === customer));

before(async () => {
  listener = createServer((request, response) => {
    const chunks = [];
    request.on("data", (c) => chunks.push(c));
    request.on("end", () => {
      const body = Buffer.concat(chunks).toString();
      received.push({ headers: request.headers, body, message: JSON.parse(body) });
      response.writeHead(answer, answer === 302 ? { location: "http://127.0.0.1:1/" } : {}).end();
    });
  });
  await new Promise((resolve) => listener.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${listener.address().port}/hook`;
  server = await serverAt("2026-04-01T00:00:00Z", { BILLING_WEBHOOKS_PRIVATE: "1" });
  client = new Metronome({ bearerToken: server.key, baseURL: server.url, maxRetries: 0 });
  const { data: { id: metric } } = await client.v1.billableMetrics.create({ name: "Calls", aggregation_type: "SUM", aggregation_key: "calls", event_type_filter: { in_values: ["call"] } });
  await server.filled(metric);
  product = (await client.v1.contracts.products.create({ name: "Calls", type: "USAGE", billable_metric_id: metric })).data.id;
  deposit = (await client.v1.contracts.products.create({ name: "Deposit", type: "FIXED" })).data.id;
  const card = (await client.v1.contracts.rateCards.create({ name: "Standard", aliases: [{ name: "standard" }] })).data.id;
  await client.v1.contracts.rateCards.rates.addMany({ rate_card_id: card, rates: [{ product_id: product, rate_type: "FLAT", price: 2, entitled: true, starting_at: "2025-01-01T00:00:00Z" }] });
});
after(async () => {
  listener.close();
  listener.closeAllConnections();
  await server?.stop();
});

const customerOn = async (more = {}) => {
  const { data: { id } } = await client.v1.customers.create({ name: `customer ${++made}`, ingest_aliases: [`customer-${made}`] });
  const contract = (await client.v1.contracts.create({ customer_id: id, rate_card_alias: "standard", starting_at: "2026-04-01T00:00:00Z", ...more })).data.id;
  return { id, alias: `customer-${made}`, contract };
};
let sent = 0;
const use = (customer, calls, timestamp = "2026-04-01T00:00:00Z") =>
  client.v1.usage.ingest({ usage: [{ transaction_id: `event-${++sent}`, customer_id: customer.alias, event_type: "call", timestamp, properties: { calls: String(calls) } }] });

describe("Webhooks", () => {
  let hook;
  test("a message is signed so that the official SDK verifies it, and refuses a changed one", async () => {
    hook = (await server.post("/v1/webhooks/create", { url })).data;
    const customer = await customerOn();
    const got = await until("contract.create", () => ofType("contract.create", customer.id));
    assert.equal(got.message.properties.contract_id, customer.contract);
    const verifier = new Metronome({ bearerToken: "none", webhookSecret: hook.secret });
    assert.equal(verifier.webhooks.unwrap(got.body, got.headers).id, got.message.id);
    assert.throws(() => verifier.webhooks.unwrap(got.body.replace("contract.create", "contract.delete"), got.headers));
    assert.throws(() => new Metronome({ bearerToken: "none", webhookSecret: "another" }).webhooks.unwrap(got.body, got.headers));
  });

  test("an alert is told of within five seconds of the usage that sets it off", async () => {
    const customer = await customerOn();
    const alert = (await client.v1.alerts.create({ alert_type: "spend_threshold_reached", name: "100 cents", threshold: 100, customer_id: customer.id })).data.id;
    await use(customer, 60);
    const began = Date.now();
    await server.clock("2026-04-01T00:01:00Z");
    const got = await until("the alert", () => ofType("alerts.spend_threshold_reached", customer.id));
    assert.ok(Date.now() - began < 5_000);
    assert.deepEqual([got.message.properties.alert_id, got.message.properties.current_spend], [alert, 120]);
  });

  test("a redirect and a failure are tried again, listed, and replayed", async () => {
    answer = 302;
    const customer = await customerOn();
    await until("the first attempt", () => ofType("contract.create", customer.id));
    const attempts = async () => (await server.get(`/v1/webhooks/deliveries?customer_id=${customer.id}`)).data;
    const [failed] = await until("the attempt's record", async () => { const found = await attempts(); return found.length > 0 && found; });
    assert.deepEqual([failed.status_code, failed.error, failed.is_last], ["302", "The endpoint answered 302.", false]);
    answer = 200;
    await until("the second attempt", async () => (await attempts()).some((a) => a.status_code === "200"));
    const { data: [message] } = await server.get(`/v1/webhooks/messages?customer_id=${customer.id}&type=contract.create`);
    const before = received.length;
    assert.deepEqual((await server.post("/v1/webhooks/replay", { webhook_id: hook.id, message_id: message.id })).data, { messages: "1" });
    await until("the replay", () => received.slice(before).some((r) => r.message.id === message.id));
  });

  test("an endpoint takes only its types; a secret can be changed; an archived one gets nothing", async () => {
    const alertsOnly = (await server.post("/v1/webhooks/create", { url: url + "?alerts", types: ["alerts.*"] })).data;
    assert.deepEqual((await server.post("/v1/webhooks/test", { id: alertsOnly.id })).data.is_taken, true);
    const rotated = (await server.post("/v1/webhooks/rotateSecret", { id: alertsOnly.id })).data;
    assert.notEqual(rotated.secret, alertsOnly.secret);
    const { data: listed } = await server.get("/v1/webhooks");
    assert.ok(listed.every((w) => !("secret" in w)));
    await server.post("/v1/webhooks/archive", { id: alertsOnly.id });
    assert.equal((await server.get("/v1/webhooks")).data.length, 1);
  });

  test("what is wrong is refused by name", async () => {
    for (const [body, field] of [[{ url: "nowhere" }, "/url"], [{ url, colour: "red" }, "/colour"], [{}, "/url"]]) {
      const { status, body: problem } = await server.send("POST", "/v1/webhooks/create", body);
      assert.deepEqual([status, problem.field], [400, field], JSON.stringify(problem));
    }
    assert.equal((await server.send("POST", "/v1/webhooks/replay", { webhook_id: "none", message_id: "x" })).status, 404);
  });
});

describe("Payment gates", () => {
  test("what a threshold buys behind an external gate waits for its release", async () => {
    const threshold = { is_enabled: true, threshold_amount: 500, recharge_to_amount: 2000, commit: { product_id: deposit, name: "Top-up" }, payment_gate_config: { payment_gate_type: "EXTERNAL" } };
    const customer = await customerOn({ prepaid_balance_threshold_configuration: threshold });
    await server.clock("2026-04-01T00:02:00Z");
    const started = await until("the gate", () => ofType("payment_gate.external_initiate", customer.id));
    const { workflow_id } = started.message.properties;
    const balance = async () => (await client.v1.contracts.getNetBalance({ customer_id: customer.id })).data.balance;
    assert.equal(await balance(), 0);
    const release = (outcome) => server.send("POST", "/v1/contracts/commits/threshold-billing/release", { workflow_id, outcome });
    assert.equal((await release("paid")).status, 200);
    assert.equal((await release("paid")).status, 200);
    assert.equal((await release("failed")).status, 409);
    assert.equal(await balance(), 2000);
    await until("the payment's status", () => ofType("payment_gate.payment_status", customer.id));
    assert.equal((await server.send("POST", "/v1/contracts/commits/threshold-billing/release", { workflow_id: "none", outcome: "paid" })).status, 404);
  });
});

describe("Operations", () => {
  test("an alias that is claimed after the month is billed brings its usage onto the next invoice", async () => {
    const customer = await customerOn();
    await use({ alias: "not-yet" }, 7);
    await use(customer, 10);
    await server.clock("2026-05-02T01:00:00Z");
    const final = (await client.v1.customers.invoices.list({ customer_id: customer.id, status: "FINALIZED" })).data;
    assert.deepEqual(final.map((i) => i.total), [20]);
    await client.v1.customers.setIngestAliases({ customer_id: customer.id, ingest_aliases: [customer.alias, "not-yet"] });
    await server.clock("2026-05-02T02:00:00Z");
    // 7 calls at 2 cents, of April, on the draft of May.
    const [draft] = (await client.v1.customers.invoices.list({ customer_id: customer.id, status: "DRAFT" })).data;
    assert.deepEqual([draft.total, draft.line_items.filter((l) => l.total !== 0).map((l) => [l.total, l.starting_at])], [14, [[14, "2026-04-01T00:00:00+00:00"]]]);
  });

  test("a dry run tells what would be issued, and issues nothing", async () => {
    const customer = await customerOn();
    await use(customer, 10, "2026-05-02T00:00:00Z");
    await server.counted();
    const { data: [account] } = await server.post("/v1/operations/invoices/dry-run", { customer_id: customer.id, at: "2026-06-02T00:00:00Z" });
    assert.deepEqual(account.invoices.map((i) => i.total).sort(), ["0", "20"]);
    assert.deepEqual((await client.v1.customers.invoices.list({ customer_id: customer.id, status: "FINALIZED" })).data, []);
  });

  test("late usage of a contract that reports it is listed and not billed", async () => {
    const before = (await server.get("/v1/settings")).data;
    assert.deepEqual(before, { grace_period_hours: "24", late_usage_policy: "NEXT_INVOICE" });
    await server.post("/v1/settings", { grace_period_hours: 24, late_usage_policy: "REPORT" });
    const customer = await customerOn();
    await server.clock("2026-05-04T00:00:00Z");
    await use(customer, 5);
    await server.clock("2026-05-04T02:00:00Z");
    const { data } = await server.get("/v1/operations/late-usage");
    assert.deepEqual(data.filter((r) => r.customer_id === customer.id).map((r) => r.line_items.map((l) => l.total)), [["10"]]);
    await server.post("/v1/settings", { grace_period_hours: 24, late_usage_policy: "NEXT_INVOICE" });
  });
});

describe("Time", () => {
  test("a contract and a commit's access are told of when they begin and end", async () => {
    const hook = (await server.post("/v1/webhooks/create", { url })).data;
    const customer = await customerOn({
      starting_at: "2026-06-01T00:00:00Z", ending_before: "2026-06-01T02:00:00Z",
      credits: [{ product_id: (await client.v1.contracts.products.create({ name: "Gift", type: "FIXED" })).data.id, access_schedule: { schedule_items: [{ amount: 6, starting_at: "2026-06-01T01:00:00Z", ending_before: "2026-06-01T02:00:00Z" }] } }],
    });
    await server.clock("2026-06-01T00:00:00Z");
    assert.equal((await until("its start", () => ofType("contract.start", customer.id))).message.properties.contract_id, customer.contract);
    await server.clock("2026-06-01T01:00:00Z");
    const { message } = await until("the segment's start", () => ofType("credit.segment.start", customer.id));
    assert.deepEqual([message.properties.amount, message.properties.segment_number, message.properties.segment_count, message.properties.timestamp], [6, 1, 1, "2026-06-01T01:00:00Z"]);
    await server.clock("2026-06-01T02:00:00Z");
    await until("the segment's end", () => ofType("credit.segment.end", customer.id));
    await until("its end", () => ofType("contract.end", customer.id));
    await server.post("/v1/webhooks/archive", { id: hook.id });
    assert.equal(new Set(received.filter((r) => r.message.properties.customer_id === customer.id && /start|end$/.test(r.message.type)).map((r) => r.message.id)).size, 4);
  });
});
