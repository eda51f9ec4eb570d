/**
 * The low-degree test against provers whose digests are all right: they commit to what they then show, and lie in what it
 * is. Bytes that are changed afterwards never get so far.
 */
import assert from "node:assert/strict";
import { test } from "node:test";

import { Reader } from "../verifier/bytes/reader.js";
import { inverse, power } from "../verifier/fields/arithmetic.js";
import { Extension } from "../verifier/fields/extension.js";
import type { Element } from "../verifier/fields/field.js";
import { GOLDILOCKS } from "../verifier/fields/goldilocks.js";
import { BLAKE3 } from "../verifier/hashes/blake3.js";
import type { Digest } from "../verifier/hashes/hash.js";
import { compress, packElements } from "../verifier/hashes/rows.js";
import { ElementRows } from "../verifier/stark/element_rows.js";
import { LayerDomain, evaluateAtBase, foldPowers } from "../verifier/stark/folding.js";
import { checkLayerRoots, checkLowDegree, touchedLeaves } from "../verifier/stark/low_degree.js";
import { Meter } from "../verifier/stark/meter.js";
import { checkOf, littleEndian } from "./stark_files.js";

const K = new Extension(GOLDILOCKS, 2);
const ARITIES = [4, 2];
const FIRST = new LayerDomain(K, GOLDILOCKS.generator, 1024, ARITIES[0]!);
const FINAL_LENGTH = 32;
const QUERIED = [0, 1, 258, 515, 772, 1023, 77, 900];
const FOLDS: Element[] = [[3n, 5n], [11n, 13n]];

interface Word {
  readonly domain: LayerDomain;
  readonly values: Element[];
}

/** What a prover commits to and sends; each may be changed before it is committed to, and folding goes on from there. */
interface Lies {
  readonly layer?: (word: Element[], index: number) => void;
  readonly final?: (coefficients: Element[]) => void;
  readonly claimed?: (codeword: Element[]) => void;
}

/** Evaluations of a polynomial of degree < N that is not small: a short one in X^k, k the product of the arities. */
function polynomialOnD(): Element[] {
  const short = Array.from({ length: FINAL_LENGTH }, (_, i): Element => [BigInt(7 * i + 1), BigInt(i * i + 2)]);
  const lowest = Array.from({ length: 9 }, (_, i): Element => [BigInt(1000 + i), BigInt(31 * i)]);
  return Array.from({ length: FIRST.size }, (_, k) => {
    const point = FIRST.point(k);
    const outer = power(GOLDILOCKS, point, BigInt(ARITIES[0]! * ARITIES[1]!));
    return K.add(evaluateAtBase(K, short, outer), evaluateAtBase(K, lowest, point));
  });
}

const HONEST = polynomialOnD();

function cosetOf({ domain, values }: Word, leaf: number): Element[] {
  return Array.from({ length: domain.arity }, (_, j) => values[leaf + j * domain.leaves]!);
}

function foldedWord(word: Word, challenge: Element, arity: number): Word {
  const powers = foldPowers(K, challenge, word.domain.arity);
  const values = Array.from({ length: word.domain.leaves }, (_, leaf) =>
    word.domain.fold(cosetOf(word, leaf), inverse(GOLDILOCKS, word.domain.point(leaf)), powers),
  );
  return { domain: word.domain.next(arity), values };
}

/** All nodes of a tree, as a heap: the root is node 1. */
function treeOf(word: Word): Digest[] {
  const { leaves } = word.domain;
  const nodes = new Array<Digest>(2 * leaves);
  for (let leaf = 0; leaf < leaves; leaf++) {
    nodes[leaves + leaf] = BLAKE3.hashRow("stark/fri", packElements(GOLDILOCKS, cosetOf(word, leaf).flat(), BLAKE3));
  }
  for (let node = leaves - 1; node > 0; node--) {
    nodes[node] = compress(BLAKE3, "merkle/node", nodes[2 * node]!, nodes[2 * node + 1]!);
  }
  return nodes;
}

function siblingsOf(nodes: readonly Digest[], leaves: readonly number[]): Digest[] {
  const siblings: Digest[] = [];
  let known = leaves.map((leaf) => nodes.length / 2 + leaf);
  while (known[0]! > 1) {
    const here = new Set(known);
    for (const node of known) if (!here.has(node ^ 1)) siblings.push(nodes[node ^ 1]!);
    known = [...new Set(known.map((node) => node >> 1))];
  }
  return siblings;
}

