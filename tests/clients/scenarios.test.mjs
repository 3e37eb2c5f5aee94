// Whole deals through the official SDK on the test clock: from price to invoice, with every sum written out. Amounts are cents.
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import Metronome from "@metronome/sdk";
import { serverAt } from "./server.mjs";

const usd = "2714e483-4ff1-48e4-9e25-ac732e8f24f2";
let server, client, deal;
before(async () => {
  server = await serverAt("2026-01-01T00:00:00Z");
  client = new Metronome({ bearerToken: server.key, baseURL: server.url, maxRetries: 0 });
});
after(() => server.stop());

const day = (text) => (text.length > 10 ? text : `${text}T00:00:00Z`);
const span = (starting_at, ending_before) => ({ starting_at: day(starting_at), ...(ending_before && { ending_before: day(ending_before) }) });
const access = (amount, from, to) => ({ schedule_items: [{ amount, ...span(from, to) }] });
const flat = (price, more) => ({ starting_at: "2026-01-01T00:00:00Z", entitled: true, rate_type: "FLAT", price, ...more });

/** One customer with one contract, its catalogue, and what can be asked of it. */
class Deal {
  #sent = 0;
  product = {};

  static async at(now) {
    await server.reset(now);
    const made = new Deal();
    made.metric = (await client.v1.billableMetrics.create({ name: "Units", aggregation_type: "SUM", aggregation_key: "n", event_type_filter: { in_values: ["u"] }, property_filters: [{ name: "n", exists: true }], group_keys: [["model"]] })).data.id;
    made.card = (await client.v1.contracts.rateCards.create({ name: "Standard" })).data.id;
    made.customer = await made.newCustomer("acme");
    return made;
  }
  newCustomer = async (alias) => (await client.v1.customers.create({ name: alias, ingest_aliases: [alias] })).data.id;
  async make(name, type = "USAGE", more = {}) {
    this.product[name] = (await client.v1.contracts.products.create({ name, type, ...(type === "USAGE" && { billable_metric_id: this.metric }), ...more })).data.id;
    return this.product[name];
  }
  rate = (name, rate) => client.v1.contracts.rateCards.rates.addMany({ rate_card_id: this.card, rates: [{ product_id: this.product[name], ...rate }] });
  async sign(terms, customer_id = this.customer) {
    this.contract = (await client.v1.contracts.create({ customer_id, rate_card_id: this.card, usage_statement_schedule: { frequency: "MONTHLY", day: "FIRST_OF_MONTH" }, ...terms })).data.id;
    return this.contract;
  }
  edit = (terms) => client.v2.contracts.edit({ customer_id: this.customer, contract_id: this.contract, ...terms });
  async use(at, n, properties = {}, customer_id = "acme") {
    const event = { transaction_id: `e${++this.#sent}`, customer_id, event_type: "u", timestamp: day(at), properties: { n: String(n), ...properties } };
    await client.v1.usage.ingest({ usage: [event] });
    await server.counted();
  }
  clock = (at) => server.clock(day(at));

  /** The one invoice that `query` finds. */
  async lines(query, customer_id = this.customer) {
    const invoices = await this.invoices(query, customer_id);
    assert.equal(invoices.length, 1, JSON.stringify(invoices.map((i) => [i.type, i.status, i.start_timestamp, i.total])));
    return invoices[0];
  }
  /** Invoices in the order in which they are issued, each with its lines as "name: quantity x price = total" and its total as `text`. */
  async invoices(query = {}, customer_id = this.customer) {
    const found = [];
    for await (const invoice of client.v1.customers.invoices.list({ customer_id, skip_zero_qty_line_items: true, sort: "date_asc", ...query })) found.push(invoice);
    return found.filter((i) => !query.month || i.start_timestamp?.startsWith(query.month)).map((i) => Object.assign(i, { text: [...i.line_items.map(said).sort(), `total ${i.total}`] }));
  }
  april = (status) => this.lines({ type: "USAGE", status, month: "2026-04" });
  async ledger(name) {
    const { data } = await client.v1.contracts.listBalances({ customer_id: this.customer, include_balance: true, include_ledgers: true, include_contract_balances: true, include_archived: true });
    return data.filter((b) => (b.name ?? b.product.name) === name).map((b) => ({ balance: b.balance, entries: b.ledger.map((e) => `${e.timestamp.slice(5, 10)} ${e.type.replace(/^(PREPAID_COMMIT|POSTPAID_COMMIT|CREDIT)_/, "")} ${e.amount}`) }));
  }
  balance = async (more) => (await client.v1.contracts.getNetBalance({ customer_id: this.customer, ...more })).data.balance;
}
const said = (line) => (line.type === "applied_commit_or_credit" ? `${line.name} = ${line.total}` : `${line.name}: ${line.quantity} x ${line.unit_price} = ${line.total}`);

