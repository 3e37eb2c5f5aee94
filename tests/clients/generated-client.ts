// A client of types that are generated from /openapi/v1.json: from a metric to an invoice, compiled with --strict.
import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

type Schemas = components["schemas"];
type Problem = Schemas["Problem"];

class Refused extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail);
  }
}

const ok = <T>(answer: { data?: T; error?: Problem }): T => {
  if (answer.data === undefined) throw new Refused(answer.error!);
  return answer.data;
};
const done = (answer: { response: Response; error?: Problem }): void => {
  if (!answer.response.ok) throw new Refused(answer.error!);
};

export interface Month {
  customer: Schemas["ShownCustomer"];
  invoice: Schemas["ShownInvoice"];
  usage: Schemas["UsageLine"][];
  refusal: Problem;
  csv: string;
  clock: string;
}

/** Bills 1,200 and 800 tokens at 0.02, and the peak of both at 1. */
export async function billAMonth(baseUrl: string, token: string): Promise<Month> {
  const api = createClient<paths>({ baseUrl, headers: { authorization: `Bearer ${token}` } });

  const metric = async (name: string, aggregation_type: Schemas["Aggregation"]) =>
    ok(await api.POST("/v1/billable-metrics/create", {
      body: { name, aggregation_type, aggregation_key: "tokens", event_type_filter: { in_values: ["llm"] }, group_keys: [["model"]] },
    })).data.id;
  const product = async (name: string, billable_metric_id: string) =>
    ok(await api.POST("/v1/contract-pricing/products/create", {
      body: { name, type: "USAGE", billable_metric_id, tags: ["ai"], quantity_rounding: { rounding_method: "ROUND_UP", decimal_places: 0 } },
    })).data.id;
  const tokens = await product("Tokens", await metric("Tokens", "SUM"));
  const peak = await product("Peak", await metric("Peak", "MAX"));

  const card = ok(await api.POST("/v1/contract-pricing/rate-cards/create", { body: { name: "List prices", aliases: [{ name: "list" }] } })).data.id;
  const starting_at = "2026-11-01T00:00:00Z";
  ok(await api.POST("/v1/contract-pricing/rate-cards/addRates", {
    body: {
      rate_card_id: card,
      rates: [
        // A decimal is a number or, to the last digit, a text.
        { product_id: tokens, starting_at, entitled: true, rate_type: "FLAT", price: "0.02" },
        { product_id: peak, starting_at, entitled: true, rate_type: "TIERED", tiers: [{ size: 1_000, price: 0 }, { price: 1 }] },
      ],
    },
  }));
  const customer = ok(await api.POST("/v1/customers", { body: { name: "Acme", ingest_aliases: ["acme"] } })).data;
  const contract = ok(await api.POST("/v1/contracts/create", {
    body: { customer_id: customer.id, rate_card_alias: "list", starting_at, usage_statement_schedule: { frequency: "MONTHLY" }, net_payment_terms_days: 30 },
  })).data.id;

  done(await api.POST("/v1/ingest", {
    body: [{ transaction_id: "1", customer_id: "acme", event_type: "llm", timestamp: "2026-11-02T10:00:00Z", properties: { tokens: "1200", model: "a" } }],
  }));
  done(await api.POST("/api/v1/events", {
    headers: { "content-type": "application/cloudevents+json" },
    body: { specversion: "1.0", id: "2", source: "generated", type: "llm", subject: "acme", time: "2026-11-02T11:00:00Z", data: { tokens: 800, model: "b" } },
  }));
  const { now } = ok(await api.POST("/v1/test/clock", { body: { now: "2026-11-03T00:00:01Z" } })).data;

  const usage = ok(await api.POST("/v1/usage", {
    body: { starting_on: starting_at, ending_before: "2026-12-01T00:00:00Z", window_size: "NONE", customer_ids: [customer.id] },
  }));
  const { data: invoices, next_page } = ok(await api.GET("/v1/customers/{customer_id}/invoices", {
    params: { path: { customer_id: customer.id }, query: { status: "DRAFT", contract_id: contract, sort: "date_desc" } },
  }));
  const invoice = invoices[0];
  if (invoice === undefined || next_page !== null) throw new Error("One draft was expected.");

  const refused = await api.GET("/v1/customers/{customer_id}/invoices/{invoice_id}", {
    params: { path: { customer_id: customer.id, invoice_id: "none" } },
  });
  if (refused.error === undefined) throw new Error("There is no such invoice.");

  const slugs = ok(await api.GET("/api/v1/meters", { params: { query: { orderBy: "name", order: "DESC" } } })).map((m) => m.slug);
  const csv = ok(await api.GET("/api/v1/meters/{meterIdOrSlug}/query", {
    headers: { accept: "text/csv" },
    params: { path: { meterIdOrSlug: slugs[0]! }, query: { from: starting_at, to: "2026-12-01T00:00:00Z", windowSize: "MONTH", groupBy: ["model"], filterGroupBy: { model: "a" } } },
    parseAs: "text",
  }));
  return { customer, invoice, usage: usage.data, refusal: refused.error, csv: String(csv), clock: now };
}

/** What must not compile: each line would be a mistake that the types are there to find. */
export function mistakes(api: ReturnType<typeof createClient<paths>>, invoice: Schemas["ShownInvoice"]): unknown[] {
  return [
    // @ts-expect-error a name is required
    api.POST("/v1/customers", { body: { ingest_aliases: [] } }),
    // @ts-expect-error there is no such type of product
    api.POST("/v1/contract-pricing/products/create", { body: { name: "x", type: "USEAGE" } }),
    // @ts-expect-error entitled is true or false
    api.POST("/v1/contract-pricing/rate-cards/addRate", { body: { product_id: "p", starting_at: "", entitled: "yes", rate_type: "FLAT", price: 1 } }),
    // @ts-expect-error a price is no truth value
    api.POST("/v1/contract-pricing/rate-cards/addRate", { body: { product_id: "p", starting_at: "", entitled: true, rate_type: "FLAT", price: true } }),
    // @ts-expect-error metrics are cut into hours, days or not at all
    api.POST("/v1/usage", { body: { starting_on: "", ending_before: "", window_size: "MONTH" } }),
    // @ts-expect-error an invoice is no PAID one here
    api.GET("/v1/customers/{customer_id}/invoices", { params: { path: { customer_id: "c" }, query: { status: "PAID" } } }),
    // @ts-expect-error the customer's id is part of the path
    api.GET("/v1/customers/{customer_id}/invoices", { params: { query: {} } }),
    // @ts-expect-error a subject has a key
    api.POST("/api/v1/subjects", { body: [{ displayName: "x" }] }),
    // @ts-expect-error an event has an id
    api.POST("/v1/ingest", { body: [{ customer_id: "c", event_type: "x" }] }),
    // @ts-expect-error amounts are answered as numbers
    invoice.total.toUpperCase(),
    // @ts-expect-error terms may be absent
    invoice.net_payment_terms_days.toFixed(),
  ];
}
