/**
 * JSON as the files of an audit have it (docs/reference/audit-directory.md, "JSON"): read strictly, written canonically.
 *
 * A parsed integer is a bigint. A number with a fraction or an exponent is JSON, but has no place in most of these files:
 * it is a `JsonFraction`, the text that it is written as. An object is a Map, so that no name of a key, such as
 * `__proto__`, means anything.
 */

import { Rejected } from "../rejected.js";
import { concatBytes, encodeUtf8, isWellFormedText } from "./text.js";

/** A number as it is written, with a fraction or an exponent. */
export class JsonFraction {
  constructor(readonly text: string) {}
}

export type JsonObject = Map<string, JsonValue>;
export type JsonValue = null | boolean | bigint | string | JsonFraction | JsonValue[] | JsonObject;

/** Arrays and objects within each other. */
const JSON_DEPTH = 32;
/** Characters of a number: as many as 2^63 has digits. */
const JSON_DIGITS = 19;
/** Quotes, and brackets twice: an object takes far more memory than its two bytes. */
const JSON_TOKENS = 2 ** 22;
const JSON_NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;

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
  /** Whether a text or key has half of a surrogate pair. */
  private surrogate = false;

  constructor(
    private readonly text: string,
    private readonly check: string,
    private readonly what: string,
    private readonly textCheck: string,
  ) {}

  document(): JsonValue {
    let tokens = 0;
    for (let i = 0; i < this.text.length; i++) {
      const character = this.text.charCodeAt(i);
      if (character === 0x5b || character === 0x7b) tokens += 2;
      else if (character === 0x22) tokens++;
    }
    if (tokens > JSON_TOKENS) this.fail("it has too many values");
    const value = this.value(1);
    this.space();
    if (this.at < this.text.length) this.fail("more follows after its end");
    if (this.surrogate) throw new Rejected(this.textCheck, `${this.what} has a text with half of a surrogate pair`);
    return value;
  }

  private fail(reason: string): never {
    throw new Rejected(this.check, `${this.what} is not acceptable JSON: ${reason}, at character ${this.at + 1}`);
  }

  private space(): void {
    for (; this.at < this.text.length; this.at++) {
      const character = this.text.charCodeAt(this.at);
      if (character !== 0x20 && character !== 0x09 && character !== 0x0a && character !== 0x0d) return;
    }
  }

  /** Whether the character is next; if so, it is passed. */
  private next(character: string): boolean {
    if (this.text[this.at] !== character) return false;
    this.at++;
    return true;
  }

  /** A value; an array or object is on this level. */
  private value(level: number): JsonValue {
    this.space();
    if (this.next("{")) return this.object(level);
    if (this.next("[")) return this.array(level);
    if (this.next('"')) return this.string();
    if (this.word("null")) return null;
    if (this.word("true")) return true;
    if (this.word("false")) return false;
    return this.number();
  }

  private word(word: string): boolean {
    if (!this.text.startsWith(word, this.at)) return false;
    this.at += word.length;
    return true;
  }

  private object(level: number): JsonObject {
    if (level > JSON_DEPTH) this.fail(`it is more than ${JSON_DEPTH} levels deep`);
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
      object.set(key, this.value(level + 1));
      this.space();
    } while (this.next(","));
    if (!this.next("}")) this.fail("an object does not end");
    return object;
  }

  private array(level: number): JsonValue[] {
    if (level > JSON_DEPTH) this.fail(`it is more than ${JSON_DEPTH} levels deep`);
    const array: JsonValue[] = [];
    this.space();
    if (this.next("]")) return array;
    do {
      array.push(this.value(level + 1));
      this.space();
    } while (this.next(","));
    if (!this.next("]")) this.fail("a list does not end");
    return array;
  }

  /** What is within quotes, the first of which is passed. */
  private string(): string {
    const parts: string[] = [];
    for (;;) {
      const start = this.at;
      for (; this.at < this.text.length; this.at++) {
        const character = this.text.charCodeAt(this.at);
        if (character === 0x22 || character === 0x5c || character < 0x20) break;
      }
      parts.push(this.text.slice(start, this.at));
      if (this.next('"')) break;
      if (!this.next("\\")) this.fail("a text does not end, or has a character that must be escaped");
      const escape = this.text.charAt(this.at++);
      const digits = this.text.slice(this.at, this.at + 4);
      if (escape === "u" && /^[0-9a-fA-F]{4}$/.test(digits)) {
        parts.push(String.fromCharCode(Number.parseInt(digits, 16)));
        this.at += 4;
      } else {
        parts.push(JSON_ESCAPES.get(escape) ?? this.fail("a text has an escape that JSON does not have"));
      }
    }
    const string = parts.join("");
    if (!isWellFormedText(string)) this.surrogate = true;
    return string;
  }

  private number(): bigint | JsonFraction {
    JSON_NUMBER.lastIndex = this.at;
    const found = JSON_NUMBER.exec(this.text);
    if (found === null) this.fail("a value is expected");
    const [literal, fraction, exponent] = found;
    if (literal.length > JSON_DIGITS) this.fail("a number has too many digits");
    this.at += literal.length;
    return fraction === undefined && exponent === undefined ? BigInt(literal) : new JsonFraction(literal);
  }
}

/**
 * The value that the text is in JSON (RFC 8259), and nothing looser than that: no key twice in an object, no number that
 * loses a digit, no half of a surrogate pair, bounded depth. Any other text is rejected under `check`, if it is only for
 * half of a surrogate pair under `textCheck`, with a reason that begins with `what`.
 */
export function parseJson(text: string, check: string, what: string, textCheck: string = check): JsonValue {
  return new JsonParser(text, check, what, textCheck).document();
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
