import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { test } from "node:test";

import { toHex } from "../verifier/bytes/hex.js";
import { encodeUtf8 } from "../verifier/bytes/text.js";
import { hmacSha256, sha256 } from "../verifier/hashes/sha256.js";
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

test("HMAC-SHA-256 of RFC 4231, section 4", () => {
  const repeated = (byte: number, n: number): Uint8Array => new Uint8Array(n).fill(byte);
  const cases: [Uint8Array, Uint8Array, string][] = [
    [repeated(0x0b, 20), encodeUtf8("Hi There"), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"],
    [
      encodeUtf8("Jefe"),
      encodeUtf8("what do ya want for nothing?"),
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    ],
    [repeated(0xaa, 20), repeated(0xdd, 50), "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"],
    [
      Uint8Array.from({ length: 25 }, (_, i) => i + 1),
      repeated(0xcd, 50),
      "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
    ],
    [
      repeated(0xaa, 131),
      encodeUtf8("Test Using Larger Than Block-Size Key - Hash Key First"),
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
    ],
    [
      repeated(0xaa, 131),
      encodeUtf8(
        "This is a test using a larger than block-size key and a larger than block-size data. The key needs to be " +
          "hashed before being used by the HMAC algorithm.",
      ),
      "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
    ],
  ];
  for (const [key, message, code] of cases) assert.equal(toHex(hmacSha256(key, message)), code);
});

test("HMAC-SHA-256 with keys around the length of a block is that of node", () => {
  const random = new Seeded("hmac");
  for (const n of [0, 1, 32, 63, 64, 65, 128]) {
    const [key, message] = [random.bytes(n), random.bytes(random.below(150))];
    assert.equal(toHex(hmacSha256(key, message)), createHmac("sha256", key).update(message).digest("hex"));
  }
});
