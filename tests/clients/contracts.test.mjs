// Contracts through the official SDK: everything that a contract can say, and every answer held against what the SDK declares.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import Metronome from "@metronome/sdk";
import { declarations } from "./declared.mjs";
import { refused } from "./refused.mjs";
import { serverAt } from "./server.mjs";

const now = "2026-04-01T00:00:00Z", usd = "2714e483-4ff1-48e4-9e25-ac732e8f24f2";
const sdk = (path, name) => `import("@metronome/sdk/resources/${path}").${name}`;
const faultsOf = declarations({
  ContractV2: sdk("shared", "ContractV2"),
  ContractV1: sdk("shared", "Contract"),
  Created: sdk("v1/contracts/contracts", "ContractCreateResponse"),
  Edited: sdk("v2/contracts", "ContractEditResponse"),
  History: sdk("v2/contracts", "ContractGetEditHistoryResponse"),
  Rate: sdk("v1/contracts/contracts", "ContractRetrieveRateScheduleResponse.Data"),
  Quantities: sdk("v1/contracts/contracts", "ContractRetrieveSubscriptionQuantityHistoryResponse"),
  Seats: sdk("v1/contracts/contracts", "ContractGetSubscriptionSeatsHistoryResponse"),
  Package: sdk("v1/packages", "PackageRetrieveResponse.Data"),
  OnPackage: sdk("v1/packages", "PackageListContractsOnPackageResponse"),
  Named: sdk("v1/contracts/named-schedules", "NamedScheduleRetrieveResponse"),
});
const declared = (name, value) => (assert.deepEqual(faultsOf(name, value), []), value);

let server, client, made = 0, products, card;
const all = async (pages) => {
  const items = [];
  for await (const item of pages) items.push(item);
  return items;
};
const customerOf = async () => (await client.v1.customers.create({ name: `customer ${++made}`, ingest_aliases: [`customer-${made}`] })).data.id;
const year = { starting_at: now, ending_before: "2027-04-01T00:00:00Z" };
const access = (amount) => ({ schedule_items: [{ amount, ...year }] });

before(async () => {
  server = await serverAt("2026-03-31T12:00:00Z");
  client = new Metronome({ bearerToken: server.key, baseURL: server.url, maxRetries: 0 });
  const { data: { id: metric } } = await client.v1.billableMetrics.create({ name: "Calls", aggregation_type: "SUM", aggregation_key: "calls", event_type_filter: { in_values: ["call"] }, group_keys: [["user"], ["project", "user"]] });
  await server.filled(metric);
  const product = async (body) => (await client.v1.contracts.products.create(body)).data.id;
  products = {
    calls: await product({ name: "Calls", type: "USAGE", billable_metric_id: metric, presentation_group_key: ["user"], tags: ["usage"] }),
    seats: await product({ name: "Seats", type: "SUBSCRIPTION" }),
    fixed: await product({ name: "Deposit", type: "FIXED" }),
    work: await product({ name: "Work", type: "PROFESSIONAL_SERVICE" }),
  };
  card = (await client.v1.contracts.rateCards.create({ name: "Standard", aliases: [{ name: "standard" }] })).data.id;
  const rate = { starting_at: "2025-01-01T00:00:00Z", entitled: true };
  await client.v1.contracts.rateCards.rates.addMany({ rate_card_id: card, rates: [
    { ...rate, product_id: products.calls, rate_type: "FLAT", price: 2, commit_rate: { rate_type: "FLAT", price: 1 } },
    { ...rate, product_id: products.seats, rate_type: "FLAT", price: 3000, billing_frequency: "MONTHLY" },
  ] });
  await server.clock(now);
});
after(() => server.stop());

