// A client generated from /openapi/v1.json compiles with --strict and bills a month; every answer is as described.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import openapiTS, { astToString } from "openapi-typescript";
import { serverAt } from "./server.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
// Inside node_modules: packages are found from there, and git does not look.
const made = join(here, "node_modules", ".generated");
let server, document;
before(async () => {
  server = await serverAt("2026-11-03T00:00:00Z");
  document = await server.get("/openapi/v1.json");
});
after(() => server.stop());

const operations = () => Object.entries(document.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ path, method, ...operation })));

describe("the description", () => {
  test("names are ones that every generator takes", () => {
    for (const name of Object.keys(document.components.schemas)) assert.match(name, /^[\w.-]+$/);
    const ids = operations().map((o) => o.operationId);
    assert.equal(new Set(ids).size, ids.length);
    for (const id of ids) assert.match(id, /^[a-z]\w+$/);
  });

  test("each operation says who may call it and what a refusal looks like", () => {
    for (const { path, method, operationId, security, responses, requestBody } of operations()) {
      if (path !== "/health") assert.deepEqual(security, [{ bearer: [] }], operationId);
      const refusals = Object.entries(responses).filter(([status]) => status[0] !== "2" && path !== "/health");
      for (const [status, { content }] of refusals) assert.equal(content["application/problem+json"].schema.$ref, "#/components/schemas/Problem", `${operationId} ${status}`);
      if (path !== "/health") for (const status of ["default", "401", "403", ...(requestBody ? ["400", "413", "415"] : [])]) assert.ok(responses[status], `${method} ${path} ${status}`);
    }
    assert.equal(document.components.securitySchemes.bearer.scheme, "bearer");
  });

  test("no part of it is an object of the program instead of a value", () => {
    const text = JSON.stringify(document);
    assert.doesNotMatch(text, /"(QueryTime|QueryWord\w*|Instant|JsonElement)"/);
    assert.doesNotMatch(text, /"format":"double"/);
    for (const { parameters = [], operationId } of operations())
      for (const { name, schema } of parameters) assert.ok(![schema.type].flat().includes("null"), `${operationId} ${name}`);
  });
});