describe("overrides", () => {
  beforeEach(async () => {
    deal = await Deal.at("2026-03-31T12:00:00Z");
    await deal.make("Fast", "USAGE", { tags: ["llm", "fast"], pricing_group_key: ["model"] });
    await deal.rate("Fast", flat(100, { pricing_group_values: { model: "a" } }));
  });
  const tagged = (multiplier, more) => ({ starting_at: day("2026-04-01"), type: "MULTIPLIER", multiplier, applicable_product_tags: ["llm"], ...more });
  const overwrite = { starting_at: day("2026-04-20"), type: "OVERWRITE", override_specifiers: [{ product_id: "", pricing_group_values: { model: "a" } }], overwrite_rate: { rate_type: "FLAT", price: 70 } };
  const contract = (more) => deal.sign({ ...span("2026-04-01"), overrides: [tagged(0.9, { priority: 1 }), tagged(0.8, { priority: 2, ending_before: day("2026-04-16") }),
    { ...overwrite, override_specifiers: [{ product_id: deal.product.Fast, pricing_group_values: { model: "a" } }] }], ...more });
  const use = async () => {
    await deal.clock("2026-04-25");
    for (const at of ["2026-04-05", "2026-04-17", "2026-04-21"]) await deal.use(at, 10, { model: "a" });
  };

  test("the lowest multiplier counts, none stacks, and an overwrite beats them", async () => {
    await contract();
    await use();
    // Apr 1–16: 10 x 80; to the 20th, when the 0.8 is over: 10 x 90; then 10 x 70.
    assert.deepEqual((await deal.april("DRAFT")).text, ["Fast: 10 x 70 = 700", "Fast: 10 x 80 = 800", "Fast: 10 x 90 = 900", "total 2400"]);
  });

  test("by priority the first one counts, though another is lower", async () => {
    await contract({ multiplier_override_prioritization: "EXPLICIT" });
    await use();
    // 0.9 has priority 1 until the 20th: 20 x 90 = 1,800, in one line or two; then 10 x 70.
    const { total, text } = await deal.april("DRAFT");
    assert.equal(total, 2500);
    assert.ok(text.includes("Fast: 10 x 70 = 700"), text.join());
  });
});

