// Real traffic through the product: every request of two CSV files (TIMESTAMP,ContextTokens,GeneratedTokens) becomes two usage events, sent
// out of order, in parallel and partly twice or three times, and every sum must equal an independent sum over the files, to the last digit.
//   node traffic.mjs --code FILE --conv FILE [--kill] [--seed N]
// Data: AzurePublicDataset, AzureLLMInferenceDataset2023 (Patel et al., "Splitwise", ISCA 2024), CC BY 4.0.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { setTimeout as pause } from "node:timers/promises";
import { Server } from "./server.mjs";

const { values: options } = parseArgs({
  options: { code: { type: "string" }, conv: { type: "string" }, kill: { type: "boolean", default: false }, seed: { type: "string", default: "20231116" } },
});
const now = "2023-11-17T00:00:00Z", afterGrace = "2023-12-02T02:00:00Z";
const customers = 17, users = 101, connections = 4, kills = 5, oneCustomer = "customer-3";
const from = "2023-11-16T18:00:00Z", to = "2023-11-16T20:00:00Z";
// Cents a token, in billionths.
const prices = { "code/input": 250_000n, "code/output": 1_000_000n, "conv/input": 312_500n, "conv/output": 1_234_567n };
const priceScale = 9;

// A small generator (mulberry32), so that a run can be repeated.
let state = Number(options.seed);
const random = () => {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
};
const below = (n) => Math.floor(random() * n);

let passed = 0, failed = 0;
function check(name, actual, expected) {
  const text = (value) => JSON.stringify(value, (_, v) => (typeof v === "bigint" ? `${v}` : v instanceof Map ? Object.fromEntries([...v].sort()) : v));
  if (text(actual) === text(expected)) {
    passed++;
    console.log(`ok      ${name}`);
    return;
  }
  failed++;
  console.log(`FAILED  ${name}`);
  if (!(expected instanceof Map)) return console.log(`  is ${text(actual)}, not ${text(expected)}`);
  const keys = [...new Set([...expected.keys(), ...actual.keys()])].filter((k) => `${actual.get(k)}` !== `${expected.get(k)}`);
  for (const key of keys.slice(0, 5)) console.log(`  ${key} is ${actual.get(key)}, not ${expected.get(key)} (${keys.length} differ)`);
}

/** The files' rows as events: one for the tokens that came in, one for those that went out. */
function eventsOf(model, file) {
  const lines = readFileSync(file, "utf8").split(/\r?\n/).slice(1).filter(Boolean);
  return lines.flatMap((line, row) => {
    const [timestamp, input, output] = line.split(",");
    const shared = { model, customer: `customer-${row % customers}`, user: `user-${row % users}`, time: `${timestamp.replace(" ", "T")}Z` };
    return [
      { ...shared, id: `${model}-${row}-input`, kind: "input", tokens: BigInt(input), row },
      { ...shared, id: `${model}-${row}-output`, kind: "output", tokens: BigInt(output), row },
    ];
  });
}

const sumBy = (events, keyOf) => {
  const sums = new Map();
  for (const event of events) sums.set(keyOf(event), (sums.get(keyOf(event)) ?? 0n) + event.tokens);
  return sums;
};

/** Every event once, every 7th twice and every 31st three times, shaken; in requests of 1 to 1,000 events of one shape. */
function requestsOf(events) {
  const copies = [];
  events.forEach((event, i) => {
    const times = i % 31 === 0 ? 3 : i % 7 === 0 ? 2 : 1;
    for (let n = 0; n < times; n++) copies.push({ event, place: n === 0 ? i + below(2_000) : below(events.length) });
  });
  copies.sort((a, b) => a.place - b.place);
  const shapes = [
    { path: "/v1/ingest", rows: copies.filter((c) => c.event.row % 2 === 0), of: metronomeEvent },
    { path: "/api/v1/events", rows: copies.filter((c) => c.event.row % 2 === 1), of: cloudEvent },
  ];
  const requests = shapes.flatMap(({ path, rows, of }) => {
    const cut = [];
    for (let at = 0; at < rows.length; ) {
      const size = 1 + below(random() < 0.5 ? 1_000 : 60);
      cut.push({ path, events: rows.slice(at, at + size).length, place: rows[at].place, body: JSON.stringify(rows.slice(at, (at += size)).map((c) => of(c.event))) });
    }
    return cut;
  });
  return { requests: requests.sort((a, b) => a.place - b.place), copies: copies.length };
}

