// Credit memos over HTTP: what they credit, whom they give it to, what they hold up, and what the official SDK reads of it.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import Metronome from "@metronome/sdk";
import { declarations } from "./declared.mjs";
import { refused } from "./refused.mjs";
import { serverAt } from "./server.mjs";

const faultsOf = declarations({
  Invoice: 'import("@metronome/sdk/resources/v1/customers/invoices").Invoice',
  Credit: 'import("@metronome/sdk/resources/shared").Credit',
});
const declared = (name, value) => (assert.deepEqual(faultsOf(name, value), []), value);
const usd = "2714e483-4ff1-48e4-9e25-ac732e8f24f2", start = "2026-04-01T00:00:00Z", end = "2027-04-01T00:00:00Z";

let server, client, calls, storage, fixed, card, one, two, three, raced;
before(async () => {
  server = await serverAt(start);
  client = new Metronome({ bearerToken: server.key, baseURL: server.url, maxRetries: 0 });
  const metric = async (event) => {
    const id = (await client.v1.billableMetrics.create({ name: event, aggregation_type: "SUM", aggregation_key: "n", event_type_filter: { in_values: [event] } })).data.id;
    await server.filled(id);
    return id;
  };
  const product = async (name, billable_metric_id) => (await client.v1.contracts.products.create({ name, type: billable_metric_id ? "USAGE" : "FIXED", billable_metric_id })).data.id;
  [calls, storage, fixed] = [await product("Calls", await metric("call")), await product("Storage", await metric("store")), await product("Given back")];
  card = (await client.v1.contracts.rateCards.create({ name: "Prices" })).data.id;
  const rates = [calls, storage].map((product_id, i) => ({ product_id, rate_type: "FLAT", price: [10, 6][i], entitled: true, starting_at: start }));
  await client.v1.contracts.rateCards.rates.addMany({ rate_card_id: card, rates });
  await server.post("/v1/settings", { grace_period_hours: 24, letterhead: { name: "Rechenwerk GmbH", address_lines: ["Hauptstraße 1"] } });
  [one, two, three, raced] = [await billed("one"), await billed("two"), await billed("three"), await billed("raced")];
  await server.clock("2026-05-02T12:30:00Z");
});
after(() => server.stop());

const use = (who, event, n, timestamp) => client.v1.usage.ingest({ usage: [{ transaction_id: `${who} ${event} ${timestamp}`, customer_id: who, event_type: event, timestamp, properties: { n: String(n) } }] });
const invoicesOf = async (customer_id, status) => {
  const items = [];
  for await (const item of client.v1.customers.invoices.list({ customer_id, status })) items.push(declared("Invoice", item));
  return items;
};
const invoice = async (customer_id, invoice_id) => declared("Invoice", (await client.v1.customers.invoices.retrieve({ customer_id, invoice_id })).data);
const post = (path, body, headers) => server.send("POST", `/v1/credit-memos/${path}`, body, headers);
const create = async (body, headers) => (await post("create", { reason: "SERVICE_ISSUE", ...body }, headers));
const made = async (body, headers) => {
  const answer = await create(body, headers);
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body.data;
};
const refuses = async (answer, status, code, field) => {
  const { status: got, body } = await answer;
  assert.deepEqual([got, body.code, body.field], [status, code, field], JSON.stringify(body));
};
const shares = (memo) => memo.lines.map((l) => [l.line_number, l.name, l.amount]);

/** A customer whose April is final: 12 calls at 10, of which a credit paid 40; 10 of storage at 6. 120 - 40 + 60 = 140. */
const billed = async (name, month = "2026-04") => {
  const id = (await client.v1.customers.create({ name, ingest_aliases: [name] })).data.id;
  const starting_at = `${month}-01T00:00:00Z`;
  const credit = { product_id: fixed, name: "Welcome", access_schedule: { credit_type_id: usd, schedule_items: [{ amount: 40, starting_at, ending_before: end }] } };
  const contract = (await client.v1.contracts.create({ customer_id: id, rate_card_id: card, starting_at, credits: [credit] })).data.id;
  await use(name, "call", 12, `${month}-01T10:00:00Z`);
  await use(name, "store", 10, `${month}-01T10:00:00Z`);
  await server.counted();
  return { customer_id: id, contract, name };
};
const final = async (who) => (await invoicesOf(who.customer_id, "FINALIZED"))[0];

