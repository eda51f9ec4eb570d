import assert from "node:assert/strict";
import { test } from "node:test";

import { BABYBEAR } from "../verifier/fields/babybear.js";
import { Extension } from "../verifier/fields/extension.js";
import type { Field } from "../verifier/fields/field.js";
import { GOLDILOCKS } from "../verifier/fields/goldilocks.js";
import { HASHES } from "../verifier/hashes/all.js";
import type { Digest, Hash } from "../verifier/hashes/hash.js";
import { hashMessage, wordsOfDigest, wordsOfNumbers } from "../verifier/hashes/rows.js";
import { Transcript } from "../verifier/transcript.js";
import { hashByName } from "./digests.js";
import { Seeded } from "./seeded.js";

/** docs/reference/protocol.md, section 7, on lists of bigints, sentence by sentence. */
class SlowTranscript {
  state: bigint[];

  constructor(private readonly hash: Hash) {
    this.state = new Array<bigint>(hash.digestWords).fill(0n);
  }

  row(domain: string, row: bigint[]): bigint[] {
    return this.numbers(this.hash.hashRow(domain, wordsOfNumbers([...this.state, ...row])));
  }

  numbers(digest: Digest): bigint[] {
    const words = wordsOfDigest(this.hash, digest);
    return Array.from({ length: this.hash.digestWords }, (_, i) => BigInt(words[2 * i]!) + 2n ** 32n * BigInt(words[2 * i + 1]!));
  }

  absorb(type: bigint, words: bigint[]): void {
    this.state = this.row("transcript/absorb", [type, BigInt(words.length), ...words]);
  }

  /** "A limb has ℓ bits: 32, or ⌊log2 B⌋ for a hash with a word bound B below 2^32." */
  get limb(): bigint {
    return this.hash.wordBound < 2n ** 32n ? 2n ** BigInt(this.hash.wordBound.toString(2).length - 1) : 2n ** 32n;
  }

  limbs(value: bigint, least: number): bigint[] {
    const limbs: bigint[] = [];
    for (let rest = value; rest > 0n || limbs.length < least; rest /= this.limb) limbs.push(rest % this.limb);
    return limbs;
  }

  integers(values: bigint[]): void {
    this.absorb(2n, values.flatMap((value) => [BigInt(this.limbs(value, 1).length), ...this.limbs(value, 1)]));
  }

  elements(field: Field, values: bigint[]): void {
    const alone = field.modulus <= 2n ** 32n && field.modulus <= this.hash.wordBound;
    const count = this.limbs(field.modulus - 1n, 1).length;
    this.absorb(3n, alone ? values : values.flatMap((value) => this.limbs(value, count)));
  }

  draw(count: number, bound: bigint): bigint[] {
    const drawn: bigint[] = [];
    for (let counter = 0n; drawn.length < count; counter++) {
      for (const word of this.row("transcript/draw", [counter])) {
        if (drawn.length < count && word < this.hash.wordBound - (this.hash.wordBound % bound)) drawn.push(word % bound);
      }
    }
    this.integers([BigInt(count), bound]);
    return drawn;
  }

  grinds(nonce: bigint, bits: number): boolean {
    if (this.hash.wordBound >= 2n ** 48n) return this.row("transcript/grind", [nonce])[0]! % 2n ** BigInt(bits) === 0n;
    const words = this.row("transcript/grind", [nonce % this.limb, nonce / this.limb]);
    return words.every((word, i) => word % 2n ** BigInt(Math.max(0, Math.min(16, bits - 16 * i))) === 0n);
  }
}

/** The fields whose elements the words of the hash can say. */
const fieldsOf = (hash: Hash): Field[] => [GOLDILOCKS, BABYBEAR].filter((field) => field.modulus <= hash.wordBound);