// Tokens as a number or as text, by row: both are the same quantity. (JSON text of a BigInt is written by hand: no double in between.)
const tokensOf = (e) => (e.row % 3 ? `${e.tokens}` : Number(e.tokens));
const metronomeEvent = (e) => ({
  transaction_id: e.id, customer_id: e.customer, event_type: "tokens", timestamp: e.time, properties: { model: e.model, kind: e.kind, user: e.user, tokens: tokensOf(e) },
});
const cloudEvent = (e) => ({
  specversion: "1.0", id: e.id, source: `model/${e.model}`, type: "tokens", subject: e.customer, time: e.time, data: { tokens: tokensOf(e), user: e.user, kind: e.kind, model: e.model },
});

const sent = { acked: 0, unknown: 0 };

/** Sends requests over several connections; ends early, without an error, once the server is gone. Another answer than 2xx is an error. */
async function send(server, requests, onAck = () => {}) {
  let next = 0, gone = false;
  await Promise.all(Array.from({ length: connections }, async () => {
    while (!gone && next < requests.length) {
      const { path, body, events } = requests[next++];
      let answer;
      try {
        answer = await server.fetch(path, { method: "POST", body, headers: { "content-type": path === "/v1/ingest" ? "application/json" : "application/cloudevents-batch+json" } });
        await answer.arrayBuffer();
      } catch (error) {
        if (!server.dying) throw error;
        sent.unknown += events;
        gone = true;
        return;
      }
      if (!answer.ok) throw new Error(`${path} answered ${answer.status}`);
      sent.acked += events;
      onAck();
    }
  }));
}

/** Cuts the power at a random moment of the sending: after so many answers, and a little. */
async function sendUntilKilled(server, requests) {
  let left = 1 + below(Math.min(60, requests.length));
  let killing;
  server.dying = false;
  await send(server, requests, () => {
    if (--left !== 0) return;
    killing = pause(below(250)).then(() => {
      server.dying = true;
      return server.kill();
    });
  });
  await killing;
  await server.start();
  server.dying = false;
}

const metric = (name) => ({
  name, aggregation_type: "SUM", aggregation_key: "tokens", event_type_filter: { in_values: ["tokens"] }, group_keys: [["model", "kind"], ["user"], ["model"]],
});

async function queried(server, meter, parameters, keyOf) {
  const answer = await server.get(`/api/v1/meters/${meter}/query?${new URLSearchParams([["from", from], ["to", to], ...parameters])}`);
  return new Map(answer.data.map((row) => [keyOf(row), row.value]));
}

async function checkQueries(server, meter, name, events) {
  const by = (...keys) => keys.map((key) => ["groupBy", key]);
  const totals = await queried(server, meter, by("subject", "model", "kind"), (r) => `${r.subject}/${r.groupBy.model}/${r.groupBy.kind}`);
  check(`${name}: tokens by customer, model and kind`, totals, sumBy(events, (e) => `${e.customer}/${e.model}/${e.kind}`));
  const hours = await queried(server, meter, [["windowSize", "HOUR"], ...by("model", "kind")], (r) => `${r.windowStart.slice(0, 13)}/${r.groupBy.model}/${r.groupBy.kind}`);
  check(`${name}: tokens by hour, model and kind`, hours, sumBy(events, (e) => `${e.time.slice(0, 13)}/${e.model}/${e.kind}`));
  const minutes = await queried(server, meter, [["windowSize", "MINUTE"], ["subject", oneCustomer], ...by("model", "kind")], (r) => `${r.windowStart.slice(0, 16)}/${r.groupBy.model}/${r.groupBy.kind}`);
  check(`${name}: tokens of ${oneCustomer} by minute, model and kind`, minutes, sumBy(events.filter((e) => e.customer === oneCustomer), (e) => `${e.time.slice(0, 16)}/${e.model}/${e.kind}`));
  const byUser = await queried(server, meter, by("user"), (r) => r.groupBy.user);
  check(`${name}: tokens by user`, byUser, sumBy(events, (e) => e.user));
  const allMinutes = await queried(server, meter, [["windowSize", "MINUTE"]], (r) => r.windowStart.slice(0, 16));
  check(`${name}: tokens of all by minute`, allMinutes, sumBy(events, (e) => e.time.slice(0, 16)));
}