describe("A credit memo", () => {
  let april;
  const amounts = { line_items: [["Calls", 4, 40], ["Welcome applied", 1, -40], ["Calls", 8, 80], ["Storage", 10, 60]] };
  before(async () => (april = await final(one)));

  test("names the lines of a final invoice, which shows it", async () => {
    assert.deepEqual(april.line_items.map((l) => [l.name, l.quantity, l.total]), amounts.line_items);
    assert.deepEqual(april.line_items.map((l) => l.line_number), [1, 2, 3, 4]);
    assert.equal(april.total, 140); // 40 - 40 + 80 + 60
    assert.equal(april.credit_memos, undefined);
    const memo = await made({ customer_id: one.customer_id, invoice_id: april.id, reason: "product_unsatisfactory", memo: "Storage was slow", lines: [{ line_number: 4, amount: 15 }] });
    assert.deepEqual(
      [memo.number, memo.status, memo.reason, memo.credit_to, memo.total, memo.memo, memo.invoice_number, memo.issued_at, memo.seller.name, memo.buyer.name, memo.credit_type.id],
      ["CM-1", "ISSUED", "PRODUCT_UNSATISFACTORY", "NONE", "15", "Storage was slow", "1", "2026-05-02T12:30:00+00:00", "Rechenwerk GmbH", "one", usd]);
    assert.deepEqual(shares(memo), [["4", "Storage", "15"]]);
    assert.deepEqual((await post("get", { customer_id: one.customer_id, id: memo.id })).body.data, memo);
    const shown = await invoice(one.customer_id, april.id);
    assert.deepEqual([shown.status, shown.total, shown.amount_credited], ["FINALIZED", 140, 15]);
    assert.deepEqual(shown.credit_memos, [{ id: memo.id, number: "CM-1", status: "ISSUED", total: 15 }]);
    // A line that is left out of the answer keeps its number.
    const nonZero = (await client.v1.customers.invoices.retrieve({ customer_id: one.customer_id, invoice_id: april.id, skip_zero_qty_line_items: true })).data;
    assert.deepEqual(nonZero.line_items.map((l) => l.line_number), [1, 2, 3, 4]);
    const [draft] = await invoicesOf(one.customer_id, "DRAFT");
    assert.ok(draft.line_items.every((l) => l.line_number === undefined));
  });

  test("of the whole invoice goes to the lines by what is left of each", async () => {
    // Left: 80 of calls, 60 - 15 = 45 of storage. 100 x 80 / 125 = 64, 100 x 45 / 125 = 36
    const memo = await made({ customer_id: one.customer_id, invoice_id: april.id, amount: 100 });
    assert.deepEqual([memo.number, memo.total, shares(memo)], ["CM-2", "100", [["3", "Calls", "64"], ["4", "Storage", "36"]]]);
    assert.equal((await invoice(one.customer_id, april.id)).amount_credited, 115);
  });

  test("never credits more than the invoice asks for", async () => {
    const of = { customer_id: one.customer_id, invoice_id: april.id };
    await refuses(create({ ...of, amount: "26" }), 409, "invoice_over_credited", "/amount"); // 140 - 115 = 25
    await refuses(create({ ...of, amount: "24.99" }), 400, "amount_too_fine", "/amount"); // of a cent
    await refuses(create({ ...of, lines: [{ line_number: 3, amount: 17 }] }), 409, "line_over_credited", "/lines/0/amount"); // 80 - 64 = 16
    await refuses(create({ ...of, lines: [{ line_number: 1, amount: 1 }] }), 409, "line_over_credited", "/lines/0/amount"); // a credit paid it
    await refuses(create({ ...of, lines: [{ line_number: 9, amount: 1 }] }), 404, "line_not_found", "/lines/0/line_number");
    await refuses(create({ ...of, amount: 0 }), 400, "amount_not_positive", "/amount");
    await refuses(create({ ...of }), 400, "amount_or_lines", "/amount");
    await refuses(create({ ...of, amount: 1, reason: "WHY_NOT" }), 400, "body_invalid", "/reason");
    await refuses(create({ ...of, amount: 1, note: "unknown" }), 400, "body_invalid", "/note");
    await refuses(create({ ...of, invoice_id: "none", amount: 1 }), 404, "invoice_not_found", "/invoice_id");
    await refuses(post("get", { customer_id: one.customer_id, id: "none" }), 404, "credit_memo_not_found", "/id");
    await refuses(post("list", { customer_id: "none" }), 404, "customer_not_found", "/customer_id");
    const whole = await made({ ...of, amount: 25 });
    assert.deepEqual([whole.number, (await invoice(one.customer_id, april.id)).amount_credited], ["CM-3", 140]);
  });

  test("holds its invoice until it is voided, once, and what it credited can be credited again", async () => {
    await assert.rejects(client.v1.invoices.void({ id: april.id }), refused(409, "/id"));
    const { data: memos } = (await post("list", { customer_id: one.customer_id, invoice_id: april.id })).body;
    assert.deepEqual(memos.map((m) => m.number), ["CM-1", "CM-2", "CM-3"]);
    const voided = (await post("void", { customer_id: one.customer_id, id: memos[1].id })).body.data;
    assert.deepEqual([voided.status, voided.voided_at, voided.number], ["VOID", "2026-05-02T12:30:00+00:00", "CM-2"]);
    await refuses(post("void", { customer_id: one.customer_id, id: memos[1].id }), 409, "credit_memo_void", "/id");
    assert.equal((await made({ customer_id: one.customer_id, invoice_id: april.id, amount: 100 })).number, "CM-4");
    for (const { id, status } of (await post("list", { customer_id: one.customer_id })).body.data) if (status === "ISSUED") await post("void", { customer_id: one.customer_id, id });
    const { amount_credited, credit_memos } = await invoice(one.customer_id, april.id);
    assert.deepEqual([amount_credited, credit_memos.map((m) => m.status)], [0, ["VOID", "VOID", "VOID", "VOID"]]);
    await client.v1.invoices.void({ id: april.id });
    await refuses(create({ customer_id: one.customer_id, invoice_id: april.id, amount: 1 }), 409, "invoice_not_final", "/invoice_id");
    assert.equal((await invoice(one.customer_id, (await client.v1.invoices.regenerate({ id: april.id })).data.id)).total, 140);
  });

  test("is listed in pages", async () => {
    const page = async (next_page) => (await post("list", { customer_id: one.customer_id, limit: 3, ...(next_page && { next_page }) })).body;
    const first = await page();
    assert.deepEqual(first.data.map((m) => m.number), ["CM-1", "CM-2", "CM-3"]);
    const second = await page(first.next_page);
    assert.deepEqual([second.data.map((m) => m.number), second.next_page], [["CM-4"], null]);
    await refuses(post("list", { customer_id: one.customer_id, next_page: "made up" }), 400, "next_page_invalid", "next_page");
  });

  test("is told to webhooks and written to the audit log", async () => {
    const types = async (type) => (await server.get(`/v1/webhooks/messages?customer_id=${one.customer_id}&type=${type}`)).data;
    const [issued] = await types("credit_memo.issued");
    const { data: [memo] } = (await post("list", { customer_id: one.customer_id })).body;
    assert.deepEqual(issued.body.properties, {
      customer_id: one.customer_id, credit_memo_id: memo.id, number: "CM-1", invoice_id: memo.invoice_id, credit_id: null, total: "15", credit_type_id: usd, timestamp: "2026-05-02T12:30:00Z",
    });
    assert.deepEqual([(await types("credit_memo.issued")).length, (await types("credit_memo.voided")).length], [4, 4]);
    const entries = [];
    for await (const entry of client.v1.auditLogs.list({ resource_id: memo.id, resource_type: "credit_memo" })) entries.push([entry.action, entry.status]);
    // The clock stands still, so the two are in no order.
    assert.deepEqual(entries.sort(), [["createCreditMemo", "success"], ["voidCreditMemo", "success"]]);
  });
});

