import { BadInput } from "../rejected.js";

/** Whether every surrogate of the text is half of a pair, so that the text has a form in UTF-8. */
export function isWellFormedText(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0xd800 || unit > 0xdfff) continue;
    const next = text.charCodeAt(i + 1);
    if (unit > 0xdbff || !(next >= 0xdc00 && next <= 0xdfff)) return false;
    i++;
  }
  return true;
}

/** The text in UTF-8. `BadInput` if it has half of a surrogate pair, which UTF-8 cannot say. */
export function encodeUtf8(text: string): Uint8Array {
  if (!isWellFormedText(text)) throw new BadInput("the text has a character that cannot be encoded");
  const bytes = new Uint8Array(3 * text.length);
  let n = 0;
  for (let i = 0; i < text.length; i++) {
    const point = text.codePointAt(i)!;
    if (point < 0x80) {
      bytes[n++] = point;
    } else if (point < 0x800) {
      bytes[n++] = 0xc0 | (point >> 6);
      bytes[n++] = 0x80 | (point & 0x3f);
    } else if (point < 0x10000) {
      bytes[n++] = 0xe0 | (point >> 12);
      bytes[n++] = 0x80 | ((point >> 6) & 0x3f);
      bytes[n++] = 0x80 | (point & 0x3f);
    } else {
      bytes[n++] = 0xf0 | (point >> 18);
      bytes[n++] = 0x80 | ((point >> 12) & 0x3f);
      bytes[n++] = 0x80 | ((point >> 6) & 0x3f);
      bytes[n++] = 0x80 | (point & 0x3f);
      i++;
    }
  }
  return bytes.slice(0, n);
}

/**
 * The text of bytes in UTF-8, or null of bytes that are not: cut or stray continuation bytes, a form longer than it needs
 * to be, a surrogate, a number above U+10FFFF (RFC 3629). A byte order mark is a character like any other.
 */
export function decodeUtf8(bytes: Uint8Array): string | null {
  const parts: string[] = [];
  let units: number[] = [];
  for (let i = 0; i < bytes.length; ) {
    const first = bytes[i++]!;
    let more = 0; // continuation bytes
    let least = 0; // the least code point that needs so many
    let point = first;
    if (first >= 0x80) {
      if (first >= 0xc0 && first < 0xe0) [more, least, point] = [1, 0x80, first & 0x1f];
      else if (first >= 0xe0 && first < 0xf0) [more, least, point] = [2, 0x800, first & 0x0f];
      else if (first >= 0xf0 && first < 0xf8) [more, least, point] = [3, 0x10000, first & 0x07];
      else return null;
    }
    for (; more > 0; more--) {
      if (i === bytes.length || (bytes[i]! & 0xc0) !== 0x80) return null;
      point = (point << 6) | (bytes[i++]! & 0x3f);
    }
    if (point < least || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return null;
    if (point < 0x10000) units.push(point);
    else units.push(0xd800 + ((point - 0x10000) >> 10), 0xdc00 + ((point - 0x10000) & 0x3ff));
    if (units.length >= 4096) {
      parts.push(String.fromCharCode(...units));
      units = [];
    }
  }
  parts.push(String.fromCharCode(...units));
  return parts.join("");
}

/** A number from 0 to 2^64 − 1 in eight bytes, the lowest first. */
export function u64le(value: bigint | number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true);
  return bytes;
}

/** One array of bytes after the other. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** How many bytes there are, in eight bytes, and the bytes; of a text in UTF-8. `BadInput` as of `encodeUtf8`. */
export function lengthPrefixed(content: Uint8Array | string): Uint8Array {
  const bytes = typeof content === "string" ? encodeUtf8(content) : content;
  return concatBytes(u64le(bytes.length), bytes);
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