async function metronomeCustomers(server) {
  const ids = new Map();
  for (let n = 0; n < customers; n++) {
    const { data } = await server.post("/v1/customers", { name: `Customer ${n}`, ingest_aliases: [`customer-${n}`] });
    ids.set(`customer-${n}`, data.id);
  }
  return ids;
}

async function checkMetronome(server, meter, ids, events) {
  const names = new Map([...ids].map(([name, id]) => [id, name]));
  const usage = async (more) => {
    const lines = [];
    let next;
    do {
      const page = await server.post(`/v1/usage${next ? `?next_page=${next}` : ""}`, { starting_on: from, ending_before: to, billable_metrics: [{ id: meter, ...more }], ...more.question, customer_ids: [...ids.values()] });
      lines.push(...page.data);
      next = page.next_page;
    } while (next);
    return lines.filter((l) => l.value !== null);
  };
  const whole = await usage({ question: { window_size: "NONE" } });
  check("usage: tokens by customer", new Map(whole.map((l) => [names.get(l.customer_id), l.value])), sumBy(events, (e) => e.customer));
  const hours = await usage({ question: { window_size: "HOUR" }, group_by: { key: "model" } });
  check("usage: tokens by customer and hour", new Map(hours.map((l) => [`${names.get(l.customer_id)}/${l.start_timestamp.slice(0, 13)}`, l.value])), sumBy(events, (e) => `${e.customer}/${e.time.slice(0, 13)}`));
  check(
    "usage: tokens by customer, hour and model",
    new Map(hours.flatMap((l) => Object.entries(l.groups).map(([model, value]) => [`${names.get(l.customer_id)}/${l.start_timestamp.slice(0, 13)}/${model}`, value]))),
    sumBy(events, (e) => `${e.customer}/${e.time.slice(0, 13)}/${e.model}`),
  );
  const groups = new Map();
  for (const [name, id] of ids) {
    const { data } = await server.post("/v1/usage/groups", { billable_metric_id: meter, customer_id: id, window_size: "HOUR", starting_on: from, ending_before: to, group_key: ["model", "kind"] });
    for (const line of data) groups.set(`${name}/${line.starting_on.slice(0, 13)}/${line.group.model}/${line.group.kind}`, line.value);
  }
  check("usage groups: tokens by customer, hour, model and kind", groups, sumBy(events, (e) => `${e.customer}/${e.time.slice(0, 13)}/${e.model}/${e.kind}`));
}

/** A decimal without trailing zeros, from an integer and its scale. */
function decimal(integer, scale) {
  const digits = `${integer}`.padStart(scale + 1, "0");
  return `${digits.slice(0, -scale)}.${digits.slice(-scale)}`.replace(/\.?0+$/, "");
}
const plain = (text) => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);

async function contracts(server, meter, ids) {
  const product = (await server.post("/v1/contract-pricing/products/create", { name: "Tokens", type: "USAGE", billable_metric_id: meter, pricing_group_key: ["model", "kind"] })).data.id;
  const card = (await server.post("/v1/contract-pricing/rate-cards/create", { name: "List", fiat_credit_type_id: "2714e483-4ff1-48e4-9e25-ac732e8f24f2" })).data.id;
  // Prices are written as text into the JSON: no double in between.
  const rates = Object.entries(prices).map(([key, price]) => {
    const [model, kind] = key.split("/");
    return `{"product_id":"${product}","starting_at":"2023-11-01T00:00:00Z","entitled":true,"rate_type":"FLAT","price":${decimal(price, priceScale)},"pricing_group_values":{"model":"${model}","kind":"${kind}"}}`;
  });
  await server.post("/v1/contract-pricing/rate-cards/addRates", `{"rate_card_id":"${card}","rates":[${rates}]}`);
  for (const id of ids.values())
    await server.post("/v1/contracts/create", { customer_id: id, starting_at: "2023-11-01T00:00:00Z", rate_card_id: card, usage_statement_schedule: { frequency: "MONTHLY", day: "FIRST_OF_MONTH" } });
}

