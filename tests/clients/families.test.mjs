// Parents that pay for their children, through the official SDK.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import Metronome from "@metronome/sdk";
import { declarations } from "./declared.mjs";
import { refused } from "./refused.mjs";
import { serverAt } from "./server.mjs";

const faultsOf = declarations({ Invoice: 'import("@metronome/sdk/resources/v1/customers/invoices").Invoice' });
const start = "2026-04-01T00:00:00Z";

let server, client, card;
before(async () => {
  server = await serverAt(start);
  client = new Metronome({ bearerToken: server.key, baseURL: server.url, maxRetries: 0 });
  const metric = (await client.v1.billableMetrics.create({ name: "Calls", aggregation_type: "SUM", aggregation_key: "calls", event_type_filter: { in_values: ["call"] } })).data.id;
  await server.filled(metric);
  const calls = (await client.v1.contracts.products.create({ name: "Calls", type: "USAGE", billable_metric_id: metric })).data.id;
  card = (await client.v1.contracts.rateCards.create({ name: "List" })).data.id;
  await client.v1.contracts.rateCards.rates.add({ rate_card_id: card, product_id: calls, rate_type: "FLAT", price: 10, entitled: true, starting_at: start });
});
after(() => server.stop());

const customer = async (name) => (await client.v1.customers.create({ name, ingest_aliases: [name] })).data.id;
const contract = async (customer_id, hierarchy_configuration) => (await client.v1.contracts.create({ customer_id, rate_card_id: card, starting_at: start, hierarchy_configuration })).data.id;
const use = (who, n, timestamp) => client.v1.usage.ingest({ usage: [{ transaction_id: `${who} ${timestamp}`, customer_id: who, event_type: "call", timestamp, properties: { calls: String(n) } }] });
const invoices = async (customer_id, more) => {
  const all = [];
  for await (const invoice of client.v1.customers.invoices.list({ customer_id, ...more })) {
    assert.deepEqual(faultsOf("Invoice", invoice), []);
    all.push(invoice);
  }
  return all;
};

test("a child's usage is on the parent's consolidated invoice, each line with its origin", async () => {
  const [group, north] = [await customer("group"), await customer("north")];
  const parent = await contract(group, { parent_behavior: { invoice_consolidation_type: "CONCATENATE" } });
  const child = await contract(north, { parent: { customer_id: group, contract_id: parent }, payer: "PARENT", usage_statement_behavior: "CONSOLIDATE" });
  const { data: shown } = await client.v2.contracts.retrieve({ customer_id: group, contract_id: parent });
  assert.deepEqual(shown.hierarchy_configuration, { children: [{ contract_id: child, customer_id: north }], parent_behavior: { invoice_consolidation_type: "CONCATENATE" } });
  await server.clock("2026-04-05T00:00:00Z");
  await use("group", 3, "2026-04-02T10:00:00Z");
  await use("north", 4, "2026-04-03T10:00:00Z");
  await server.counted();
  const draft = (await invoices(group, { status: "DRAFT" })).find((i) => i.type === "USAGE_CONSOLIDATED");
  // 3 x 10 of the parent, 4 x 10 of the child.
  assert.equal(draft.total, 70);
  await server.clock("2026-05-02T00:00:00Z");
  const final = (await invoices(group, { status: "FINALIZED" })).find((i) => i.type === "USAGE_CONSOLIDATED");
  const own = (await invoices(group, { status: "FINALIZED" })).find((i) => i.type === "USAGE");
  const [of] = await invoices(north, { status: "FINALIZED" });
  assert.equal(final.id, draft.id);
  assert.deepEqual([final.total, own.total, of.total], [70, 30, 40]);
  assert.deepEqual(of.payer, { customer_id: group, contract_id: parent });
  assert.deepEqual(final.constituent_invoices, [
    { customer_id: group, contract_id: parent, invoice_id: own.id },
    { customer_id: north, contract_id: child, invoice_id: of.id },
  ]);
  assert.deepEqual(final.line_items.map((l) => [l.total, l.origin.invoice_id, l.origin.line_item_id]), [[30, own.id, "1"], [40, of.id, "1"]]);
  await assert.rejects(client.v1.invoices.void({ id: of.id }), refused(409, "/id"));
  const memo = (customer_id, invoice_id) => client.post("/v1/credit-memos/create", { body: { customer_id, invoice_id, reason: "SERVICE_ISSUE", lines: [{ line_number: 1, amount: 5 }] } });
  await assert.rejects(memo(north, of.id), refused(409, "/invoice_id"));
  const { data } = await memo(group, final.id);
  await assert.rejects(client.v1.invoices.void({ id: final.id }), refused(409, "/id"));
  await client.post("/v1/credit-memos/void", { body: { customer_id: group, id: data.id } });
  await client.v1.invoices.void({ id: final.id });
  await client.v1.invoices.void({ id: of.id });
  const pdf = await client.v1.customers.invoices.retrievePdf({ customer_id: group, invoice_id: final.id });
  assert.equal(pdf.headers.get("content-type"), "application/pdf");
});
