/** Rows of field elements, left as the bytes that they are in a file until one is needed. */
import type { Reader } from "../bytes/reader.js";
import type { Field } from "../fields/field.js";
import type { Hash, Words } from "../hashes/hash.js";
import { packElements } from "../hashes/rows.js";
import { Rejected } from "../rejected.js";

/** `count` rows of `width` elements each. A large file is not in memory a second time, as numbers. */
export class ElementRows {
  private readonly view: DataView;

  /** Reads them all. Checks `truncated` and then `element-canonical`. */
  constructor(
    reader: Reader,
    private readonly field: Field,
    readonly count: number,
    private readonly width: number,
  ) {
    const bytes = reader.take(count * width * field.bytes);
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.checkCanonical();
  }

  /** The elements of one row. */
  values(row: number): bigint[] {
    const { view, field, width } = this;
    const start = row * width * field.bytes;
    return Array.from({ length: width }, (_, i) =>
      field.bytes === 8 ? view.getBigUint64(start + 8 * i, true) : BigInt(view.getUint32(start + 4 * i, true)),
    );
  }

  /** The words that the hash of one row is of. An element of eight bytes is a word as it stands. */
  words(row: number, hash: Hash): Words {
    if (this.field.bytes === 4) return packElements(this.field, this.values(row), hash);
    const words = new Uint32Array(2 * this.width);
    const start = row * this.width * 8;
    for (let i = 0; i < words.length; i++) words[i] = this.view.getUint32(start + 4 * i, true);
    return words;
  }

  private checkCanonical(): void {
    const { view, field } = this;
    const low = Number(field.modulus & 0xffffffffn);
    const high = Number(field.modulus >> 32n);
    for (let at = 0; at < view.byteLength; at += field.bytes) {
      const top = field.bytes === 8 ? view.getUint32(at + 4, true) : 0;
      if (top > high || (top === high && view.getUint32(at, true) >= low)) {
        throw new Rejected("element-canonical", "the proof has a field element that is not below the modulus");
      }
    }
  }
}