test("messages and challenges are those of a slow transcript, with every hash", () => {
  const random = new Seeded("transcript");
  for (const hash of HASHES) {
    const [fast, slow] = [new Transcript(hash), new SlowTranscript(hash)];
    for (let step = 0; step < 60; step++) {
      const field = random.of([GOLDILOCKS, BABYBEAR]);
      const { modulus } = random.of(fieldsOf(hash));
      const integers = Array.from({ length: random.below(4) }, () =>
        random.of([0n, 1n, 2n ** 30n - 1n, 2n ** 30n, 2n ** 32n - 1n, 2n ** 32n, random.big(2n ** 200n)]),
      );
      const elements = Array.from({ length: random.below(4) }, () => random.of([0n, field.modulus - 1n, random.big(field.modulus)]));
      const bytes = random.bytes(random.below(30));
      const digests = Array.from({ length: random.below(3) }, (_, i) => hash.hashRow("x", wordsOfNumbers([BigInt(i)])));
      const nonce = random.big(2n ** 48n);
      const [count, bound] = [random.below(6), random.of([1n, 2n, 1000n, modulus, hash.wordBound, hash.wordBound / 2n + 1n])];
      random.of([
        () => {
          fast.text(bytes);
          slow.absorb(1n, slow.numbers(hashMessage(hash, "transcript/text", bytes)));
        },
        () => {
          fast.integers(integers);
          slow.integers(integers);
        },
        () => {
          fast.elements(field, elements);
          slow.elements(field, elements);
        },
        () => {
          fast.digests(digests);
          slow.absorb(4n, digests.flatMap((digest) => slow.numbers(digest)));
        },
        () => {
          fast.nonce(nonce);
          slow.absorb(5n, [nonce % slow.limb, nonce / slow.limb]);
        },
        () => assert.deepEqual(fast.draw(count, bound), slow.draw(count, bound), hash.name),
      ])();
      for (const bits of [0, 1, 3]) assert.equal(fast.grinds(nonce, bits), slow.grinds(nonce, bits));
    }
    assert.deepEqual(fast.draw(3, hash.wordBound), slow.draw(3, hash.wordBound), hash.name);
  }
});

test("a text is its bytes in UTF-8", () => {
  const [text, bytes] = [new Transcript(HASHES[0]!), new Transcript(HASHES[0]!)];
  text.text("€ 😀");
  bytes.text(new TextEncoder().encode("€ 😀"));
  assert.deepEqual(text.draw(4, 2n ** 64n), bytes.draw(4, 2n ** 64n));
});

test("messages that could be taken for each other lead to other challenges", () => {
  const digest = HASHES[0]!.hashRow("x", new Uint32Array());
  const messages: ((transcript: Transcript) => void)[] = [
    () => undefined,
    (t) => t.text(new Uint8Array()),
    (t) => t.text(Uint8Array.of(0)),
    (t) => t.text(Uint8Array.of(0, 0)),
    (t) => t.integers([]),
    (t) => t.integers([0n]),
    (t) => t.integers([0n, 0n]),
    (t) => t.integers([1n, 1n]),
    (t) => t.integers([1n, 0n]),
    (t) => t.integers([2n ** 32n]),
    (t) => t.elements(GOLDILOCKS, []),
    (t) => t.elements(GOLDILOCKS, [0n]),
    (t) => t.elements(BABYBEAR, [0n]),
    (t) => t.elements(BABYBEAR, [0n, 0n, 0n]),
    (t) => t.digests([]),
    (t) => t.digests([digest]),
    (t) => t.digests([digest, digest]),
    (t) => t.nonce(0n),
    (t) => t.nonce(1n),
    (t) => t.nonce(2n ** 32n),
    (t) => t.draw(0, 2n),
    (t) => t.draw(1, 2n),
    (t) => t.draw(1, 3n),
  ];
  for (const hash of HASHES.filter(({ digestWords }) => digestWords === 4)) {
    const drawn = messages.map((message) => {
      const transcript = new Transcript(hash);
      message(transcript);
      return transcript.draw(4, hash.wordBound).join();
    });
    assert.equal(new Set(drawn).size, messages.length, hash.name);
  }
});

