import assert from "node:assert/strict";
import { test } from "node:test";

import { Rejected } from "../verifier/rejected.js";

test("a rejection has the name of its check and a reason", () => {
  const rejection = new Rejected("truncated", "the file ends after 3 bytes");
  assert.equal(rejection.check, "truncated");
  assert.equal(rejection.message, "the file ends after 3 bytes");
});
