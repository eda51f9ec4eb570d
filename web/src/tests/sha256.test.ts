import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";

import { toHex } from "../verifier/bytes/hex.js";
import { encodeUtf8 } from "../verifier/bytes/text.js";
import { sha256 } from "../verifier/hashes/sha256.js";
import { Seeded } from "./seeded.js";

test("SHA-256 of the examples of the standard", () => {
  // FIPS 180-2, appendix B, and NIST's "Examples with intermediate values" for SHA-256.
  const examples: [string, string][] = [
    ["", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
    ["abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
    [
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
    ],
    [
      "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
      "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1",
    ],
    ["a".repeat(1_000_000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"],
  ];
  for (const [message, digest] of examples) assert.equal(toHex(sha256(encodeUtf8(message))), digest);
});

test("SHA-256 of every length up to three blocks is that of node", () => {
  const random = new Seeded("sha256");
  for (let n = 0; n <= 200; n++) {
    // Not at the beginning of its buffer, as the parts of a file are.
    const bytes = random.bytes(n + 3).subarray(3);
    assert.equal(toHex(sha256(bytes)), createHash("sha256").update(bytes).digest("hex"), `${n} bytes`);
  }
});
