/**
 * An object of a JSON file that others wrote: each value is taken with its type and its bounds, or the file is rejected.
 * Texts are those of docs/reference/audit-directory.md, "Texts and numbers".
 */
import { JsonFraction } from "../bytes/json.js";
import type { JsonObject, JsonValue } from "../bytes/json.js";
import { Rejected } from "../rejected.js";

/** A form that a text must have from its first character to its last, and how a reason calls it. */
export interface TextForm {
  readonly pattern: RegExp;
  readonly called: string;
}

export const NAME_FORM: TextForm = {
  pattern: /^[a-z0-9]+(-[a-z0-9]+)*$/,
  called: "lower case letters, digits and single hyphens",
};
export const DIGEST_FORM: TextForm = { pattern: /^[0-9a-f]{64}$/, called: "64 lower-case hexadecimal digits" };
export const SYMBOL_FORM: TextForm = {
  pattern: /^[A-Za-z0-9][A-Za-z0-9.+_$-]{0,31}$/,
  called: "1 to 32 letters, digits or . + _ $ -, the first a letter or digit",
};
export const AUDIT_ID_FORM: TextForm = {
  pattern: /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/,
  called: "1 to 128 letters, digits, dots, hyphens and underscores, the first a letter or digit",
};
/** An amount in base units. */
export const UNITS_FORM: TextForm = {
  pattern: /^(0|[1-9][0-9]{0,159})$/,
  called: "a whole number of at most 160 digits, as text",
};
export const DECIMAL_FORM: TextForm = {
  pattern: /^(0|[1-9][0-9]{0,160})(\.[0-9]{0,159}[1-9])?$/,
  called: "an exact decimal without a sign and without trailing zeros, as text",
};

const TIME_PATTERN = /^([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})Z$/;

/** Whether a text is a time in UTC to the second, in the calendar, of a year from 1000 on: `2025-01-31T23:59:59Z`. */
export function isTime(text: string): boolean {
  const found = TIME_PATTERN.exec(text);
  if (found === null) return false;
  const [year, month, day, hour, minute, second] = found.slice(1).map(Number) as [number, number, number, number, number, number];
  return year >= 1000 && isDay(year, month, day) && hour < 24 && minute < 60 && second < 60;
}

/** Whether there is such a day. */
export function isDay(year: number, month: number, day: number): boolean {
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1];
  return days !== undefined && day >= 1 && day <= days;
}

/** Whether every character can be printed: none is of the Unicode categories C and Z, but for the space. */
export function isPrintable(text: string): boolean {
  return /^(?:[^\p{C}\p{Z}]| )*$/u.test(text);
}

/** Whether a text is at most so many characters (code points) long. */
export function isWithin(text: string, longest: number): boolean {
  if (text.length <= longest) return true;
  return text.length <= 2 * longest && [...text].length <= longest;
}

/** A text as a reason may quote it: short, and nothing in it but printable ASCII. */
export function quoted(text: string): string {
  const short = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  return `“${short.replace(/[^\x20-\x7e…]/g, "?")}”`;
}

export class Keys {
  private constructor(
    private readonly object: JsonObject,
    private readonly check: string,
    private readonly where: string,
  ) {}

  /** `where` is how reasons call the object, `check` the name under which all that is wrong with it is rejected. */
  static of(value: JsonValue | undefined, check: string, where: string): Keys {
    if (!(value instanceof Map)) throw new Rejected(check, `${where} is not an object`);
    return new Keys(value, check, where);
  }

  /** The object itself. */
  get value(): JsonObject {
    return this.object;
  }

  /** The same object with another value under a key. */
  with(key: string, value: JsonValue): Keys {
    return new Keys(new Map(this.object).set(key, value), this.check, this.where);
  }

  fail(reason: string): never {
    throw new Rejected(this.check, reason);
  }

  /** Reject any other key, and one that is missing of those that have to be there. */
  only(required: readonly string[], optional: readonly string[] = []): void {
    for (const key of this.object.keys()) {
      if (!required.includes(key) && !optional.includes(key)) {
        this.fail(`${this.where} has the key ${quoted(key)}, which does not belong there`);
      }
    }
    for (const key of required) {
      if (!this.object.has(key)) this.fail(`${this.where} lacks the key ${key}`);
    }
  }

  has(key: string): boolean {
    return this.object.has(key);
  }

  isNull(key: string): boolean {
    return this.object.get(key) === null;
  }

  inner(key: string): Keys {
    return Keys.of(this.object.get(key), this.check, this.path(key));
  }

  list(key: string, least: number, most: number): JsonValue[] {
    const value = this.object.get(key);
    if (!Array.isArray(value)) this.fail(`${this.path(key)} is not a list`);
    if (value.length < least || value.length > most) {
      this.fail(`${this.path(key)} has ${value.length} items, and has to have ${least} to ${most}`);
    }
    return value;
  }