/** The coefficients of the word's interpolant, by the inverse of the transform as its definition has it. */
function coefficientsOf({ domain, values }: Word): Element[] {
  const { modulus } = GOLDILOCKS;
  const each = inverse(GOLDILOCKS, BigInt(values.length));
  const backwards = values.map((_, k) => inverse(GOLDILOCKS, domain.point(k)));
  const powers = values.map(() => 1n);
  return values.map(() => {
    const sum = values.reduce((total, value, k) => K.add(total, K.scale(value, powers[k]!)), K.zero);
    backwards.forEach((point, k) => (powers[k] = (powers[k]! * point) % modulus));
    return K.scale(sum, each);
  });
}

/** The name of the check that refuses what this prover sends. */
function judge(lies: Lies): string {
  const claimed = [...HONEST];
  lies.claimed?.(claimed);
  const layers = [];
  const layerRoots = [];
  let word: Word = { domain: FIRST, values: [...HONEST] };
  let indices = [...QUERIED];
  for (const [i, challenge] of FOLDS.entries()) {
    lies.layer?.(word.values, i);
    const { leaves } = word.domain;
    const opened = [...new Set(indices.map((index) => index % leaves))].sort((a, b) => a - b);
    const nodes = treeOf(word);
    const bytes = Uint8Array.from(
      opened.flatMap((leaf) => cosetOf(word, leaf).flat().flatMap((value) => littleEndian(value))),
    );
    const cosets = new ElementRows(new Reader(bytes), GOLDILOCKS, opened.length, word.domain.arity * K.degree);
    layers.push({ cosets, siblings: siblingsOf(nodes, opened) });
    layerRoots.push(nodes[1]!);
    word = foldedWord(word, challenge, ARITIES[i + 1] ?? 1);
    indices = opened;
  }
  const finalPolynomial = coefficientsOf(word).slice(0, FINAL_LENGTH);
  lies.final?.(finalPolynomial);
  const proof = { layers, layerRoots, finalPolynomial };
  const codeword = QUERIED.map((index) => claimed[index]!);
  const meter = new Meter(1, () => undefined);
  const shape = { arities: ARITIES, blowup: 4, rows: FIRST.size / 4, extension: K.degree };
  return checkOf(() => {
    checkLayerRoots(BLAKE3, shape, proof, touchedLeaves(ARITIES, FIRST.size, QUERIED), meter);
    checkLowDegree(K, ARITIES, proof, FIRST, QUERIED, codeword, FOLDS);
  });
}

function plusOne(values: Element[], index: number): void {
  values[index] = K.add(values[index]!, K.one);
}

test("a polynomial of low degree passes", () => {
  assert.equal(judge({}), "accepted");
});

test("a layer that does not hold what was opened or folded is noticed at the query", () => {
  for (const index of QUERIED) {
    assert.equal(judge({ claimed: (codeword) => plusOne(codeword, index) }), "fold");
    assert.equal(judge({ layer: (word, layer) => void (layer === 0 && plusOne(word, index)) }), "fold");
    const leaf = index % FIRST.leaves;
    assert.equal(judge({ layer: (word, layer) => void (layer === 1 && plusOne(word, leaf)) }), "fold");
  }
});

test("a word that is no polynomial of low degree does not fold to the final one", () => {
  // Away from the queries' own indices, in a coset that is opened: what it folds to is consistent up to the last layer.
  const elsewhere = QUERIED[2]! + 3 * FIRST.leaves;
  assert.equal(judge({ layer: (word, layer) => void (layer === 0 && plusOne(word, elsewhere % FIRST.size)) }), "final-polynomial");
  const everywhere = (word: Element[], layer: number): void => {
    if (layer === 0) word.forEach((_, k) => plusOne(word, k));
  };
  assert.equal(judge({ layer: everywhere, claimed: (codeword) => everywhere(codeword, 0) }), "accepted"); // a constant more
  const steep = (word: Element[]): void => {
    word.forEach((value, k) => (word[k] = K.add(value, [power(GOLDILOCKS, FIRST.point(k), 400n), 0n])));
  };
  const lie: Lies = { layer: (word, layer) => void (layer === 0 && steep(word)), claimed: steep };
  assert.equal(judge(lie), "final-polynomial");
});

test("another final polynomial is noticed", () => {
  for (const index of [0, 1, FINAL_LENGTH - 1]) {
    assert.equal(judge({ final: (coefficients) => plusOne(coefficients, index) }), "final-polynomial");
  }
});
