/**
 * JSON as the files of an audit have it (docs/reference/audit-directory.md): read strictly, written canonically.
 *
 * A parsed integer is a bigint, whatever its size, so that no digit is lost. A number with a fraction or an exponent is
 * JSON but belongs nowhere in these files: it is a `JsonFraction`, which no reader of a value accepts. An object is a Map,
 * so that no name of a key, such as `__proto__`, means anything.
 */

import { Rejected } from "../rejected.js";
import { concatBytes, encodeUtf8, isWellFormedText } from "./text.js";

/** A number as it is written, with a fraction or an exponent. */
export class JsonFraction {
  constructor(readonly text: string) {}
}

export type JsonObject = Map<string, JsonValue>;
export type JsonValue = null | boolean | bigint | string | JsonFraction | JsonValue[] | JsonObject;

/** Arrays and objects within each other: more than any file of an audit has. */
const JSON_DEPTH = 64;
/** Digits of an integer: more than any amount has, and few enough for `BigInt` to be quick about it. */
const JSON_DIGITS = 1024;

const JSON_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ["\\", "\\"],
  ["/", "/"],
  ["b", "\b"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
]);

/** One pass over the text, from left to right. */
class JsonParser {
  private at = 0;

  constructor(
    private readonly text: string,
    private readonly check: string,
    private readonly what: string,
  ) {}

  document(): JsonValue {
    const value = this.value(0);
    this.space();
    if (this.at < this.text.length) this.fail("more follows after its end");
    return value;
  }

  private fail(reason: string): never {
    throw new Rejected(this.check, `${this.what} is not JSON: ${reason} (character ${this.at + 1})`);
  }

  private space(): void {
    while (/[ \t\n\r]/.test(this.text.charAt(this.at))) this.at++;
  }

  /** Whether the character is next; if so, it is passed. */
  private next(character: string): boolean {
    if (this.text[this.at] !== character) return false;
    this.at++;
    return true;
  }

  private value(depth: number): JsonValue {
    this.space();
    if (depth > JSON_DEPTH) this.fail(`it is more than ${JSON_DEPTH} deep`);
    if (this.next("{")) return this.object(depth);
    if (this.next("[")) return this.array(depth);
    if (this.next('"')) return this.string();
    for (const [word, value] of [["null", null], ["true", true], ["false", false]] as const) {
      if (this.text.startsWith(word, this.at)) {
        this.at += word.length;
        return value;
      }
    }
    return this.number();
  }

  private object(depth: number): JsonObject {
    const object: JsonObject = new Map();
    this.space();
    if (this.next("}")) return object;
    do {
      this.space();
      if (!this.next('"')) this.fail("a key is expected");
      const key = this.string();
      if (object.has(key)) this.fail("an object has a key twice");
      this.space();
      if (!this.next(":")) this.fail("a colon is expected");
      object.set(key, this.value(depth + 1));
      this.space();
    } while (this.next(","));
    if (!this.next("}")) this.fail("an object does not end");
    return object;
  }

  private array(depth: number): JsonValue[] {
    const array: JsonValue[] = [];
    this.space();
    if (this.next("]")) return array;
    do {
      array.push(this.value(depth + 1));
      this.space();
    } while (this.next(","));
    if (!this.next("]")) this.fail("a list does not end");
    return array;
  }

  /** What is within quotes, the first of which is passed. */
  private string(): string {
    let string = "";
    for (;;) {
      const plain = /[^"\\\u0000-\u001f]*/y;
      plain.lastIndex = this.at;
      string += plain.exec(this.text)![0];
      this.at = plain.lastIndex;
      if (this.next('"')) break;
      if (!this.next("\\")) this.fail("a text does not end, or has a character that must be escaped");
      const escape = this.text.charAt(this.at++);
      const digits = this.text.slice(this.at, this.at + 4);
      if (escape === "u" && /^[0-9a-fA-F]{4}$/.test(digits)) {
        string += String.fromCharCode(Number.parseInt(digits, 16));
        this.at += 4;
      } else {
        string += JSON_ESCAPES.get(escape) ?? this.fail("a text has an escape that JSON does not know");
      }
    }
    if (!isWellFormedText(string)) this.fail("a text has half of a surrogate pair");
    return string;
  }

  private number(): bigint | JsonFraction {
    const pattern = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (found === null) this.fail("a value is expected");
    const [literal, fraction, exponent] = found;
    if (literal.length > JSON_DIGITS) this.fail("a number is too long");
    this.at = pattern.lastIndex;
    return fraction === undefined && exponent === undefined ? BigInt(literal) : new JsonFraction(literal);
  }
}

/**
 * The value that the text is in JSON (RFC 8259), and nothing looser: no key twice in an object, no half of a surrogate
 * pair, at most 64 levels. Any other text is rejected under `check`, with a reason that begins with `what`.
 */
export function parseJson(text: string, check: string, what: string): JsonValue {
  return new JsonParser(text, check, what).document();
}

/** By code points, as canonical JSON sorts keys. Where one text has a surrogate, JavaScript's own order is another. */
export function compareCodePoints(a: string, b: string): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    // Half of a pair stands for a code point above all that have one unit.
    const surrogates = Number(x >= 0xd800 && x <= 0xdfff) - Number(y >= 0xd800 && y <= 0xdfff);
    return surrogates !== 0 ? surrogates : x - y;
  }
  return a.length - b.length;
}

/** The escapes that have a letter of their own. */
const JSON_LETTERS: ReadonlyMap<string, string> = new Map(
  [...JSON_ESCAPES].filter(([letter]) => letter !== "/").map(([letter, character]) => [character, `\\${letter}`]),
);

function canonicalText(text: string): string {
  const inner = text.replace(
    /["\\\u0000-\u001f]/g,
    (character) => JSON_LETTERS.get(character) ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return `"${inner}"`;
}

function canonicalValue(value: JsonValue): string {
  if (value === null || typeof value === "boolean" || typeof value === "bigint") return String(value);
  if (typeof value === "string") return canonicalText(value);
  if (value instanceof JsonFraction) throw new TypeError("a number with a fraction has no canonical form");
  if (Array.isArray(value)) return `[${value.map(canonicalValue).join(",")}]`;
  const entries = [...value].sort(([a], [b]) => compareCodePoints(a, b));
  return `{${entries.map(([key, inner]) => `${canonicalText(key)}:${canonicalValue(inner)}`).join(",")}}`;
}

/** The canonical form without a line feed at its end, in UTF-8. The value has no `JsonFraction` in it. */
export function canonicalJson(value: JsonValue): Uint8Array {
  return encodeUtf8(canonicalValue(value));
}

/** The canonical form as a file has it, with its line feed. */
export function canonicalJsonFile(value: JsonValue): Uint8Array {
  return concatBytes(canonicalJson(value), Uint8Array.of(0x0a));
}