describe("an edit in the middle of a month", () => {
  beforeEach(async () => {
    deal = await Deal.at("2026-03-31T12:00:00Z");
    await deal.make("Calls");
    await deal.rate("Calls", flat(100));
    await deal.sign(span("2026-04-01"));
    await deal.clock("2026-04-10");
    await deal.use("2026-04-05", 10);
  });

  test("prices what lies behind its date, keeps its price when the list changes, and is the price of a regenerated invoice", async () => {
    const other = await deal.newCustomer("other");
    await deal.sign(span("2026-04-01"), other);
    deal.contract = (await client.v2.contracts.list({ customer_id: deal.customer })).data[0].id;
    await deal.clock("2026-04-18");
    await deal.edit({ add_overrides: [{ starting_at: day("2026-04-16"), product_id: deal.product.Calls, type: "OVERWRITE", overwrite_rate: { rate_type: "FLAT", price: 80 } }] });
    await deal.use("2026-04-17", 20);
    // 10 x 100 before the 16th, 20 x 80 from then on.
    assert.deepEqual((await deal.april("DRAFT")).text, ["Calls: 10 x 100 = 1000", "Calls: 20 x 80 = 1600", "total 2600"]);
    await deal.rate("Calls", flat(120, { starting_at: day("2026-05-01") }));
    await deal.clock("2026-05-03");
    const final = await deal.april("FINALIZED");
    assert.equal(final.total, 2600);
    await deal.use("2026-05-02", 5);
    await deal.use("2026-05-02", 5, {}, "other");
    const may = { type: "USAGE", status: "DRAFT", month: "2026-05" };
    assert.deepEqual([(await deal.lines(may)).total, (await deal.lines(may, other)).total], [400, 600]);
    // An edit that reaches back changes nothing that is final, until it is voided and made anew: 30 x 50.
    await deal.edit({ add_overrides: [{ starting_at: day("2026-04-01"), ending_before: day("2026-05-01"), product_id: deal.product.Calls, type: "OVERWRITE", overwrite_rate: { rate_type: "FLAT", price: 50 } }] });
    assert.equal((await deal.april("FINALIZED")).total, 2600);
    await client.v1.invoices.void({ id: final.id });
    const { data } = await client.v1.invoices.regenerate({ id: final.id });
    const again = await deal.april("FINALIZED");
    assert.deepEqual([again.id, again.total, again.regenerated_from_invoice_id], [data.id, 1500, final.id]);
    assert.equal((await deal.april("VOID")).id, final.id);
  });
});

describe("two commits", () => {
  test("burn by priority; what is left at the end of the first expires", async () => {
    deal = await Deal.at("2026-03-31T12:00:00Z");
    await deal.make("Calls");
    await deal.make("Deposit", "FIXED");
    await deal.rate("Calls", flat(10));
    const commit = (name, priority, amount, to) => ({ type: "PREPAID", product_id: deal.product.Deposit, name, priority, access_schedule: access(amount, "2026-04-01", to) });
    await deal.sign({ ...span("2026-04-01", "2026-07-01"), commits: [commit("Short", 1, 1000, "2026-04-16"), commit("Long", 2, 1500, "2026-07-01")] });
    await deal.clock("2026-04-25");
    await deal.use("2026-04-10", 60); // 600 from Short, 400 of it expires on the 16th
    await deal.use("2026-04-20", 200); // 2,000: 1,500 from Long, 500 to pay
    assert.deepEqual((await deal.april("DRAFT")).text, ["Calls: 150 x 10 = 1500", "Calls: 50 x 10 = 500", "Calls: 60 x 10 = 600", "Long applied = -1500", "Short applied = -600", "total 500"]);
    await deal.clock("2026-05-03");
    assert.equal((await deal.april("FINALIZED")).total, 500);
    assert.deepEqual(await deal.ledger("Short"), [{ balance: 0, entries: ["04-01 SEGMENT_START 1000", "04-16 AUTOMATED_INVOICE_DEDUCTION -600", "04-16 EXPIRATION -400"] }]);
    assert.deepEqual(await deal.ledger("Long"), [{ balance: 0, entries: ["04-01 SEGMENT_START 1500", "05-01 AUTOMATED_INVOICE_DEDUCTION -1500"] }]);
  });

  test("a prepaid one that is not used up expires with its contract", async () => {
    deal = await Deal.at("2026-02-28T12:00:00Z");
    await deal.make("Calls");
    await deal.make("Deposit", "FIXED");
    await deal.rate("Calls", flat(100));
    await deal.sign({ ...span("2026-03-01", "2026-06-01"), commits: [{ type: "PREPAID", product_id: deal.product.Deposit, access_schedule: access(5000, "2026-03-01", "2026-06-01"), invoice_schedule: { schedule_items: [{ timestamp: day("2026-03-01"), amount: 5000 }] } }] });
    await deal.clock("2026-03-20");
    await deal.use("2026-03-04", 30);
    await deal.clock("2026-06-03");
    assert.deepEqual((await deal.invoices()).map((i) => `${i.type} ${i.total}`).sort(), ["SCHEDULED 5000", "USAGE 0", "USAGE 0", "USAGE 0"]);
    assert.deepEqual(await deal.ledger("Deposit"), [{ balance: 0, entries: ["03-01 SEGMENT_START 5000", "04-01 AUTOMATED_INVOICE_DEDUCTION -3000", "06-01 EXPIRATION -2000"] }]);
  });
});

