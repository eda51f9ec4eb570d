import assert from "node:assert/strict";
import { test } from "node:test";

import {
  canonicalJson,
  canonicalJsonFile,
  compareCodePoints,
  JsonFraction,
  parseJson,
  type JsonValue,
} from "../verifier/bytes/json.js";
import { decodeUtf8 } from "../verifier/bytes/text.js";
import { BadInput, Rejected } from "../verifier/rejected.js";
import { Seeded } from "./seeded.js";

const parsed = (text: string): JsonValue => parseJson(text, "json", "the file", "text");
const canonical = (value: JsonValue): string => decodeUtf8(canonicalJson(value))!;

function refused(text: string, check: string = "json"): void {
  assert.throws(
    () => parsed(text),
    (error) => error instanceof Rejected && error.check === check && error.message.startsWith("the file "),
    JSON.stringify(text.slice(0, 60)),
  );
}

/** A value as `JSON.parse` gives it, but for zeros below zero. */
function plain(value: JsonValue): unknown {
  if (typeof value === "bigint") return Number(value);
  if (value instanceof JsonFraction) return Number(value.text) + 0;
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, inner]) => [key, plain(inner)]));
  return value;
}

test("values are read as they are", () => {
  assert.equal(parsed("null"), null);
  assert.equal(parsed(" \t\r\n true\n"), true);
  assert.equal(parsed("false"), false);
  assert.equal(parsed("0"), 0n);
  assert.equal(parsed("-12"), -12n);
  assert.equal(parsed('"a\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\ud83d\\ude00€😀"'), 'a"\\/\b\f\n\r\tA😀€😀');
  assert.deepEqual(parsed("[ ]"), []);
  assert.deepEqual(parsed('[1,[2,"x"],{}]'), [1n, [2n, "x"], new Map()]);
  assert.deepEqual(parsed('{"b":1, "a" : {"c":[]}}'), new Map<string, JsonValue>([["b", 1n], ["a", new Map([["c", []]])]]));
});

test("an integer loses no digit, and a number with a fraction or an exponent is no integer", () => {
  assert.equal(parsed("9007199254740993"), 9007199254740993n);
  assert.equal(parsed("9223372036854775807"), 9223372036854775807n);
  for (const text of ["1.0", "1e2", "-0.5", "1E+2", "0e-1"]) {
    const value = parsed(text);
    assert.ok(value instanceof JsonFraction && value.text === text);
    assert.throws(() => canonicalJson([value]), TypeError);
  }
  refused("10000000000000000000");
  refused("-1000000000000000000");
  refused("0.123456789012345678");
  refused("9".repeat(1_000_000));
});

test("keys that mean something to JavaScript mean nothing", () => {
  const value = parsed('{"__proto__":{"toString":1},"constructor":2,"hasOwnProperty":3}') as Map<string, JsonValue>;
  assert.deepEqual([...value.keys()], ["__proto__", "constructor", "hasOwnProperty"]);
  assert.equal(value.get("toString"), undefined);
  assert.equal(({} as Record<string, unknown>)["toString"], Object.prototype.toString);
});

test("what is not JSON is rejected", () => {
  const bad = [
    "", " ", "nul", "nullx", "True", "NaN", "Infinity", "-Infinity", "undefined", "01", "-01", "+1", ".5", "5.", "1.e2",
    "1e", "1e+", "-", "0x1", "1_000", "1 2", "[", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "]", "{", '{"a"', '{"a":', '{"a":1',
    '{"a":1,', '{"a":1,}', '{"a" 1}', "{a:1}", "{1:2}", "{'a':1}", "'a'", '"', '"a', '"\\"', '"\\x41"', '"\\u12"',
    '"\\u00zz"', '"\\u 123"', '"\\u+123"', '"\\U0041"', '"\t"', '"\n"', '"\u0000"', '"\u001f"', "\u00a01", "\u000b1", "\ufeff1",
    "1\u0000", "// a\n1", "/**/1", "[1]]", '{"a":1}}', '"a" "b"', "١", '{"a":1,"a":1}', '{"a":1,"b":2,"\\u0061":1}',
    '[{"x":{"":1,"":2}}]',
  ];
  for (const text of bad) refused(text);
});

test("half of a surrogate pair is rejected, in a text and in a key, under the check for texts", () => {
  for (const text of ['"\\ud800"', '"\\udc00"', '"\\ude00\\ud83d"', '{"\\ud83d":1}', '["a\\ud83dx"]', '"\\ud83d\\u0041"']) {
    refused(text, "text");
  }
  // First of all a file must be JSON.
  refused('["\\ud800"');
  assert.throws(() => canonicalJson(["\ud800"]), BadInput);
});