async function checkInvoices(server, ids, events, status) {
  const totals = new Map(), lines = new Map();
  for (const [name, id] of ids) {
    const { data } = await server.get(`/v1/customers/${id}/invoices?status=${status}&skip_zero_qty_line_items=true`);
    const invoices = data.filter((i) => i.start_timestamp.startsWith("2023-11-01"));
    if (invoices.length !== 1) totals.set(`${name}, invoices of November`, invoices.length);
    for (const invoice of invoices) {
      totals.set(name, plain(invoice.total));
      for (const line of invoice.line_items) lines.set(`${name}/${line.pricing_group_values.model}/${line.pricing_group_values.kind}`, `${plain(line.quantity)} × ${plain(line.unit_price)} = ${plain(line.total)}`);
    }
  }
  const due = new Map();
  for (const e of events) due.set(e.customer, (due.get(e.customer) ?? 0n) + e.tokens * prices[`${e.model}/${e.kind}`]);
  check(`invoices (${status}): totals`, totals, new Map([...due].map(([name, cents]) => [name, decimal(cents, priceScale)])));
  const quantities = sumBy(events, (e) => `${e.customer}/${e.model}/${e.kind}`);
  check(`invoices (${status}): lines`, lines, new Map([...quantities].map(([key, tokens]) => {
    const price = prices[key.slice(key.indexOf("/") + 1)];
    return [key, `${tokens} × ${decimal(price, priceScale)} = ${decimal(tokens * price, priceScale)}`];
  })));
}

const events = [...eventsOf("code", options.code), ...eventsOf("conv", options.conv)];
const { requests, copies } = requestsOf(events);
console.log(`${events.length} events, ${copies} copies in ${requests.length} requests, seed ${options.seed}`);
const server = await new Server().start();
try {
  await server.reset(now);
  const ids = await metronomeCustomers(server);
  const early = (await server.post("/v1/billable-metrics/create", metric("Created before"))).data.id;
  await contracts(server, early, ids);
  const begun = performance.now();
  if (options.kill) {
    for (let n = 0; n < kills; n++) await sendUntilKilled(server, requests.slice(below(requests.length / 2)));
    await send(server, requests);
    // Once more after the last answer: what was answered but not yet counted must survive.
    await server.kill();
    await server.start();
  } else await send(server, requests);
  const stats = await server.counted();
  console.log(`sent and counted in ${((performance.now() - begun) / 1000).toFixed(1)} s`);
  const late = (await server.post("/v1/billable-metrics/create", metric("Created after"))).data.id;
  await server.filled(late);

  const total = BigInt(events.length);
  check("events counted", stats.counted, total);
  if (options.kill) check("every answered event was kept", [stats.accepted >= sent.acked, stats.accepted <= sent.acked + sent.unknown], [true, true]);
  else check("events accepted", stats.accepted, BigInt(copies));
  check("accepted = counted + duplicate", stats.duplicate, stats.accepted - total);
  check("conflicts, rejected, rounded, unreadable, pending", [stats.conflict, stats.rejected, stats.rounded, stats.unreadable, stats.pending], [0n, 0n, 0n, 0n, 0n]);
  await checkQueries(server, early, "created before", events);
  await checkQueries(server, late, "created after", events);
  await checkMetronome(server, early, ids, events);
  await checkInvoices(server, ids, events, "DRAFT");
  await server.clock(afterGrace);
  await checkInvoices(server, ids, events, "FINALIZED");
  await checkQueries(server, early, "from day documents", events);
} catch (error) {
  failed++;
  console.log(`FAILED  ${error.stack}\n${server.output.slice(-2_000)}`);
} finally {
  await server.stop();
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
