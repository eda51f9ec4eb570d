import type { Field } from "../fields/field.js";
import type { Digest, Hash } from "../hashes/hash.js";
import { digestFromBytes } from "../hashes/rows.js";
import { Rejected } from "../rejected.js";

/**
 * Reads a binary file of a stranger from its beginning to its end: integers are little-endian, nothing is read past the
 * end, and whoever reads a number of items says how many there can be, before any memory is taken for them.
 */
export class Reader {
  private at = 0;
  private readonly view: DataView;

  constructor(
    private readonly bytes: Uint8Array,
    /** How reasons call the file, such as `the proof`. */
    private readonly what: string = "the file",
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** How many bytes have not been read. */
  left(): number {
    return this.bytes.length - this.at;
  }

  /** The next n bytes, as a view of the file's. Check `truncated`. */
  take(n: number): Uint8Array {
    if (n > this.left()) {
      throw new Rejected("truncated", `${this.what} ends after ${this.bytes.length} bytes, and more were expected`);
    }
    this.at += n;
    return this.bytes.subarray(this.at - n, this.at);
  }

  u32(): number {
    this.take(4);
    return this.view.getUint32(this.at - 4, true);
  }

  u64(): bigint {
    this.take(8);
    return this.view.getBigUint64(this.at - 8, true);
  }

  /** A number of eight bytes that is at most the limit. Check `range`. */
  count(limit: number, what: string): number {
    const value = this.u64();
    if (value > BigInt(limit)) {
      throw new Rejected("range", `${this.what} states ${value} as ${what}, and the most there can be is ${limit}`);
    }
    return Number(value);
  }

  /** A digest of the hash. Check `digest-canonical`. */
  digest(hash: Hash): Digest {
    return digestFromBytes(hash, this.take(32));
  }

  digests(hash: Hash, n: number): Digest[] {
    this.room(n, 32);
    return Array.from({ length: n }, () => this.digest(hash));
  }

  /** An element of the field, in as many bytes as the field's elements have. Check `element-canonical`. */
  element(field: Field): bigint {
    const value = field.bytes === 8 ? this.u64() : BigInt(this.u32());
    if (value >= field.modulus) {
      throw new Rejected("element-canonical", `${this.what} has a field element that is not below the modulus`);
    }
    return value;
  }

  elements(field: Field, n: number): bigint[] {
    this.room(n, field.bytes);
    return Array.from({ length: n }, () => this.element(field));
  }

  /** Check `magic` unless the next bytes are these ASCII characters. */
  magic(text: string): void {
    const bytes = this.take(text.length);
    for (let i = 0; i < text.length; i++) {
      if (bytes[i] !== text.charCodeAt(i)) {
        throw new Rejected("magic", `${this.what} does not begin as files of its kind do`);
      }
    }
  }

  /** Check `version` unless the next four bytes are this number. */
  version(expected: number): void {
    const found = this.u32();
    if (found !== expected) {
      throw new Rejected("version", `${this.what} has format version ${found}, and this program reads ${expected}`);
    }
  }

  /** Check `trailing-bytes` unless all has been read. */
  end(): void {
    if (this.left() > 0) throw new Rejected("trailing-bytes", `${this.what} has ${this.left()} bytes after its end`);
  }

  /** Check `truncated` before n items of so many bytes are read, so that none is made of a file that lacks others. */
  private room(n: number, bytes: number): void {
    if (n * bytes > this.left()) this.take(n * bytes);
  }
}