test("depth and the number of values are bounded", () => {
  const deep = (n: number): string => "[".repeat(n) + "]".repeat(n);
  const objects = (n: number): string => '{"a":'.repeat(n) + "1" + "}".repeat(n);
  assert.doesNotThrow(() => parsed(deep(32)));
  assert.doesNotThrow(() => parsed(objects(32)));
  refused(deep(33));
  refused(objects(33));
  refused(deep(100_000));
  refused("[".repeat(1_000_000));
  refused('{"a":'.repeat(500_000));
  assert.doesNotThrow(() => parsed(`[${deep(31)},${deep(31)}]`));
  refused(`[${"{},".repeat(2 ** 21)}{}]`);
  refused(`"${"[".repeat(2 ** 21)}"`);
});

test("whatever is taken is what JSON.parse reads, and what is made of it by chance is taken or rejected", () => {
  const random = new Seeded("json");
  const pieces = ["{", "}", "[", "]", ",", ":", '"', "\\", "a", '"a"', '"b":', "0", "1", "-", ".", "e", " ", "\n", "null", "true", "u0041", "\u0001", "é"];
  let taken = 0;
  for (let i = 0; i < 30_000; i++) {
    const text = Array.from({ length: 1 + random.below(7) }, () => random.of(pieces)).join("");
    let value: JsonValue;
    try {
      value = parsed(text);
    } catch (error) {
      assert.ok(error instanceof Rejected);
      continue;
    }
    taken++;
    assert.deepEqual(plain(value), JSON.parse(text, (_, inner: unknown) => (inner === 0 ? 0 : inner)), text);
  }
  assert.ok(taken > 500, `${taken} texts were JSON`);
});

test("the canonical form is one, to the byte", () => {
  const value = parsed(
    ' { "b" : [ 1 , -2, true,false , null ], "a":"\\u0061\\/\\u000a\\u000b\\u007f\\u2028", "":{}, "a\\u0000":[], "A":"\\"\\\\" } ',
  );
  assert.equal(
    canonical(value),
    '{"":{},"A":"\\"\\\\","a":"a/\\n\\u000b\u007f\u2028","a\\u0000":[],"b":[1,-2,true,false,null]}',
  );
  const controls = Array.from({ length: 32 }, (_, i) => String.fromCharCode(i)).join("");
  assert.equal(
    canonical(controls),
    '"\\u0000\\u0001\\u0002\\u0003\\u0004\\u0005\\u0006\\u0007\\b\\t\\n\\u000b\\f\\r\\u000e\\u000f' +
      '\\u0010\\u0011\\u0012\\u0013\\u0014\\u0015\\u0016\\u0017\\u0018\\u0019\\u001a\\u001b\\u001c\\u001d\\u001e\\u001f"',
  );
  assert.equal(decodeUtf8(canonicalJsonFile([])), "[]\n");
  assert.equal(canonical(parsed("-0")), "0");
});

test("keys are sorted by code points, not by the units of UTF-16", () => {
  const keys = ["", "a", "aa", "b", "\ud7ff", "\ue000", "\uff5e", "\uffff", "\u{10000}", "\u{1f600}", "\u{10ffff}", "a\uff5e", "a\u{1f600}"];
  const slow = (a: string, b: string): number => {
    const [x, y] = [[...a], [...b]].map((text) => text.map((point) => point.codePointAt(0)!)) as [number[], number[]];
    const i = x.findIndex((point, at) => point !== y[at]);
    return i < 0 ? x.length - y.length : y[i] === undefined ? 1 : x[i]! - y[i]!;
  };
  for (const a of keys) {
    for (const b of keys) assert.equal(Math.sign(compareCodePoints(a, b)), Math.sign(slow(a, b)), `${a} ${b}`);
  }
  assert.equal(canonical(parsed('{"\u{1f600}":1,"\uff5e":2}')), '{"\uff5e":2,"\u{1f600}":1}');
  assert.notEqual(["\uff5e", "\u{1f600}"].sort()[0], "\uff5e");
});

test("a canonical text is read and written unchanged, and values come back", () => {
  const random = new Seeded("canonical");
  const value = (depth: number): JsonValue => {
    const kind = random.below(depth === 0 ? 4 : 6);
    if (kind === 0) return random.of([null, true, false]);
    if (kind === 1) return random.big(10n ** 18n) - 10n ** 17n;
    if (kind < 4) return text();
    if (kind === 4) return Array.from({ length: random.below(4) }, () => value(depth - 1));
    return new Map(Array.from({ length: random.below(5) }, () => [text(), value(depth - 1)]));
  };
  const text = (): string =>
    Array.from({ length: random.below(5) }, () => {
      const point = random.of([random.below(0x80), random.below(0x3000), 0xe000 + random.below(0x10fff - 0xe000)]);
      return String.fromCodePoint(point);
    }).join("");
  for (let i = 0; i < 500; i++) {
    const original = value(4);
    const form = canonical(original);
    const again = parsed(form);
    assert.equal(canonical(again), form);
    assert.deepEqual(JSON.parse(form), plain(original));
  }
});