describe("credits, true-ups and top-ups", () => {
  const plain = async (now, price) => {
    deal = await Deal.at(now);
    await deal.make("Calls");
    await deal.make("Deposit", "FIXED");
    await deal.rate("Calls", flat(price));
  };

  test("a monthly credit from the 16th is half a credit first, and each month's rest expires", async () => {
    await plain("2026-04-15T12:00:00Z", 1);
    await deal.sign({ ...span("2026-04-16", "2026-07-01"), recurring_credits: [{ product_id: deal.product.Deposit, name: "Gift", priority: 1, starting_at: day("2026-04-16"), access_amount: { credit_type_id: usd, unit_price: 1, quantity: 1000 }, commit_duration: { value: 1, unit: "PERIODS" } }] });
    await deal.clock("2026-04-20");
    await deal.use("2026-04-20", 500);
    await deal.clock("2026-05-20");
    await deal.use("2026-05-20", 1400);
    await deal.clock("2026-07-03");
    assert.deepEqual((await deal.invoices({ type: "USAGE" })).map((i) => [i.start_timestamp.slice(5, 10), i.total]), [["04-16", 0], ["05-01", 400], ["06-01", 0]]);
    assert.deepEqual((await deal.ledger("Gift")).map((l) => l.entries), [
      ["04-16 SEGMENT_START 500", "05-01 AUTOMATED_INVOICE_DEDUCTION -500"],
      ["05-01 SEGMENT_START 1000", "06-01 AUTOMATED_INVOICE_DEDUCTION -1000"],
      ["06-01 SEGMENT_START 1000", "07-01 EXPIRATION -1000"],
    ]);
  });

  test("a postpaid commit is paid as it is used, and the rest at its end", async () => {
    await plain("2026-03-31T12:00:00Z", 1);
    await deal.sign({ ...span("2026-04-01", "2026-07-01"), commits: [{ type: "POSTPAID", product_id: deal.product.Deposit, name: "Promise", access_schedule: access(100_000, "2026-04-01", "2026-07-01"), invoice_schedule: { schedule_items: [{ timestamp: day("2026-07-01"), amount: 100_000 }] } }] });
    const trueUp = async () => (await deal.lines({ type: "SCHEDULED" }));
    assert.deepEqual([(await trueUp()).status, (await trueUp()).total], ["DRAFT", 100_000]);
    for (const [at, n] of [["2026-04-10", 25_000], ["2026-05-10", 30_000], ["2026-06-10", 37_000]]) {
      await deal.clock(at);
      await deal.use(at, n);
    }
    assert.deepEqual([(await trueUp()).status, (await trueUp()).total], ["DRAFT", 8000]); // 100,000 - 92,000
    await deal.clock("2026-07-03");
    assert.deepEqual((await deal.invoices({ type: "USAGE" })).map((i) => i.total), [25_000, 30_000, 37_000]);
    assert.deepEqual([(await trueUp()).status, (await trueUp()).total], ["FINALIZED", 8000]);
    const [ledger] = await deal.ledger("Promise");
    assert.deepEqual(ledger.entries.map((e) => e.slice(6)), ["INITIAL_BALANCE 100000", "AUTOMATED_INVOICE_DEDUCTION -25000", "AUTOMATED_INVOICE_DEDUCTION -30000", "AUTOMATED_INVOICE_DEDUCTION -37000", "TRUEUP -8000"]);
  });

  test("a prepaid balance is topped up whenever it falls to its threshold", async () => {
    await plain("2026-03-31T12:00:00Z", 1);
    await deal.sign({ ...span("2026-04-01"), commits: [{ type: "PREPAID", product_id: deal.product.Deposit, access_schedule: access(10_000, "2026-04-01", "2027-04-01"), invoice_schedule: { schedule_items: [{ timestamp: day("2026-04-01"), amount: 10_000 }] } }],
      prepaid_balance_threshold_configuration: { is_enabled: true, threshold_amount: 2000, recharge_to_amount: 10_000, payment_gate_config: { payment_gate_type: "NONE" }, commit: { product_id: deal.product.Deposit, name: "Top up" } } });
    await deal.clock("2026-04-05");
    await deal.use("2026-04-05", 8200); // 1,800 left: 8,200 to get back to 10,000
    await deal.clock("2026-04-05T01:00:00Z");
    assert.equal(await deal.balance(), 10_000);
    await deal.use("2026-04-05T00:30:00Z", 7999); // 2,001 left: one more than the threshold
    await deal.clock("2026-04-05T02:00:00Z");
    assert.equal(await deal.balance(), 2001);
    await deal.use("2026-04-05T00:30:00Z", 1);
    await deal.clock("2026-04-05T03:00:00Z");
    assert.equal(await deal.balance(), 10_000);
    await deal.clock("2026-05-03");
    assert.deepEqual((await deal.invoices({ status: "FINALIZED" })).map((i) => `${i.type} ${i.total}`).sort(), ["SCHEDULED 10000", "SCHEDULED 8000", "SCHEDULED 8200", "USAGE 0"]);
  });

  test("a pack of custom credits is used up; the rest is converted into money", async () => {
    deal = await Deal.at("2026-03-31T12:00:00Z");
    const { data: { id: unit } } = await server.post("/v1/credit-types/create", { name: "AI credits" });
    deal.card = (await client.v1.contracts.rateCards.create({ name: "Credits", fiat_credit_type_id: usd, credit_type_conversions: [{ custom_credit_type_id: unit, fiat_per_custom_credit: 10 }] })).data.id;
    await deal.make("Calls");
    await deal.make("Pack", "FIXED");
    await deal.rate("Calls", flat(1, { credit_type_id: unit }));
    await deal.sign({ ...span("2026-04-01", "2027-04-01"), commits: [{ type: "PREPAID", product_id: deal.product.Pack, name: "Pack", access_schedule: { credit_type_id: unit, ...access(1000, "2026-04-01", "2027-04-01") }, invoice_schedule: { credit_type_id: usd, schedule_items: [{ timestamp: day("2026-04-01"), amount: 8000 }] } }] });
    await deal.clock("2026-04-10");
    await deal.use("2026-04-10", 1250);
    const { text, line_items } = await deal.april("DRAFT");
    // 1,250 credits - 1,000 of the pack = 250 x 10 cents.
    assert.deepEqual(text.filter((t) => !/to USD|onver/.test(t)).slice(0, -1), ["Calls: 1000 x 1 = 1000", "Calls: 250 x 1 = 250", "Pack applied = -1000"]);
    assert.equal(text.at(-1), "total 2500");
    const converted = line_items.find((l) => l.type === "cpu_conversion");
    assert.deepEqual([converted.total, converted.credit_type.id], [2500, usd]);
    assert.ok(line_items.filter((l) => l.type === "usage").every((l) => l.credit_type.id === unit && l.credit_type.name === "AI credits" && l.list_price.credit_type.name === "AI credits"));
    assert.equal(await deal.balance({ credit_type_id: unit }), 0);
    assert.equal((await deal.lines({ type: "SCHEDULED" })).total, 8000);
  });
});

