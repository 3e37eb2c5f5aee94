// What a newcomer does wrong at the start: each is told in a few lines, and the program ends with 2.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { program, Server } from "./server.mjs";

let folder, server, taken;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), "billing-start-"));
  server = await new Server().start();
  taken = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => taken.once("listening", resolve));
});
after(async () => {
  taken.close();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs the program until it ends, 20 s at most. */
const run = (args, env = {}) =>
  new Promise((resolve) => {
    const child = spawn(program, args, { env: { ...process.env, BILLING_DATA: join(folder, "data"), ...env } });
    const timer = setTimeout(() => child.kill("SIGKILL"), 20_000);
    let out = "", errors = "";
    child.stdout.on("data", (bytes) => (out += bytes));
    child.stderr.on("data", (bytes) => (errors += bytes));
    child.on("exit", (code) => (clearTimeout(timer), resolve({ code, out, errors })));
  });
const free = ["--urls", "http://127.0.0.1:0"];
const made = (name, make) => (make(join(folder, name)), join(folder, name));

describe("a start that can't be", () => {
  for (const [name, args, env, said] of [
    ["another server has the folder", () => free, () => ({ BILLING_DATA: server.folder }), /is in use by another process/],
    ["another program has the port", () => ["--urls", `http://127.0.0.1:${taken.address().port}`], undefined, /address already in use/],
    ["a port that is none", () => ["--urls", "http://127.0.0.1:99999"], undefined, /a number from 0 to 65535/],
    ["an address that is none", () => ["--urls", "nonsense"], undefined, /Invalid url: 'nonsense'/],
    ["HTTPS without a certificate", () => ["--urls", "https://127.0.0.1:0"], undefined, /certificate/],
    ["a folder that can't be made", () => free, () => ({ BILLING_DATA: "/proc/billing" }), /'\/proc\/billing' can't be used as a data folder/],
    ["a file where the folder should be", () => free, () => ({ BILLING_DATA: made("file", (f) => writeFileSync(f, "")) }), /file' can't be used as a data folder/],
    ["a database that is none", () => free, () => ({ BILLING_DATA: made("none", (f) => (mkdirSync(f), writeFileSync(join(f, "billing.db"), "x".repeat(100_000)))) }), /billing\.db' can't be opened.*not a database/],
    ["a setting that is no number", () => free, () => ({ BILLING_BEHIND_DAYS: "many" }), /BILLING_BEHIND_DAYS is a whole number from 1 to 36500, not 'many'/],
    ["a setting that is neither 0 nor 1", () => free, () => ({ BILLING_TEST_CLOCK: "yes" }), /BILLING_TEST_CLOCK is 0 or 1, not 'yes'/],
    ["a misspelt setting", () => [...free, "--BILLING_BEHIND=30"], undefined, /There is no setting '--BILLING_BEHIND=30'/],
    ["a misspelt option", () => ["--hepl"], undefined, /There is no setting '--hepl'/],
    ["a misspelt command", () => ["dmeo"], undefined, /There is no command 'dmeo'/],
  ])
    test(name, async () => {
      const { code, out, errors } = await run(args(), env?.());
      assert.equal(code, 2, errors);
      assert.match(errors, said);
      assert.equal(out, "");
      assert.doesNotMatch(errors, /^\s+at |Unhandled/m, "no stack trace");
      assert.ok(errors.split("\n").length <= (/^There is no/.test(errors) ? 30 : 6), errors);
    });
});

test("help is printed and is no fault", async () => {
  const { code, out, errors } = await run(["--help"]);
  assert.deepEqual([code, errors], [0, ""]);
  assert.match(out, /BILLING_DATA/);
});