/** A contract that says everything, by lower-case enum values here and there. */
const everything = (customer_id) => ({
  customer_id, ...year, rate_card_alias: "standard", name: "All", net_payment_terms_days: 30, uniqueness_key: `all-${customer_id}`, custom_fields: { team: "x" },
  usage_statement_schedule: { frequency: "MONTHLY", day: "FIRST_OF_MONTH" }, multiplier_override_prioritization: "EXPLICIT", scheduled_charges_on_usage_invoices: "ALL",
  total_contract_value: 1234.5, salesforce_opportunity_id: "006", netsuite_sales_order_id: "SO-1",
  commits: [
    { type: "prepaid", product_id: products.fixed, name: "Annual", priority: 10, temporary_id: "annual", rate_type: "COMMIT_RATE", rollover_fraction: 0.5, applicable_product_tags: ["usage"],
      access_schedule: access(1000), spend_tracker_attributes: { counts_as_discounted: true }, description: "for the year", custom_fields: { a: "b" },
      invoice_schedule: { recurring_schedule: { amount: 800, amount_distribution: "DIVIDED", frequency: "QUARTERLY", ...year } } },
    { type: "POSTPAID", product_id: products.fixed, access_schedule: access(500), invoice_schedule: { schedule_items: [{ timestamp: year.ending_before, unit_price: 250, quantity: 2 }] }, specifiers: [{ product_id: products.calls, presentation_group_values: { user: "ann" } }] },
  ],
  credits: [{ product_id: products.fixed, access_schedule: access(70), applicable_product_ids: [products.calls], hierarchy_configuration: { child_access: { type: "NONE" } } }],
  recurring_commits: [{ product_id: products.fixed, priority: 20, starting_at: now, access_amount: { credit_type_id: usd, unit_price: 10, quantity: 10 }, invoice_amount: { credit_type_id: usd, unit_price: 9, quantity: 10 },
    commit_duration: { value: 2, unit: "PERIODS" }, temporary_id: "monthly", proration: "NONE", proration_rounding: { access: { decimal_places: 0, rounding_method: "HALF_UP" } } }],
  recurring_credits: [{ product_id: products.fixed, priority: 5, starting_at: now, access_amount: { credit_type_id: usd, unit_price: 100 }, commit_duration: { value: 1 },
    subscription_config: { subscription_id: "seats", apply_seat_increase_config: { is_prorated: true }, allocation: "INDIVIDUAL" } }],
  subscriptions: [
    { temporary_id: "seats", collection_schedule: "ADVANCE", subscription_rate: { product_id: products.seats, billing_frequency: "MONTHLY" }, proration: { is_prorated: true, invoice_behavior: "BILL_IMMEDIATELY" },
      quantity_management_mode: "SEAT_BASED", seat_config: { seat_group_key: "user", initial_seat_ids: ["ann", "bob"], initial_unassigned_seats: 1 }, billing_cycle_config: { invoice_placement: "ON_SCHEDULED_INVOICE" } },
    { collection_schedule: "ARREARS", subscription_rate: { product_id: products.seats, billing_frequency: "monthly" }, proration: { rounding: { decimal_places: -2, rounding_method: "FLOOR" } }, initial_quantity: 3, name: "Desks", custom_fields: { c: "d" } },
  ],
  overrides: [
    { starting_at: now, product_id: products.calls, type: "overwrite", overwrite_rate: { rate_type: "TIERED", tiers: [{ size: 10, price: 1.5 }, { price: 1 }] } },
    { starting_at: now, ending_before: "2026-10-01T00:00:00Z", applicable_product_tags: ["usage"], type: "MULTIPLIER", multiplier: 0.9, priority: 1 },
    { starting_at: now, type: "TIERED", priority: 2, tiers: [{ multiplier: 0.9, size: 100 }, { multiplier: 0.8 }], override_specifiers: [{ product_id: products.calls }] },
    { starting_at: now, type: "MULTIPLIER", multiplier: 0.5, priority: 3, is_commit_specific: true, target: "COMMIT_RATE",
      override_specifiers: [{ product_id: products.calls, commit_ids: ["annual"] }, { product_tags: ["usage"], any_commit_or_credit_ids: ["monthly"] }] },
    { starting_at: now, product_id: products.seats, entitled: true },
  ],
  scheduled_charges: [{ product_id: products.fixed, name: "Setup", schedule: { schedule_items: [{ timestamp: now, unit_price: 50, quantity: 2 }] } }],
  discounts: [{ product_id: products.fixed, name: "Friends", schedule: { schedule_items: [{ timestamp: now, amount: 30 }] } }],
  professional_services: [{ product_id: products.work, max_amount: 10000, quantity: 10, unit_price: 1000, description: "by the hour" }],
  spend_trackers: [{ alias: "tracker", credit_type_id: usd, reset_frequency: "BILLING_PERIOD", applicable_spend_specifiers: [{ spend_type: "COMMIT_PURCHASE", sources: ["THRESHOLD_RECHARGE", "MANUAL"], discounted: "DISCOUNTED_ONLY" }] }],
  prepaid_balance_threshold_configuration: { is_enabled: false, threshold_amount: 1000, recharge_to_amount: 5000, commit: { product_id: products.fixed, name: "Top up", applicable_product_tags: ["usage"] }, payment_gate_config: { payment_gate_type: "EXTERNAL" },
    discount_configuration: { payment_fraction: 0.9, cap: { amount: 100, spend_tracker_alias: "tracker" } },
    threshold_balance_specifiers: [{ exclude: [{ custom_field_filters: [{ entity: "Commit", key: "kind", value: "gift" }] }] }] },
  spend_threshold_configuration: { is_enabled: false, threshold_amount: 10000, commit: { product_id: products.fixed }, payment_gate_config: { payment_gate_type: "NONE" } },
  usage_filter: { group_key: "user", group_values: ["ann", "bob"], starting_at: now },
  billing_provider_configuration: { billing_provider: "stripe", delivery_method: "direct_to_billing_provider" },
});