  /** A list of objects. */
  objects(key: string, least: number, most: number): Keys[] {
    return this.list(key, least, most).map((item, i) => Keys.of(item, this.check, `${this.path(key)}[${i}]`));
  }

  /** A whole number within bounds that a double holds exactly. */
  integer(key: string, least: number, most: number): number {
    const value = this.object.get(key);
    if (typeof value !== "bigint" || value < BigInt(least) || value > BigInt(most)) {
      this.fail(`${this.path(key)} is not a whole number from ${least} to ${most}`);
    }
    return Number(value);
  }

  /** A whole number of at least 0 and below 10^18. */
  count(key: string): bigint {
    const value = this.object.get(key);
    if (typeof value !== "bigint" || value < 0n || value >= 10n ** 18n) {
      this.fail(`${this.path(key)} is not a whole number below 10^18`);
    }
    return value;
  }

  text(key: string): string {
    return this.asText(this.object.get(key), this.path(key));
  }

  matching(key: string, form: TextForm): string {
    return this.matched(this.text(key), form, this.path(key));
  }

  allMatching(key: string, form: TextForm, most: number): string[] {
    return this.list(key, 0, most).map((item, i) => {
      const place = `${this.path(key)}[${i}]`;
      return this.matched(this.asText(item, place), form, place);
    });
  }

  oneOf<T extends string>(key: string, allowed: readonly T[]): T {
    const value = this.text(key);
    const found = allowed.find((one) => one === value);
    return found ?? this.fail(`${this.path(key)} is ${quoted(value)}, and can be ${allowed.join(", ")}`);
  }

  /** A text for people: 1 to so many printable characters, no space at either end. */
  shown(key: string, longest: number): string {
    return this.asShown(this.text(key), longest, this.path(key));
  }

  allShown(key: string, least: number, most: number, longest: number): string[] {
    return this.list(key, least, most).map((item, i) => {
      const place = `${this.path(key)}[${i}]`;
      return this.asShown(this.asText(item, place), longest, place);
    });
  }

  time(key: string): string {
    const value = this.text(key);
    if (!isTime(value)) this.fail(`${this.path(key)} is ${quoted(value)}, which is no time such as 2025-01-31T23:59:59Z`);
    return value;
  }

  /** A number with a fraction passes as its text: no canonical form has one, so whoever compares forms refuses it. */
  private asText(value: JsonValue | undefined, place: string): string {
    if (value instanceof JsonFraction) return value.text;
    return typeof value === "string" ? value : this.fail(`${place} is not a text`);
  }

  private matched(text: string, form: TextForm, place: string): string {
    if (!form.pattern.test(text)) this.fail(`${place} is ${quoted(text)}, and has to be ${form.called}`);
    return text;
  }

  private asShown(text: string, longest: number, place: string): string {
    if (text === "" || !isWithin(text, longest) || !isPrintable(text)) {
      this.fail(`${place} is not a text of 1 to ${longest} printable characters`);
    }
    if (text.startsWith(" ") || text.endsWith(" ")) this.fail(`${place} begins or ends with a space`);
    return text;
  }

  private path(key: string): string {
    return `${this.where}.${key}`;
  }
}

/** Reject a value in which objects and lists are nested deeper than that. */
export function checkJsonDepth(value: JsonValue, most: number, check: string, what: string): void {
  const walk = (item: JsonValue, level: number): void => {
    const inner = item instanceof Map ? [...item.values()] : Array.isArray(item) ? item : null;
    if (inner === null) return;
    if (level > most) throw new Rejected(check, `${what} is nested deeper than ${most} levels`);
    for (const one of inner) walk(one, level + 1);
  };
  walk(value, 1);
}

/** Reject a text, or a key, of more characters than that, or with one that cannot be printed. */
export function checkJsonTexts(value: JsonValue, longest: number, check: string, what: string): void {
  const isGood = (text: string): boolean => isWithin(text, longest) && isPrintable(text);
  const walk = (item: JsonValue): void => {
    if (typeof item === "string") {
      if (!isGood(item)) throw new Rejected(check, `${what} has a text that is too long or cannot be printed: ${quoted(item)}`);
    } else if (Array.isArray(item)) {
      for (const inner of item) walk(inner);
    } else if (item instanceof Map) {
      for (const [key, inner] of item) {
        walk(key);
        walk(inner);
      }
    }
  };
  walk(value);
}

/** Whether there is a number with a fraction or an exponent in it, which has no canonical form. */
export function hasFraction(value: JsonValue): boolean {
  if (value instanceof JsonFraction) return true;
  if (Array.isArray(value)) return value.some(hasFraction);
  if (value instanceof Map) return [...value.values()].some(hasFraction);
  return false;
}
