// What the official Metronome SDK throws when a request is refused.
import assert from "node:assert/strict";
import Metronome from "@metronome/sdk";

/** For assert.rejects: the refusal has this status, and names this field. */
export const refused = (status, field) => (error) => {
  assert.ok(error instanceof Metronome.APIError, error.stack);
  assert.deepEqual([error.status, error.error.field], [status, field], error.message);
  return true;
};