describe("a contract that says everything", () => {
  let customer, contract, body;
  const read = async (more) => declared("ContractV2", (await client.v2.contracts.retrieve({ customer_id: customer, contract_id: contract, ...more })).data);
  before(async () => {
    customer = await customerOf();
    body = everything(customer);
    contract = declared("Created", await client.v1.contracts.create(body)).data.id;
  });

  test("is shown in version 2 as it was said, with ids, names and what follows from it", async () => {
    const c = await read();
    for (const name of ["customer_id", "name", "net_payment_terms_days", "uniqueness_key", "custom_fields", "multiplier_override_prioritization", "scheduled_charges_on_usage_invoices", "total_contract_value", "salesforce_opportunity_id",
      "netsuite_sales_order_id", "billing_provider_configuration"])
      assert.deepEqual(c[name], body[name], name);
    // Of the discounted purchases the first quarter of Annual is invoiced in this month.
    const spent = { amount: 200, period_starting_at: "2026-04-01T00:00:00+00:00", period_ending_before: "2026-05-01T00:00:00+00:00" };
    assert.deepEqual(c.spend_trackers, [{ ...body.spend_trackers[0], accumulated_spend: spent }]);
    assert.equal(c.rate_card_id, card);
    const annual = c.commits.find((m) => m.name === "Annual");
    assert.deepEqual([annual.type, annual.product, annual.cost_basis, annual.rate_type, annual.rollover_fraction, annual.contract], ["PREPAID", { id: products.fixed, name: "Deposit" }, 0.8, "COMMIT_RATE", 0.5, { id: contract }]);
    assert.deepEqual(annual.invoice_schedule.schedule_items.map((i) => [i.timestamp.slice(0, 10), i.amount]), [["2026-04-01", 200], ["2026-07-01", 200], ["2026-10-01", 200], ["2027-01-01", 200]]);
    assert.deepEqual(c.commits.find((m) => m.type === "POSTPAID").specifiers, body.commits[1].specifiers);
    // A grant of the recurring commit, and one for each seat.
    const monthly = c.recurring_commits[0], each = c.recurring_credits[0];
    assert.deepEqual(c.commits.filter((m) => m.recurring_commit_id === monthly.id).map((m) => [m.access_schedule.schedule_items[0].amount, m.created_by]), [[100, undefined]]);
    assert.deepEqual(c.credits.filter((m) => m.recurring_credit_id === each.id).map((m) => m.access_schedule.schedule_items[0].amount), [100, 100]);
    const [seats, desks] = c.subscriptions;
    assert.deepEqual(each.subscription_config, { subscription_id: seats.id, apply_seat_increase_config: { is_prorated: true }, allocation: "INDIVIDUAL" });
    assert.deepEqual([seats.quantity_schedule.map((q) => q.quantity), seats.seat_config, desks.proration], [[3], { seat_group_key: "user" }, { is_prorated: true, invoice_behavior: "BILL_ON_NEXT_COLLECTION_DATE", rounding: { decimal_places: -2, rounding_method: "FLOOR" } }]);
    const [overwrite, multiplier, tiered, specific, entitled] = c.overrides;
    assert.deepEqual([overwrite.overwrite_rate.tiers, multiplier.multiplier, tiered.override_tiers, entitled.entitled, entitled.product], [[{ size: 10, price: 1.5 }, { price: 1 }], 0.9, [{ multiplier: 0.9, size: 100 }, { multiplier: 0.8 }], true, { id: products.seats, name: "Seats" }]);
    assert.deepEqual(specific.override_specifiers, [{ product_id: products.calls, commit_ids: [annual.id] }, { product_tags: ["usage"], any_commit_or_credit_ids: [monthly.id] }]);
    assert.deepEqual(c.usage_filter.map((f) => [f.group_key, f.group_values]), [["user", ["ann", "bob"]]]);
    const { priority, ...topUp } = c.prepaid_balance_threshold_configuration.commit;
    assert.deepEqual({ ...c.prepaid_balance_threshold_configuration, commit: topUp }, body.prepaid_balance_threshold_configuration);
    assert.equal(priority, 100);
  });

  test("is shown in version 1, as it was made and as it is, and in both lists", async () => {
    const { data } = await client.v1.contracts.retrieve({ customer_id: customer, contract_id: contract });
    declared("ContractV1", data);
    assert.deepEqual([data.initial.commits.length, data.current.overrides[0].rate_type, data.current.usage_filter.initial.group_key], [2, "TIERED", "user"]);
    for (const one of (await client.v1.contracts.list({ customer_id: customer })).data) declared("ContractV1", one);
    const list = (await client.v2.contracts.list({ customer_id: customer, covering_date: "2026-05-01T00:00:00Z" })).data;
    assert.deepEqual(list.map((one) => declared("ContractV2", one).id), [contract]);
    assert.deepEqual((await client.v2.contracts.list({ customer_id: customer, starting_at: "2026-05-01T00:00:00Z" })).data, []);
  });

  test("shows balances and ledgers when they are asked for", async () => {
    const annual = (await read({ include_balance: true, include_ledgers: true })).commits.find((m) => m.name === "Annual");
    assert.deepEqual([annual.balance, annual.ledger.map((e) => [e.type, e.amount])], [1000, [["PREPAID_COMMIT_SEGMENT_START", 1000]]]);
    assert.equal((await read()).commits[0].balance, undefined);
    await assert.rejects(read({ as_of_date: now, include_ledgers: true }), refused(400, "/as_of_date"));
  });

  test("has a price list with what overrides make of the card", async () => {
    const ids = { customer_id: customer, contract_id: contract }, at = "2026-04-15T00:00:00Z";
    const first = await client.v1.contracts.retrieveRateSchedule({ ...ids, at, limit: 1 });
    const rest = await client.v1.contracts.retrieveRateSchedule({ ...ids, at, limit: 1, next_page: first.next_page });
    assert.deepEqual([first.data.length, rest.data.length, rest.next_page], [1, 1, null]);
    const [calls, seats] = [...first.data, ...rest.data].map((rate) => declared("Rate", rate));
    assert.deepEqual([calls.list_rate.price, calls.override_rate.rate_type, calls.commit_rate.price, calls.rate_card_id], [2, "TIERED", 1, card]);
    assert.deepEqual([seats.list_rate.price, seats.override_rate, seats.billing_frequency], [3000, undefined, "MONTHLY"]);
    const selected = await client.v1.contracts.retrieveRateSchedule({ ...ids, selectors: [{ billing_frequency: "MONTHLY" }] });
    assert.deepEqual(selected.data.map((rate) => rate.product_id), [products.seats]);
  });

  test("is edited in every way; the history tells each, and the contract is what it was before", async () => {
    const c = await read(), [seats, desks] = c.subscriptions, annual = c.commits.find((m) => m.name === "Annual");
    const ids = { customer_id: customer, contract_id: contract };
    await server.clock("2026-04-10T00:00:00Z");
    const first = declared("Edited", await client.v2.contracts.edit({
      ...ids, uniqueness_key: `edit-${contract}`, update_contract_name: "Some", update_net_payment_terms_days: 10,
      add_commits: [{ type: "PREPAID", product_id: products.fixed, name: "More", access_schedule: access(5) }], add_credits: [{ product_id: products.fixed, name: "Gift", access_schedule: access(6) }],
      add_overrides: [{ starting_at: now, product_id: products.seats, multiplier: 0.5, priority: 9 }], add_discounts: [{ product_id: products.fixed, schedule: { schedule_items: [{ timestamp: year.ending_before, amount: 1 }] } }],
      add_scheduled_charges: [{ product_id: products.fixed, schedule: { schedule_items: [{ timestamp: "2026-12-01T00:00:00Z", amount: 1 }] } }], add_professional_services: [{ product_id: products.work, max_amount: 1, quantity: 1, unit_price: 1 }],
      add_subscriptions: [{ collection_schedule: "ARREARS", proration: {}, subscription_rate: { product_id: products.seats, billing_frequency: "MONTHLY" }, initial_quantity: 1, temporary_id: "t" }],
      add_recurring_credits: [{ product_id: products.fixed, priority: 1, starting_at: "2026-05-01T00:00:00Z", access_amount: { credit_type_id: usd, unit_price: 1 }, commit_duration: { value: 1 }, subscription_config: { subscription_id: "t", apply_seat_increase_config: { is_prorated: false } } }],
      add_spend_trackers: [{ alias: "other", credit_type_id: usd, reset_frequency: "BILLING_PERIOD", applicable_spend_specifiers: [{ spend_type: "COMMIT_PURCHASE", sources: ["MANUAL"] }] }],
      update_commits: [{ commit_id: annual.id, priority: null, access_schedule: { update_schedule_items: [{ id: annual.access_schedule.schedule_items[0].id, amount: 1100 }] }, applicable_product_tags: null, rollover_fraction: 0.25 }],
      update_subscriptions: [{ subscription_id: seats.id, seat_updates: { add_seat_ids: [{ seat_ids: ["cid", "dan"], starting_at: "2026-04-20T00:00:00Z" }] } }, { subscription_id: desks.id, quantity_updates: [{ starting_at: "2026-05-01T00:00:00Z", quantity_delta: 2 }] }],
      update_recurring_commits: [{ recurring_commit_id: c.recurring_commits[0].id, access_amount: { quantity: 20 }, proration_rounding: null }],
      update_prepaid_balance_threshold_configuration: { is_enabled: false, discount_configuration: null }, update_spend_threshold_configuration: { threshold_amount: 20000 },
      remove_overrides: [{ id: c.overrides[4].id }],
    })).data.id;
    await client.v2.contracts.edit({ ...ids, update_contract_end_date: "2027-02-01T00:00:00Z", archive_spend_trackers: ["tracker", "other"], archive_credits: [{ id: (await read()).credits.find((m) => m.name === "Gift").id }], archive_scheduled_charges: [{ id: c.scheduled_charges[0].id }] });
    await client.v2.contracts.editCommit({ customer_id: customer, commit_id: annual.id, name: "Yearly" });
    await assert.rejects(client.v2.contracts.edit({ ...ids, uniqueness_key: `edit-${contract}`, update_contract_name: "again" }), refused(409, "/uniqueness_key"));
    const history = declared("History", await client.v2.contracts.getEditHistory(ids)).data;
    assert.deepEqual([history.length, history[0].id, history[0].uniqueness_key, Date.parse(history[0].timestamp)], [3, first, `edit-${contract}`, Date.parse("2026-04-10T00:00:00Z")]);
    assert.deepEqual([history[0].add_commits[0].name, history[0].add_credits[0].name, history[0].update_commits[0].id, history[0].update_commits[0].priority, history[0].remove_overrides], ["More", "Gift", annual.id, null, [{ id: c.overrides[4].id }]]);
    assert.deepEqual([history[2].update_commits, Date.parse(history[1].update_contract_end_date)], [[{ id: annual.id, name: "Yearly" }], Date.parse("2027-02-01T00:00:00Z")]);
    const after = await read();
    assert.deepEqual([after.name, after.net_payment_terms_days, after.subscriptions.length, after.overrides.length, Date.parse(after.ending_before)], ["Some", 10, 3, 5, Date.parse("2027-02-01T00:00:00Z")]);
    assert.deepEqual(after.subscriptions[0].quantity_schedule.map((q) => q.quantity), [3, 4]); // one of two seats was unassigned
    assert.equal(after.recurring_commits[0].access_amount.quantity, 20);
    assert.equal((await read({ as_of_date: "2026-04-05T00:00:00Z" })).name, "All");
  });

  test("tells what its subscriptions had", async () => {
    const subscription_id = (await read()).subscriptions[0].id, ids = { customer_id: customer, contract_id: contract, subscription_id };
    await server.clock("2026-04-25T00:00:00Z");
    const { history } = declared("Quantities", await client.v1.contracts.retrieveSubscriptionQuantityHistory(ids)).data;
    assert.deepEqual(history.map((h) => h.data), [[{ quantity: 3, unit_price: 1500, total: 4500 }], [{ quantity: 4, unit_price: 1500, total: 6000 }]]);
    const page = declared("Seats", await client.v1.contracts.getSubscriptionSeatsHistory({ ...ids, limit: 1 }));
    assert.deepEqual([page.data[0].assigned_seat_ids, page.data[0].total_quantity], [["ann", "bob"], 3]);
    const next = declared("Seats", await client.v1.contracts.getSubscriptionSeatsHistory({ ...ids, cursor: page.next_page }));
    assert.deepEqual([next.data.map((s) => s.assigned_seat_ids), next.next_page], [[["ann", "bob", "cid", "dan"]], null]);
  });

  test("ends and is archived", async () => {
    const ids = { customer_id: customer, contract_id: contract };
    await client.v1.contracts.setUsageFilter({ ...ids, group_key: "user", group_values: ["cid"], starting_at: "2026-05-01T00:00:00Z" });
    assert.deepEqual((await client.v1.contracts.updateEndDate({ ...ids, ending_before: "2026-12-01T00:00:00Z" })).data, { id: contract });
    assert.equal(Date.parse((await read()).ending_before), Date.parse("2026-12-01T00:00:00Z"));
    assert.deepEqual((await client.v1.contracts.archive({ ...ids, void_invoices: true })).data, { id: contract });
    assert.deepEqual((await client.v2.contracts.list({ customer_id: customer })).data, []);
    const [archived] = (await client.v2.contracts.list({ customer_id: customer, include_archived: true, include_balance: true })).data;
    assert.ok([...archived.commits, ...archived.credits].every((m) => m.archived_at && m.balance === 0));
    await assert.rejects(client.v2.contracts.edit({ ...ids, update_contract_name: "late" }), refused(409, "/contract_id"));
  });
});

