import assert from "node:assert/strict";
import { test } from "node:test";

import { concatBytes, encodeUtf8, u64le } from "../verifier/bytes/text.js";
import { Reader } from "../verifier/bytes/reader.js";
import { BABYBEAR } from "../verifier/fields/babybear.js";
import { GOLDILOCKS } from "../verifier/fields/goldilocks.js";
import { HASHES } from "../verifier/hashes/all.js";
import { Rejected } from "../verifier/rejected.js";
import { digestToBytes, hashByName } from "./digests.js";
import { Seeded } from "./seeded.js";

const u32le = (value: number): Uint8Array => new Uint8Array(Uint32Array.of(value).buffer);

function rejects(check: string, read: () => unknown): void {
  assert.throws(read, (error) => error instanceof Rejected && error.check === check && error.message.startsWith("the proof "));
}

/** A reader whose bytes do not begin where their buffer does. */
const reader = (...parts: Uint8Array[]): Reader => {
  const bytes = concatBytes(Uint8Array.of(9, 9, 9), ...parts, Uint8Array.of(9));
  return new Reader(bytes.subarray(3, bytes.length - 1), "the proof");
};

test("items are read in order, little-endian, to the end", () => {
  const digest = Uint8Array.from({ length: 32 }, (_, i) => i);
  const file = reader(encodeUtf8("PPTEST\0\0"), u32le(2), u64le(2n ** 64n - 1n), u64le(7), digest, digest, u64le(5), u32le(6));
  file.magic("PPTEST\0\0");
  file.version(2);
  assert.equal(file.u64(), 2n ** 64n - 1n);
  assert.equal(file.count(7, "the number of rows"), 7);
  assert.deepEqual(digestToBytes(file.digest(hashByName("sha256"))), digest);
  assert.deepEqual(file.take(32), digest);
  assert.equal(file.element(GOLDILOCKS), 5n);
  assert.equal(file.left(), 4);
  assert.equal(file.element(BABYBEAR), 6n);
  file.end();
  assert.equal(file.take(0).length, 0);
});

test("a file that ends too early, or goes on, is rejected", () => {
  const short = (n: number): Reader => reader(new Uint8Array(n));
  rejects("truncated", () => short(3).u32());
  rejects("truncated", () => short(7).u64());
  rejects("truncated", () => short(7).count(1, "n"));
  rejects("truncated", () => short(0).take(1));
  rejects("truncated", () => short(31).digest(hashByName("blake3")));
  rejects("truncated", () => short(7).element(GOLDILOCKS));
  rejects("truncated", () => short(3).element(BABYBEAR));
  rejects("truncated", () => short(3).magic("ABCD"));
  rejects("trailing-bytes", () => short(1).end());
});

test("many items are not begun where there are few bytes, however many are asked for", () => {
  const file = reader(new Uint8Array(64));
  for (const n of [3, 1e9, Number.MAX_SAFE_INTEGER]) {
    rejects("truncated", () => file.digests(hashByName("blake3"), n));
    rejects("truncated", () => file.elements(GOLDILOCKS, 4 * n));
    rejects("truncated", () => file.take(64 * n));
  }
  assert.equal(file.left(), 64);
  assert.equal(file.digests(hashByName("blake3"), 1).length, 1);
  assert.deepEqual(file.elements(GOLDILOCKS, 2), [0n, 0n]);
  assert.deepEqual(file.elements(BABYBEAR, 4), [0n, 0n, 0n, 0n]);
  file.end();
});

test("another magic, another version and numbers out of their bounds are rejected", () => {
  for (let i = 0; i < 4; i++) {
    const bytes = encodeUtf8("ABCD");
    bytes[i]! ^= 1;
    rejects("magic", () => reader(bytes).magic("ABCD"));
  }
  rejects("version", () => reader(u32le(1)).version(2));
  rejects("version", () => reader(u32le(0x01000002)).version(2));
  for (const value of [8n, 2n ** 32n + 7n, 2n ** 53n, 2n ** 64n - 1n]) {
    rejects("range", () => reader(u64le(value)).count(7, "the number of rows"));
  }
  for (const value of [GOLDILOCKS.modulus, 2n ** 64n - 1n]) {
    rejects("element-canonical", () => reader(u64le(value)).element(GOLDILOCKS));
  }
  for (const value of [Number(BABYBEAR.modulus), 2 ** 32 - 1]) {
    rejects("element-canonical", () => reader(u32le(value)).element(BABYBEAR));
  }
  assert.equal(reader(u64le(GOLDILOCKS.modulus - 1n)).element(GOLDILOCKS), GOLDILOCKS.modulus - 1n);
});

test("whatever the bytes, reading gives a value or a rejection", () => {
  const random = new Seeded("reader");
  let [whole, rejected] = [0, 0];
  for (let i = 0; i < 2000; i++) {
    const bytes = random.bytes(random.below(120));
    if (i % 2 === 0) for (let at = 0; at < bytes.length; at++) if (bytes[at]! < 200) bytes[at] = 0;
    const file = new Reader(bytes);
    try {
      while (file.left() > 0) {
        const n = random.below(3);
        random.of([
          () => file.u32(),
          () => file.u64(),
          () => file.count(random.below(2 ** 40), "n"),
          () => file.take(n),
          () => file.digests(random.of(HASHES), n),
          () => file.elements(random.of([GOLDILOCKS, BABYBEAR]), n),
          () => file.version(0),
          () => file.magic("\0"),
        ])();
      }
      file.end();
      whole++;
    } catch (error) {
      assert.ok(error instanceof Rejected, String(error));
      rejected++;
    }
  }
  assert.ok(whole > 20 && rejected > 100, `${whole} read, ${rejected} rejected`);
});