describe("A credit memo to the balance", () => {
  let april, memo;
  const credits = async (more) => {
    const found = [];
    for await (const credit of client.v1.customers.credits.list({ customer_id: two.customer_id, include_ledgers: true, include_balance: true, ...more })) found.push(declared("Credit", credit));
    return found;
  };
  before(async () => (april = await final(two)));

  test("is a credit from the hour of its issue on, whose ledger names it", async () => {
    const of = { customer_id: two.customer_id, invoice_id: april.id, amount: 140, credit_to: "BALANCE" };
    await refuses(create(of), 400, "product_id_missing", "/product_id");
    await refuses(create({ ...of, product_id: calls }), 400, "wrong_product_type", "/product_id");
    memo = await made({ ...of, product_id: fixed });
    const [credit] = await credits();
    assert.deepEqual([credit.id, credit.name, credit.credit_memo_id, credit.balance], [memo.credit_id, "Credit memo CM-1", memo.id, 140]);
    assert.deepEqual(credit.access_schedule.schedule_items.map((i) => [i.amount, i.starting_at, i.ending_before]), [[140, "2026-05-02T12:00:00+00:00", "2126-05-02T00:00:00+00:00"]]);
    assert.deepEqual(credit.ledger.map((e) => [e.type, e.amount, e.credit_memo_id]), [["CREDIT_SEGMENT_START", 140, memo.id]]);
    await assert.rejects(client.v2.contracts.editCredit({ customer_id: two.customer_id, credit_id: credit.id, priority: 1 }), refused(409, "/credit_id"));
    assert.equal((await client.v1.contracts.getNetBalance({ customer_id: two.customer_id })).data.balance, 140);
  });

  test("pays for usage, and can't be voided once an invoice drew on it", async () => {
    await use("two", "call", 9, "2026-05-03T10:00:00Z");
    await server.counted();
    await server.clock("2026-06-02T12:00:00Z");
    const may = (await invoicesOf(two.customer_id, "FINALIZED")).find((i) => i.start_timestamp.startsWith("2026-05"));
    assert.deepEqual([may.total, may.line_items.filter((l) => l.total).map((l) => [l.name, l.total])], [0, [["Calls", 90], ["Credit memo CM-1 applied", -90]]]);
    await refuses(post("void", { customer_id: two.customer_id, id: memo.id }), 409, "credit_drawn", "/id");
    await client.v1.invoices.void({ id: may.id });
    assert.equal((await post("void", { customer_id: two.customer_id, id: memo.id })).body.data.status, "VOID");
    const [credit] = await credits({ include_archived: true, credit_id: memo.credit_id });
    assert.deepEqual(credit.ledger.map((e) => [e.type, e.amount, e.credit_memo_id]), [
      ["CREDIT_SEGMENT_START", 140, memo.id], ["CREDIT_AUTOMATED_INVOICE_DEDUCTION", -90, undefined], ["CREDIT_CREDITED", 90, undefined], ["CREDIT_CANCELED", -140, memo.id],
    ]);
    assert.equal(credit.balance, 0);
    assert.equal((await invoice(two.customer_id, (await client.v1.invoices.regenerate({ id: may.id })).data.id)).total, 90);
  });
});