describe("what a contract cannot be", () => {
  test("is refused with its place, and nothing is made", async () => {
    const customer_id = await customerOf(), ok = { customer_id, ...year, rate_card_id: card };
    const commit = { type: "PREPAID", product_id: products.fixed, access_schedule: access(5) };
    for (const [terms, status, field] of [
      [{ commits: [{ ...commit, type: "BOTH" }] }, 400, "/commits/0/type"],
      [{ commits: [{ ...commit, product_id: undefined }] }, 400, "/commits/0/product_id"],
      [{ commits: [{ ...commit, product_id: products.calls }] }, 400, "/commits/0/product_id"],
      [{ credits: [{ ...commit, access_schedule: { schedule_items: [{ amount: 5, starting_at: now }] } }] }, 400, "/credits/0/access_schedule/schedule_items/0/ending_before"],
      [{ commits: [commit, { ...commit, invoice_schedule: { schedule_items: [{ timestamp: "soon", amount: 5 }] } }] }, 400, "/commits/1/invoice_schedule/schedule_items/0/timestamp"],
      [{ overrides: [{ starting_at: now, product_id: products.calls, overwrite_rate: { rate_type: "FLAT" } }] }, 400, "/overrides/0/overwrite_rate/price"],
      [{ subscriptions: [{ collection_schedule: "ADVANCE", proration: {}, subscription_rate: { product_id: products.seats, billing_frequency: "DAILY" }, initial_quantity: 1 }] }, 400, "/subscriptions/0/subscription_rate/billing_frequency"],
      [{ transition: { type: "RENEWAL", from_contract_id: "none" } }, 404, "/transition/from_contract_id"],
      [{ hierarchy_configuration: { parent: { customer_id: "none", contract_id: "none" } } }, 404, "/hierarchy_configuration/parent/contract_id"],
      [{ hierarchy_configuration: { payer: "PARENT" } }, 400, "/hierarchy_configuration/parent"],
      [{ reseller_royalties: [{ reseller_type: "AWS" }] }, 501, "/reseller_royalties"],
      [{ revenue_system_configuration: { provider: "netsuite" } }, 501, "/revenue_system_configuration"],
      [{ package_id: "none" }, 400, "/package_id"],
    ])
      await assert.rejects(client.v1.contracts.create({ ...ok, ...terms }), refused(status, field), JSON.stringify(terms));
    assert.deepEqual((await client.v2.contracts.list({ customer_id })).data, []);
    await assert.rejects(client.v2.contracts.retrieve({ customer_id, contract_id: "none" }), refused(404, "/contract_id"));
  });
});