describe("tiers", () => {
  const tiers = (prices) => ({ starting_at: "2026-01-01T00:00:00Z", entitled: true, rate_type: "TIERED", tiers: prices });
  const sizes = [{ size: 1000, price: 10 }, { size: 9000, price: 8 }, { price: 5 }];
  const priced = async (prices) => {
    deal = await Deal.at("2025-12-31T12:00:00Z");
    await deal.make("Calls");
    await deal.make("Deposit", "FIXED");
    await deal.rate("Calls", tiers(prices));
  };
  const january = () => deal.lines({ type: "USAGE", month: "2026-01" });

  test("the first five are free, the next five a dollar, the rest one and a half", async () => {
    await priced([{ size: 5, price: 0 }, { size: 5, price: 100 }, { price: 150 }]);
    await deal.sign(span("2026-01-01"));
    await deal.clock("2026-01-20");
    await deal.use("2026-01-10", 10); // the bound itself: nothing in the third tier
    assert.deepEqual((await january()).text, ["Calls: 5 x 0 = 0", "Calls: 5 x 100 = 500", "total 500"]);
    await deal.use("2026-01-11", 2);
    assert.deepEqual((await january()).text, ["Calls: 2 x 150 = 300", "Calls: 5 x 0 = 0", "Calls: 5 x 100 = 500", "total 800"]);
  });

  test("a commit that covers part of them leaves the tiers as they are", async () => {
    await priced(sizes);
    await deal.sign({ ...span("2026-01-01"), commits: [{ type: "PREPAID", product_id: deal.product.Deposit, access_schedule: access(50_000, "2026-01-01", "2027-01-01") }] });
    await deal.clock("2026-01-20");
    await deal.use("2026-01-10", 13_000);
    // Covered: 1,000 x 10 and 5,000 x 8 of 9,000; to pay: 4,000 x 8 and 3,000 x 5.
    assert.deepEqual((await january()).text, ["Calls: 1000 x 10 = 10000", "Calls: 3000 x 5 = 15000", "Calls: 4000 x 8 = 32000", "Calls: 5000 x 8 = 40000", "Deposit applied = -10000", "Deposit applied = -40000", "total 47000"]);
  });

  test("go on counting when their prices change in the month", async () => {
    await priced(sizes);
    await deal.rate("Calls", { ...tiers([{ size: 1000, price: 9 }, { size: 9000, price: 7 }, { price: 4 }]), starting_at: day("2026-01-16") });
    await deal.sign(span("2026-01-01"));
    await deal.clock("2026-01-20");
    await deal.use("2026-01-10", 1300);
    await deal.use("2026-01-17", 11_700);
    assert.deepEqual((await january()).text, ["Calls: 1000 x 10 = 10000", "Calls: 300 x 8 = 2400", "Calls: 3000 x 4 = 12000", "Calls: 8700 x 7 = 60900", "total 85300"]);
  });
});

