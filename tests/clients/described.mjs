// Holds every answer of a server against the server's own description: status, media type and body, to the last member.
import Ajv2020 from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

const realFetch = globalThis.fetch;
const watched = new Map();
// The SDKs use the global fetch: so every test of this folder is a test of the description, too.
globalThis.fetch = async (resource, init) => {
  const answer = await realFetch(resource, init);
  const url = new URL(resource instanceof Request ? resource.url : resource);
  await watched.get(url.origin)?.check(init?.method ?? resource.method ?? "GET", url.pathname, answer.clone());
  return answer;
};

/** The description, with every object closed: a member that is not described is a fault. */
export const closed = (node) => {
  if (Array.isArray(node)) return node.map(closed);
  if (node === null || typeof node !== "object") return node;
  const copy = Object.fromEntries(Object.entries(node).map(([name, value]) => [name, closed(value)]));
  if (copy.properties && copy.type === "object" && copy.additionalProperties === undefined) copy.additionalProperties = false;
  return copy;
};

class Description {
  faults = new Set();
  #checks = new Map();

  constructor(document) {
    this.document = document;
    this.#ajv = new Ajv2020({ strict: false, allErrors: false });
    addFormats(this.#ajv, { mode: "fast" });
    for (const format of ["int32", "int64"]) this.#ajv.addFormat(format, { type: "number", validate: Number.isInteger });
    this.#ajv.addSchema(closed(document), "api");
    // Literal steps win over parameters, as in routing.
    this.#paths = Object.keys(document.paths)
      .map((path) => ({ path, parameters: path.split("{").length, matches: new RegExp(`^${path.replace(/[.]/g, "\\.").replace(/\{[^}]+\}/g, "[^/]+")}/?$`, "i") }))
      .sort((a, b) => a.parameters - b.parameters);
  }

  #ajv;
  #paths;

  async check(method, pathname, answer) {
    const fault = await this.#faultOf(method.toLowerCase(), pathname, answer);
    if (fault) this.faults.add(`${method} ${pathname}: ${answer.status} ${fault}`);
  }

  async #faultOf(method, pathname, answer) {
    const path = this.#paths.find((p) => p.matches.test(pathname) && this.document.paths[p.path][method])?.path;
    // What no operation takes is answered as a problem; methods that describe others are described by those.
    if (!path) return answer.ok && !["head", "options"].includes(method) && pathname !== "/openapi/v1.json" ? "is not described" : undefined;
    const { responses } = this.document.paths[path][method];
    const status = responses[answer.status] ? `${answer.status}` : "default";
    if (answer.ok && status === "default") return "is no described success";
    const text = await answer.text(), type = (answer.headers.get("content-type") ?? "").split(";")[0], content = responses[status].content;
    // What the HTTP server itself refuses (a line or header too long) never reaches the program and has no body.
    if ([400, 414, 431].includes(answer.status) && text === "") return undefined;
    if (!content || text === "") return content || text ? `has ${text ? "a body that is not described" : "no body"}` : undefined;
    if (!content[type]) return `is ${type}, not ${Object.keys(content)}`;
    if (!/json/.test(type)) return undefined;
    const pointer = ["paths", path, method, "responses", status, "content", type, "schema"].map((s) => s.replaceAll("~", "~0").replaceAll("/", "~1")).map(encodeURIComponent).join("/");
    if (!this.#checks.has(pointer)) this.#checks.set(pointer, this.#ajv.compile({ $ref: `api#/${pointer}` }));
    const check = this.#checks.get(pointer);
    return check(JSON.parse(text)) ? undefined : `${this.#ajv.errorsText(check.errors)} in ${text.slice(0, 400)}`;
  }
}

/** Begins to watch a server. */
export async function watch(url) {
  const document = await (await realFetch(`${url}/openapi/v1.json`)).json();
  const description = new Description(document);
  watched.set(new URL(url).origin, description);
  return description;
}

/** Ends it; throws when an answer was not as described. */
export function unwatch(url) {
  const description = watched.get(new URL(url).origin);
  watched.delete(new URL(url).origin);
  if (description?.faults.size) throw new Error(`Not as described at /openapi/v1.json:\n${[...description.faults].slice(0, 20).join("\n")}`);
}
