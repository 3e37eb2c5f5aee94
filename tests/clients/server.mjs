// Starts the built server on a data folder of its own and a free port, and speaks to it.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { setTimeout as pause } from "node:timers/promises";
import { unwatch, watch } from "./described.mjs";

export const program = fileURLToPath(new URL("../../artifacts/bin/Billing.Functions/release/Billing.Functions", import.meta.url));
const patienceMs = 60_000;
const children = new Set(), folders = new Set();
process.on("exit", () => {
  children.forEach((child) => child.kill("SIGKILL"));
  folders.forEach((folder) => rmSync(folder, { recursive: true, force: true }));
});

/** Parses JSON, keeping every number as its text: doubles would hide a wrong last digit. */
export const parseExact = (text) =>
  JSON.parse(text.replace(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g, (token) => (token[0] === '"' ? token : `"${token}"`)));

export class Server {
  #child;
  #folder = mkdtempSync(join(tmpdir(), "billing-clients-"));
  key = "dev";
  output = "";

  constructor(env = {}) {
    this.env = env;
    folders.add(this.#folder);
  }

  /** Starts the program on this server's folder; resolves when it says where it listens. */
  async start() {
    this.output = "";
    const env = { ...process.env, BILLING_DATA: this.#folder, BILLING_API_KEY: this.key, BILLING_TEST_CLOCK: "1", ...this.env };
    const child = (this.#child = spawn(program, ["--urls", "http://127.0.0.1:0"], { env, stdio: ["ignore", "pipe", "pipe"] }));
    children.add(child);
    child.once("exit", () => children.delete(child));
    this.url = await new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`The server did not start:\n${this.output}`)), patienceMs);
      const hear = (bytes) => {
        this.output += bytes;
        const said = /ready at (http:\S+)/.exec(this.output);
        if (!said) return;
        clearTimeout(timer);
        resolve(said[1]);
      };
      child.stdout.on("data", hear);
      child.stderr.on("data", hear);
      child.once("exit", (code) => {
        clearTimeout(timer);
        reject(new Error(`The server ended with ${code}:\n${this.output}`));
      });
      child.once("error", reject);
    });
    // A test that fails half-way must not leave the test runner waiting for the server.
    child.unref();
    child.stdout.unref();
    child.stderr.unref();
    this.described = await watch(this.url);
    return this;
  }

  /** Ends the program as a power cut would: no notice, no last write. The folder stays. Throws when an answer was not as described. */
  async kill() {
    const child = this.#child;
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.ref();
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
    unwatch(this.url);
  }

  /** Ends the program and removes the folder. */
  async stop() {
    try {
      await this.kill();
    } finally {
      rmSync(this.#folder, { recursive: true, force: true });
    }
  }

  /** Where its data is. */
  get folder() {
    return this.env.BILLING_DATA ?? this.#folder;
  }

  get isUp() {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Sends a request as it is; nothing is retried. */
  fetch(path, init = {}) {
    const headers = Object.entries({ authorization: `Bearer ${this.key}`, ...init.headers }).filter(([, value]) => value !== null);
    return fetch(this.url + path, { ...init, headers });
  }

  /** Sends JSON, answers {status, headers, body} with numbers as text; body is text where it is no JSON. */
  async send(method, path, body, headers = {}) {
    const init = { method, headers };
    if (body !== undefined) {
      init.headers = { "content-type": "application/json", ...headers };
      init.body = typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body);
    }
    const answer = await this.fetch(path, init);
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, body: /json/.test(answer.headers.get("content-type") ?? "") ? parseExact(text) : text };
  }

  /** Sends JSON and answers the body; throws on any status but 2xx. */
  async ask(method, path, body) {
    const answer = await this.send(method, path, body);
    if (answer.status < 200 || answer.status > 299) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  get = (path) => this.ask("GET", path);
  post = (path, body) => this.ask("POST", path, body);

  /** Empties the store and sets the clock, which then stands still. */
  reset = (now) => this.post("/v1/test/reset", { now });

  /** Moves the clock; all that falls due on the way is done before it answers. */
  clock = (now) => this.post("/v1/test/clock", { now });

  /** What became of all events, as BigInt. */
  async stats() {
    const { data } = await this.get("/v1/ingest/stats");
    return Object.fromEntries(Object.entries(data).map(([name, value]) => [name, /^\d+$/.test(value) ? BigInt(value) : value]));
  }

  /** Waits until every accepted event is counted, and answers the stats. */
  async counted() {
    for (const until = Date.now() + patienceMs; ; await pause(20)) {
      const stats = await this.stats();
      if (stats.pending === 0n) return stats;
      if (Date.now() > until) throw new Error(`Still pending: ${stats.pending}`);
    }
  }

  /** Waits until a meter has counted the events that came before it. */
  async filled(meterId) {
    for (const until = Date.now() + patienceMs; ; await pause(20)) {
      const { data } = await this.get(`/v1/billable-metrics/${meterId}`);
      if (!data.backfill) return;
      if (Date.now() > until) throw new Error(`Still filling: ${meterId}`);
    }
  }
}

/** A started server, emptied, with its clock at an instant. */
export async function serverAt(now, env) {
  const server = await new Server(env).start();
  await server.reset(now);
  return server;
}