describe("Creating one", () => {
  test("again with the same key, also after the server was killed, answers the same memo", async () => {
    const april = await final(three);
    const body = { customer_id: three.customer_id, invoice_id: april.id, amount: 100, credit_to: "BALANCE", product_id: fixed, uniqueness_key: "once" };
    const key = { "idempotency-key": "memo-of-three" };
    const first = await made(body, key);
    await server.kill();
    await server.start();
    client = new Metronome({ bearerToken: server.key, baseURL: server.url, maxRetries: 0 });
    assert.deepEqual(await made(body, key), first);
    await refuses(create({ ...body, amount: 1 }), 409, "uniqueness_key_used", "/uniqueness_key");
    assert.equal((await create({ ...body, amount: 1 }, key)).status, 409);
    assert.equal((await invoice(three.customer_id, april.id)).amount_credited, 100);
  });

  test("by many at once credits no more than there is, and leaves no gap in the numbers", async () => {
    const april = await final(raced);
    const answers = await Promise.all(Array.from({ length: 12 }, () => create({ customer_id: raced.customer_id, invoice_id: april.id, amount: 30 })));
    // 4 x 30 = 120, and 20 are left.
    assert.deepEqual(answers.map((a) => a.status).sort(), [...Array(4).fill(200), ...Array(8).fill(409)]);
    assert.deepEqual(answers.filter((a) => a.status === 200).map((a) => a.body.data.number).sort(), ["CM-1", "CM-2", "CM-3", "CM-4"]);
    const shown = await invoice(raced.customer_id, april.id);
    assert.deepEqual([shown.amount_credited, shown.credit_memos.length], [120, 4]);
  });
});