describe("packages", () => {
  test("are read as they were sent, with ids, and make contracts that are listed", async () => {
    const months = (value) => ({ unit: "MONTHS", value });
    const { data: { id } } = await client.v1.packages.create({
      name: "Starter", aliases: [{ name: "starter" }], contract_name: "By plan", duration: { unit: "YEARS", value: 1 }, rate_card_alias: "standard", usage_statement_schedule: { frequency: "MONTHLY", day: "CONTRACT_START" },
      commits: [{ type: "PREPAID", product_id: products.fixed, temporary_id: "c", access_schedule: { schedule_items: [{ amount: 100, starting_at_offset: months(0), duration: months(6) }] }, invoice_schedule: { schedule_items: [{ date_offset: months(1), unit_price: 10, quantity: 9 }] } }],
      credits: [{ product_id: products.fixed, access_schedule: { schedule_items: [{ amount: 5, starting_at_offset: months(0), duration: months(1) }] } }],
      overrides: [{ starting_at_offset: months(0), duration: months(3), type: "MULTIPLIER", multiplier: 0.5, is_commit_specific: true, override_specifiers: [{ product_id: products.calls, commit_ids: ["c"] }] },
        { starting_at_offset: months(0), type: "OVERWRITE", overwrite_rate: { rate_type: "FLAT", price: 1 }, override_specifiers: [{ product_id: products.calls }] }],
      recurring_credits: [{ product_id: products.fixed, priority: 1, starting_at_offset: months(0), access_amount: { credit_type_id: usd, unit_price: 1 }, commit_duration: { value: 1 }, subscription_config: { subscription_id: "s", apply_seat_increase_config: { is_prorated: true }, allocation: "POOLED" } }],
      subscriptions: [{ temporary_id: "s", collection_schedule: "ADVANCE", proration: { is_prorated: true, invoice_behavior: "BILL_IMMEDIATELY" }, subscription_rate: { product_id: products.seats, billing_frequency: "MONTHLY" }, initial_quantity: 2 }],
      scheduled_charges: [{ product_id: products.fixed, name: "Setup", schedule: { schedule_items: [{ date_offset: months(0), unit_price: 7, quantity: 1 }] } }],
    });
    const { data } = await client.v1.packages.retrieve({ package_id: id });
    declared("Package", data);
    assert.deepEqual([data.commits[0].product, data.overrides[0].override_specifiers[0].commit_template_ids, data.recurring_credits[0].subscription_config.subscription_template_id],
      [{ id: products.fixed, name: "Deposit" }, [data.commits[0].id], data.subscriptions[0].id]);
    assert.ok((await all(client.v1.packages.list({ limit: 1 }))).map((p) => declared("Package", p).id).includes(id));
    const customer_id = await customerOf();
    const { data: { id: contract_id } } = await client.v1.contracts.create({ customer_id, starting_at: "2026-05-01T00:00:00Z", package_alias: "starter", uniqueness_key: "of-package" });
    const contract = declared("ContractV2", (await client.v2.contracts.retrieve({ customer_id, contract_id })).data);
    assert.deepEqual([contract.name, contract.package_id, Date.parse(contract.ending_before), Date.parse(contract.commits[0].access_schedule.schedule_items[0].ending_before)], ["By plan", id, Date.parse("2027-05-01T00:00:00Z"), Date.parse("2026-11-01T00:00:00Z")]);
    const on = await all(client.v1.packages.listContractsOnPackage({ package_id: id }));
    assert.deepEqual(on.map((c) => declared("OnPackage", c).contract_id), [contract_id]);
    assert.deepEqual((await client.v1.packages.archive({ package_id: id })).data, { id });
    await assert.rejects(client.v1.contracts.create({ customer_id, starting_at: "2026-05-01T00:00:00Z", package_id: id }), refused(409, "/package_id"));
    assert.ok(!(await all(client.v1.packages.list())).some((p) => p.id === id));
    assert.ok((await all(client.v1.packages.list({ archive_filter: "ARCHIVED" }))).some((p) => p.id === id));
  });
});

