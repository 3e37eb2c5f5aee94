// How customers are known to billing providers, through the official SDK.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import Metronome from "@metronome/sdk";
import { declarations } from "./declared.mjs";
import { refused } from "./refused.mjs";
import { serverAt } from "./server.mjs";

const sdk = (name) => `import("@metronome/sdk/resources/v1/customers/customers").${name}`;
const faultsOf = declarations({ Set: sdk("CustomerSetBillingConfigurationsResponse"), Got: sdk("CustomerRetrieveBillingConfigurationsResponse"), Archived: sdk("CustomerArchiveBillingConfigurationsResponse") });
const declared = (name, value) => (assert.deepEqual(faultsOf(name, value), []), value.data);

let server, client;
before(async () => {
  server = await serverAt("2026-04-01T00:00:00Z");
  client = new Metronome({ bearerToken: server.key, baseURL: server.url, maxRetries: 0 });
});
after(() => server.stop());

const stripe = (customer_id, more = {}) => ({ customer_id, billing_provider: "stripe", delivery_method: "direct_to_billing_provider", configuration: { stripe_customer_id: "cus_1", stripe_collection_method: "charge_automatically" }, ...more });
const customer = async (more = {}) => (await client.v1.customers.create({ name: "Acme", ...more })).data.id;
const get = async (customer_id, more = {}) => declared("Got", await client.v1.customers.retrieveBillingConfigurations({ customer_id, ...more }));

test("a configuration is set, read, named by a contract, and archived", async () => {
  const id = await customer();
  const [set, other] = declared("Set", await client.v1.customers.setBillingConfigurations({ data: [stripe(id, { tax_provider: "anrok" }), { customer_id: id, billing_provider: "aws_marketplace", delivery_method: "aws_sqs", configuration: { aws_customer_id: "a" } }] }));
  assert.deepEqual([set.customer_id, set.billing_provider, set.tax_provider, set.configuration.stripe_customer_id], [id, "stripe", "anrok", "cus_1"]);
  const [got] = await get(id);
  assert.deepEqual([got.id, got.delivery_method, got.delivery_method_id, got.archived_at, got.delivery_method_configuration], [set.id, "direct_to_billing_provider", set.delivery_method_id, null, {}]);
  // The same delivery by its id.
  const [again] = declared("Set", await client.v1.customers.setBillingConfigurations({ data: [{ ...stripe(id), delivery_method: undefined, delivery_method_id: set.delivery_method_id }] }));
  assert.equal(again.delivery_method_id, set.delivery_method_id);

  const contract = async (billing_provider_configuration_id) => (await client.v1.contracts.create({ customer_id: id, starting_at: "2026-04-01T00:00:00Z", billing_provider_configuration: { billing_provider_configuration_id } })).data.id;
  const made = await contract(set.id);
  assert.equal((await client.v2.contracts.retrieve({ customer_id: id, contract_id: made })).data.billing_provider_configuration.billing_provider_configuration_id, set.id);
  await assert.rejects(contract("nobody"), refused(404, "/billing_provider_configuration/billing_provider_configuration_id"));
  const bare = (await client.v1.contracts.create({ customer_id: id, starting_at: "2026-04-01T00:00:00Z" })).data.id;
  const edit = (configuration) => client.v2.contracts.edit({ customer_id: id, contract_id: bare, add_billing_provider_configuration_update: { billing_provider_configuration: { billing_provider_configuration_id: configuration } } });
  await assert.rejects(edit("nobody"), refused(404, "/add_billing_provider_configuration_update/billing_provider_configuration/billing_provider_configuration_id"));
  await edit(other.id);

  const gone = { customer_id: id, customer_billing_provider_configuration_ids: [set.id] };
  assert.deepEqual(declared("Archived", await client.v1.customers.archiveBillingConfigurations(gone)), gone);
  await client.v1.customers.archiveBillingConfigurations(gone);
  assert.deepEqual((await get(id)).map((c) => c.id), [other.id, again.id]);
  assert.equal((await get(id, { include_archived: true }))[0].archived_at, "2026-04-01T00:00:00+00:00");
  await assert.rejects(contract(set.id), refused(404, "/billing_provider_configuration/billing_provider_configuration_id"));
});

test("a customer is made with them", async () => {
  const id = await customer({ customer_billing_provider_configurations: [{ billing_provider: "stripe", delivery_method: "direct_to_billing_provider", configuration: { stripe_customer_id: "cus_2" } }] });
  assert.deepEqual((await get(id)).map((c) => c.configuration), [{ stripe_customer_id: "cus_2" }]);
});

test("what can not be is refused by name, and nothing is set", async () => {
  const id = await customer();
  const set = (...data) => client.v1.customers.setBillingConfigurations({ data });
  await assert.rejects(set(stripe(id), stripe("nobody")), refused(404, "/data/1/customer_id"));
  await assert.rejects(set(stripe(id, { configuration: {} })), refused(400, "/data/0/configuration/stripe_customer_id"));
  await assert.rejects(set(stripe(id, { configuration: { stripe_customer_id: "c", stripe_collection_method: "by_hand" } })), refused(400, "/data/0/configuration/stripe_collection_method"));
  await assert.rejects(set({ customer_id: id, billing_provider: "netsuite" }), refused(400, "/data/0/delivery_method"));
  await assert.rejects(set({ customer_id: id, billing_provider: "netsuite", delivery_method_id: "x" }), refused(404, "/data/0/delivery_method_id"));
  await assert.rejects(set({ customer_id: id, billing_provider: "paypal", delivery_method: "tackle" }), refused(400, "/data/0/billing_provider"));
  await assert.rejects(set({ customer_id: id, billing_provider: "netsuite", delivery_method: "tackle", tax_provider: "anrok" }), refused(400, "/data/0/tax_provider"));
  await assert.rejects(set(stripe(id, { configuration: { stripe_customer_id: "c".repeat(9000) } })), refused(400, "/data/0/configuration"));
  await assert.rejects(client.v1.customers.archiveBillingConfigurations({ customer_id: id, customer_billing_provider_configuration_ids: ["x"] }), refused(404, "/customer_billing_provider_configuration_ids/0"));
  assert.deepEqual(await get(id), []);
});
