import assert from "node:assert/strict";
import { test } from "node:test";

import { toHex } from "../verifier/bytes/hex.js";
import { concatBytes, decodeUtf8, encodeUtf8, isWellFormedText, sameBytes, u64le } from "../verifier/bytes/text.js";
import { BadInput } from "../verifier/rejected.js";
import { fromHex } from "./digests.js";
import { Seeded } from "./seeded.js";

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** What node's decoder says, or null. */
function decoded(bytes: Uint8Array): string | null {
  try {
    return strict.decode(bytes);
  } catch {
    return null;
  }
}

test("every code point goes to UTF-8 and back, and a surrogate by itself does not", () => {
  for (let point = 0; point <= 0x10ffff; point += point % 0x400 < 3 ? 1 : 61) {
    const text = String.fromCodePoint(point);
    if (point >= 0xd800 && point <= 0xdfff) {
      assert.equal(isWellFormedText(text), false);
      assert.throws(() => encodeUtf8(`a${text}b`), BadInput);
      continue;
    }
    const bytes = encodeUtf8(text);
    assert.deepEqual(bytes, new TextEncoder().encode(text));
    assert.equal(decodeUtf8(bytes), text);
  }
  assert.equal(isWellFormedText("\ude00\ud83d"), false);
  assert.equal(isWellFormedText("\ud83d\ud83d\ude00"), false);
  assert.equal(isWellFormedText("a\ud83d\ude00b"), true);
});

test("bytes that are not UTF-8 are null, as node refuses them", () => {
  const bad = [
    "80", // a continuation byte alone
    "c0af", // the forms of RFC 3629, section 10, that are longer than they need to be
    "c1bf",
    "e080af",
    "f08080af",
    "eda080", // surrogates
    "edbfbf",
    "eda0bdedb880", // a pair of them
    "f4908080", // above U+10FFFF
    "f7bfbfbf",
    "f888808080",
    "fe",
    "ff",
    "c3", // cut
    "e282",
    "f09f98",
    "c328", // no continuation byte
    "e28228",
    "f09f2880",
  ];
  for (const hex of bad) {
    for (const around of [hex, `61${hex}`, `${hex}61`]) {
      const bytes = fromHex(around);
      assert.equal(decodeUtf8(bytes), null, around);
      assert.equal(decoded(bytes), null, around);
    }
  }
});

test("any bytes are read as node reads them", () => {
  const random = new Seeded("utf-8");
  const alphabet = [0x00, 0x22, 0x61, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc2, 0xdf, 0xe0, 0xe2, 0xed, 0xef];
  for (let i = 0; i < 4000; i++) {
    const bytes = Uint8Array.from(random.bytes(1 + random.below(6)), (byte) =>
      byte < 40 ? 0xf0 + (byte % 6) : alphabet[byte % alphabet.length]!,
    );
    assert.equal(decodeUtf8(bytes), decoded(bytes), toHex(bytes));
  }
});

test("a long text is read whole", () => {
  const text = "aé€😀".repeat(30_000);
  assert.equal(decodeUtf8(encodeUtf8(text)), text);
  assert.equal(decodeUtf8(new Uint8Array()), "");
  assert.equal(decodeUtf8(encodeUtf8("\ufeffa")), "\ufeffa");
});

test("hexadecimal is lower-case, two digits a byte", () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
  assert.equal(toHex(bytes), Buffer.from(bytes).toString("hex"));
  assert.equal(toHex(new Uint8Array()), "");
});

test("numbers of eight bytes, arrays one after the other, and arrays that are the same", () => {
  assert.equal(toHex(u64le(0x0102030405060708n)), "0807060504030201");
  assert.equal(toHex(u64le(2n ** 64n - 1n)), "ff".repeat(8));
  assert.equal(toHex(u64le(258)), "0201000000000000");
  assert.equal(toHex(concatBytes(u64le(1).subarray(0, 1), new Uint8Array(), Uint8Array.of(2, 3))), "010203");
  assert.ok(sameBytes(Uint8Array.of(1, 2), Uint8Array.of(0, 1, 2).subarray(1)));
  assert.ok(!sameBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 3)));
  assert.ok(!sameBytes(Uint8Array.of(1, 2), Uint8Array.of(1)));
});