describe("commit rates", () => {
  const of = async (price, commitPrice) => {
    deal = await Deal.at("2026-02-28T12:00:00Z");
    await deal.make("Calls");
    await deal.make("Deposit", "FIXED");
    await deal.rate("Calls", flat(price, { commit_rate: { rate_type: "FLAT", price: commitPrice } }));
    await deal.sign({ ...span("2026-03-01", "2026-06-01"), commits: [{ type: "PREPAID", rate_type: "COMMIT_RATE", product_id: deal.product.Deposit, access_schedule: access(5000, "2026-03-01", "2026-06-01") }] });
    await deal.clock("2026-03-20");
    await deal.use("2026-03-04", 45);
    await deal.use("2026-03-19", 35);
    return (await deal.lines({ type: "USAGE", status: "DRAFT", month: "2026-03" })).text;
  };
  test("hold while the commit lasts", async () => assert.deepEqual(await of(100, 80), ["Calls: 17.5 x 100 = 1750", "Calls: 62.5 x 80 = 5000", "Deposit applied = -5000", "total 1750"]));
  test("with a list price of 0 never bill more than the commit", async () => assert.deepEqual(await of(0, 100), ["Calls: 30 x 0 = 0", "Calls: 50 x 100 = 5000", "Deposit applied = -5000", "total 0"]));
});