test("an element is drawn from outside the field, whole draws at a time", () => {
  for (const hash of HASHES) {
    for (const field of fieldsOf(hash)) {
      const extension = new Extension(field, 3);
      const [transcript, again] = [new Transcript(hash), new Transcript(hash)];
      const element = transcript.element(extension);
      assert.deepEqual(element, again.draw(3, field.modulus));
      assert.ok(element.every((coefficient) => coefficient >= 0n && coefficient < field.modulus));
    }
  }
  // Over a field of three elements, a ninth of all draws is in the field; K = F_3[θ]/(θ^2 − 2).
  const small = new Extension({ name: "three", modulus: 3n, generator: 2n, twoAdicity: 1, bytes: 4 }, 2);
  const [transcript, again] = [new Transcript(HASHES[0]!), new Transcript(HASHES[0]!)];
  let redrawn = 0;
  for (let i = 0; i < 60; i++) {
    const element = transcript.element(small);
    assert.notEqual(element[1], 0n);
    let drawn = again.draw(2, 3n);
    for (; drawn[1] === 0n; redrawn++) drawn = again.draw(2, 3n);
    assert.deepEqual(element, drawn);
  }
  assert.ok(redrawn > 5);
});

test("indices are different, in the order drawn, and all of them if so many are asked for", () => {
  for (const hash of HASHES) {
    const [transcript, again] = [new Transcript(hash), new Transcript(hash)];
    const found: number[] = [];
    while (found.length < 50) {
      for (const index of again.draw(50 - found.length, 64n)) if (!found.includes(Number(index))) found.push(Number(index));
    }
    assert.deepEqual(transcript.indices(50, 64), found, hash.name);
    assert.deepEqual(transcript.indices(16, 16).sort((a, b) => a - b), [...Array(16).keys()]);
    assert.deepEqual(transcript.indices(0, 16), []);
    assert.throws(() => transcript.indices(17, 16), RangeError);
    assert.throws(() => transcript.draw(1, 0n), RangeError);
    assert.throws(() => transcript.draw(1, hash.wordBound + 1n), RangeError);
  }
});

test("a nonce shows its work in this state alone, and one of more than 48 bits shows none", () => {
  for (const hash of HASHES) {
    const transcript = new Transcript(hash);
    transcript.text(`grinding ${hash.name}`);
    const slow = new SlowTranscript(hash);
    slow.absorb(1n, slow.numbers(hashMessage(hash, "transcript/text", new TextEncoder().encode(`grinding ${hash.name}`))));
    const good: bigint[] = [];
    for (let nonce = 0n; good.length < 3; nonce++) {
      assert.equal(transcript.grinds(nonce, 6), slow.grinds(nonce, 6));
      if (transcript.grinds(nonce, 6)) good.push(nonce);
    }
    assert.ok(transcript.grinds(2n ** 48n - 1n, 0));
    assert.ok(!transcript.grinds(2n ** 48n, 0));
    assert.ok(!transcript.grinds(2n ** 48n + good[0]!, 6));
    assert.ok(!transcript.grinds(2n ** 64n - 1n, 0));
    transcript.nonce(good[0]!);
    assert.ok(!good.every((nonce) => transcript.grinds(nonce, 6)));
  }
});

test("with narrow words, more than 16 bits of work are shown by two words", () => {
  const babybear = hashByName("poseidon2-babybear");
  /** A hash of which every word has the trailing zeros that are given for it. */
  const fixed = (zeros: number[]): Hash => ({
    ...babybear,
    hashRow: () => Uint32Array.from({ length: 8 }, (_, i) => 2 ** (zeros[i] ?? 0)),
  });
  const shows = (zeros: number[], bits: number): boolean => new Transcript(fixed(zeros)).grinds(0n, bits);
  assert.ok(shows([16, 4], 20) && !shows([16, 3], 20) && !shows([15, 20], 20) && shows([20, 4], 20));
  assert.ok(shows([16], 16) && !shows([15, 16], 16) && shows([5], 5) && !shows([4, 16], 5));
  assert.ok(shows([16, 16, 1], 33) && !shows([16, 16, 0], 33));
  assert.ok(!new Transcript(fixed(new Array<number>(8).fill(16))).grinds(0n, 129), "eight words have no 129 bits of work");
});