describe("named schedules", () => {
  test("of a rate card, a contract and a customer", async () => {
    const customer_id = await customerOf(), contract_id = (await client.v1.contracts.create({ customer_id, ...year, rate_card_id: card })).data.id;
    // The SDK has the names of the first two the other way round.
    for (const [schedules, ids] of [[client.v1.contracts.namedSchedules, { rate_card_id: card }], [client.v1.contracts.rateCards.namedSchedules, { customer_id, contract_id }], [client.v1.customers.namedSchedules, { customer_id }]]) {
      const named = { ...ids, schedule_name: "plan" };
      await schedules.update({ ...named, starting_at: now, value: { tier: "gold" } });
      await schedules.update({ ...named, starting_at: "2026-06-01T00:00:00Z", ending_before: "2026-07-01T00:00:00Z", value: "silver" });
      const values = declared("Named", await schedules.retrieve(named)).data;
      assert.deepEqual(values.map((v) => [v.starting_at.slice(5, 10), v.ending_before?.slice(5, 10), v.value]), [["04-01", "06-01", { tier: "gold" }], ["06-01", "07-01", "silver"], ["07-01", undefined, { tier: "gold" }]]);
      assert.deepEqual((await schedules.retrieve({ ...named, covering_date: "2026-06-15T00:00:00Z" })).data.map((v) => v.value), ["silver"]);
    }
  });
});