test("The document of a credit memo names both sides, the invoice and its lines", async () => {
  const said = `On 1 April storage was slow for two hours. ${"We are sorry. ".repeat(20)}\nThank you for your patience.`;
  const memo = await made({ customer_id: three.customer_id, invoice_id: (await final(three)).id, amount: 30, memo: said });
  const read = async () => {
    const answer = await server.fetch(`/v1/credit-memos/${memo.id}/pdf?customer_id=${three.customer_id}`);
    assert.deepEqual([answer.status, answer.headers.get("content-type")], [200, "application/pdf"]);
    const bytes = Buffer.from(await answer.arrayBuffer());
    if (process.env.BILLING_KEEP_PDF) writeFileSync(`${process.env.BILLING_KEEP_PDF}/${memo.id}.pdf`, bytes);
    // pdftotext is in Debian's poppler-utils.
    const text = spawnSync("pdftotext", ["-layout", "-", "-"], { input: bytes, encoding: "utf8" });
    assert.equal(text.status, 0, `pdftotext (package poppler-utils) is needed: ${text.error ?? text.stderr}`);
    return text.stdout.split("\n").map((l) => l.trim().replace(/ {2,}/g, " | ")).filter(Boolean);
  };
  const page = await read();
  const has = (...lines) => lines.forEach((l) => assert.ok(page.some((p) => p.includes(l)), `${l} is not in\n${page.join("\n")}`));
  has("Credit memo", "Rechenwerk GmbH", "three", "Number | CM-2", "Corrects invoice | 1", "Reason | Service issue", "Currency | USD", `Reference | ${memo.id}`);
  // 30 over 80 - 57 = 23 and 60 - 43 = 17: 17.25 and 12.75
  has("Calls, line 3 | 0.17", "Storage, line 4 | 0.13", "Total credited in USD | 0.30");
  const words = page.slice(page.findIndex((l) => l.startsWith("On 1 April")), page.findIndex((l) => l.startsWith("Thank you")) + 1);
  assert.ok(words.length > 3 && words.join(" ") === said.replace(/\s+/g, " "), words.join("\n"));
  await post("void", { customer_id: three.customer_id, id: memo.id });
  assert.ok((await read()).some((l) => l.includes("Void credit memo")));
  assert.equal((await server.fetch(`/v1/credit-memos/none/pdf?customer_id=${three.customer_id}`)).status, 404);
});