describe("a generated client", () => {
  let client;
  before(async () => {
    rmSync(made, { recursive: true, force: true });
    mkdirSync(made, { recursive: true });
    writeFileSync(join(made, "package.json"), '{"type":"module"}');
    const raw = await (await server.fetch("/openapi/v1.json")).json();
    writeFileSync(join(made, "api.ts"), astToString(await openapiTS(raw)));
    copyFileSync(join(here, "generated-client.ts"), join(made, "generated-client.ts"));
  });

  test("its types compile, and mistakes do not", async () => {
    const compiler = join(here, "node_modules", "typescript", "bin", "tsc");
    const options = "--strict --noUncheckedIndexedAccess --exactOptionalPropertyTypes --target es2022 --module nodenext --skipLibCheck".split(" ");
    try {
      execFileSync(process.execPath, [compiler, ...options, "generated-client.ts"], { cwd: made, encoding: "utf8" });
    } catch (fault) {
      assert.fail(fault.stdout);
    }
    client = await import(pathToFileURL(join(made, "generated-client.js")).href);
  });

  test("it ingests, prices and reads an invoice with the sums of hand", async () => {
    const month = await client.billAMonth(server.url, server.key);
    assert.equal(month.customer.name, "Acme");
    assert.equal(Date.parse(month.clock), Date.parse("2026-11-03T00:00:01Z"));
    assert.deepEqual(month.usage.map((u) => u.value).sort((a, b) => a - b), [1_200, 2_000]); // the larger; 1,200 + 800
    // 2,000 x 0.02 = 40; of the peak of 1,200 the first 1,000 are free: 200 x 1 = 200; 240
    assert.equal(month.invoice.total, 240);
    assert.deepEqual(month.invoice.line_items.map((l) => [l.name, l.quantity, l.unit_price, l.total]), [["Tokens", 2_000, 0.02, 40], ["Peak", 1_000, 0, 0], ["Peak", 200, 1, 200]]);
    assert.deepEqual([month.refusal.status, month.refusal.code], [404, "invoice_not_found"]);
    assert.equal(month.csv, "window_start,window_end,subject,model,value\r\n2026-11-01T00:00:00Z,2026-12-01T00:00:00Z,,a,1200\r\n");
  });

  test("every list and every reading is as described", async () => {
    const [customer] = (await server.get("/v1/customers")).data, [product] = (await server.post("/v1/contract-pricing/products/list", {})).data;
    const [card] = (await server.post("/v1/contract-pricing/rate-cards/list", {})).data, [contract] = (await server.post("/v2/contracts/list", { customer_id: customer.id })).data;
    const [meter] = await server.get("/api/v1/meters"), [invoice] = (await server.get(`/v1/customers/${customer.id}/invoices`)).data;
    await server.post("/v1/contract-pricing/products/update", { product_id: product.id, starting_at: "2026-12-01T00:00:00Z", quantity_conversion: { operation: "DIVIDE", conversion_factor: 10 } });
    await server.post("/v1/contract-pricing/rate-cards/update", { rate_card_id: card.id, description: "All prices" });
    const which = { customer_id: customer.id, contract_id: contract.id };
    for (const path of [
      "/health", "/v1/credit-types/list", "/v1/settings", "/v1/operations/parked-accounts", "/v1/ingest/stats", "/v1/ingest/rejected", "/v1/api-keys", `/v1/customers/${customer.id}`,
      `/v1/customers/${customer.id}/invoices/${invoice.id}`, "/v1/billable-metrics?include_archived=true", `/v1/billable-metrics/${meter.id}`, `/api/v1/meters/${meter.slug}`,
      `/api/v1/meters/${meter.slug}/query?windowSize=DAY`, `/api/v1/meters/${meter.slug}/subjects`, `/api/v1/meters/${meter.slug}/group-by/model/values?from=2026-11-01T00:00:00Z`,
      "/api/v1/subjects", "/api/v1/subjects/acme", "/api/v1/events", "/api/v2/events?limit=1",
    ]) await server.get(path);
    for (const [path, body] of [
      ["/v1/contract-pricing/products/get", { product_id: product.id }], ["/v1/contract-pricing/rate-cards/get", { id: card.id }],
      ["/v1/contract-pricing/rate-cards/getRates", { rate_card_id: card.id, at: "2026-11-03T00:00:00Z" }], ["/v1/contract-pricing/rate-cards/getRateSchedule", { rate_card_id: card.id, starting_at: "2026-11-01T00:00:00Z" }],
      ["/v1/contracts/get", which], ["/v1/contracts/list", { customer_id: customer.id }], ["/v2/contracts/get", which], ["/v1/events/search", { transactionIds: ["1"] }],
      ["/v1/usage/groups", { billable_metric_id: meter.id, customer_id: customer.id, window_size: "DAY", group_key: ["model"], starting_on: "2026-11-01T00:00:00Z", ending_before: "2026-11-03T00:00:00Z" }],
      ["/v1/settings", { grace_period_hours: 24 }], ["/v1/operations/parked-accounts/release", { customer_id: customer.id }], ["/api/v1/subjects", [{ key: "acme", displayName: "Acme" }]],
      ["/v1/contracts/updateEndDate", { ...which, ending_before: "2026-12-01T00:00:00Z" }], ["/v1/contract-pricing/products/archive", { product_id: product.id }],
      ["/v1/contract-pricing/rate-cards/archive", { id: card.id }], [`/v1/customers/${customer.id}/setName`, { name: "Acme Inc." }], [`/v1/customers/${customer.id}/setIngestAliases`, { ingest_aliases: ["acme"] }],
      ["/v1/billable-metrics/archive", { id: meter.id }], ["/v1/customers/archive", { id: customer.id }],
    ]) await server.post(path, body);
    const { data } = await server.post("/v1/api-keys", { name: "k", scopes: ["read"], expires_at: "2027-01-01T00:00:00Z" });
    await server.post("/v1/api-keys/revoke", { id: data.id });
    // All of these were held against the description as they came.
    assert.deepEqual([...server.described.faults], []);
  });
});