describe("seats", () => {
  const seats = async (proration, price = 3000, billing_cycle_config = { invoice_placement: "ON_SCHEDULED_INVOICE" }) => {
    deal = await Deal.at("2026-03-31T12:00:00Z");
    await deal.make("Seats", "SUBSCRIPTION");
    await deal.rate("Seats", flat(price, { billing_frequency: "MONTHLY" }));
    await deal.sign({ ...span("2026-04-01"), subscriptions: [{ collection_schedule: "ADVANCE", subscription_rate: { product_id: deal.product.Seats, billing_frequency: "MONTHLY" }, initial_quantity: 10, proration: { is_prorated: true, invoice_behavior: "BILL_IMMEDIATELY", ...proration }, billing_cycle_config }] });
    const { data } = await client.v2.contracts.retrieve({ customer_id: deal.customer, contract_id: deal.contract });
    deal.more = (at, quantity) => deal.edit({ update_subscriptions: [{ subscription_id: data.subscriptions[0].id, quantity_updates: [{ starting_at: day(at), quantity }] }] });
  };
  const all = async (query) => (await deal.invoices(query)).map((i) => i.text.filter((t) => t !== "total 0"));

  test("more of them in the month are billed with the next collection when the contract says so", async () => {
    await seats({ invoice_behavior: "BILL_ON_NEXT_COLLECTION_DATE" });
    await deal.clock("2026-04-10");
    await deal.more("2026-04-16", 15);
    await deal.clock("2026-04-20");
    assert.deepEqual(await all({ type: "SCHEDULED", status: "FINALIZED" }), [["Seats: 10 x 3000 = 30000", "total 30000"]]);
    await deal.clock("2026-05-02");
    // 15 x 3,000 for May, and 5 x 3,000 x 15/30 for the second half of April.
    assert.deepEqual((await all({ type: "SCHEDULED", status: "FINALIZED" })).at(-1), ["Seats: 15 x 3000 = 45000", "Seats: 5 x 1500 = 7500", "total 52500"]);
  });

  test("are on the usage invoice that ends when they begin, but for the first", async () => {
    await seats({}, 3000, {});
    await deal.clock("2026-05-03");
    assert.deepEqual(await all({ type: "SCHEDULED", status: "FINALIZED" }), [["Seats: 10 x 3000 = 30000", "total 30000"]]);
    assert.deepEqual(await all({ type: "USAGE", status: "FINALIZED" }), [["Seats: 10 x 3000 = 30000", "total 30000"]]);
  });

  for (const [price, unit] of [[3100, 1600], [3000, 1548]])
    test(`a share of the month of ${price} is rounded as the contract says`, async () => {
      await seats({ rounding: { rounding_method: "HALF_UP", decimal_places: 0 } }, price);
      await deal.clock("2026-05-10");
      await deal.more("2026-05-16", 11); // 16 of 31 days are left
      await deal.clock("2026-05-17");
      assert.deepEqual((await all({ type: "SCHEDULED", status: "FINALIZED" })).at(-1), [`Seats: 1 x ${unit} = ${unit}`, `total ${unit}`]);
    });
});

test("a spend threshold bills what is unpaid when it is looked at, not the threshold", async () => {
  deal = await Deal.at("2026-03-31T12:00:00Z");
  await deal.make("Calls");
  await deal.make("Deposit", "FIXED");
  await deal.rate("Calls", flat(1));
  await deal.sign({ ...span("2026-04-01"), spend_threshold_configuration: { is_enabled: true, threshold_amount: 10_000, payment_gate_config: { payment_gate_type: "NONE" }, commit: { product_id: deal.product.Deposit, name: "Usage payment" } } });
  await deal.clock("2026-04-10");
  await deal.use("2026-04-08", 9999);
  await deal.use("2026-04-09", 501); // 10,500
  await deal.clock("2026-04-22");
  await deal.use("2026-04-20", 6000);
  await deal.clock("2026-05-03");
  assert.deepEqual((await deal.invoices({ status: "FINALIZED" })).map((i) => `${i.type} ${i.total}`), ["SCHEDULED 10500", "USAGE 6000"]);
});
