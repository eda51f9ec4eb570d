/**
 * The figures of security of a proof: docs/reference/protocol.md, section 12, and docs/reference/merkle-sum-tree.md,
 * "Security"; docs/explanation/security.md says why.
 *
 * A verifier computes them from the options and from the length of the proof that it verified, and takes no word of a
 * file for them.
 */
import { NotCovered } from "../rejected.js";

export type FigureName = "binding" | "soundness" | "soundness_2025" | "inclusion" | "inclusion_2025";

/** In the order in which a policy judges them. */
export const FIGURE_NAMES: readonly FigureName[] = [
  "binding",
  "soundness",
  "soundness_2025",
  "inclusion",
  "inclusion_2025",
];

export interface Figure {
  /** log2 of the evaluations of the hash that faking it takes; never above the true value. */
  readonly bits: number;
  /** The way to cheat that is cheapest, such as `queries and grinding`. */
  readonly decidedBy: string;
  /** What is taken to be true, in a phrase. */
  readonly restsOn: string;
}

/** The figures of a proof; null is one that its backend does not give. */
export type Figures = Readonly<Record<FigureName, Figure | null>>;

/** The numbers of a STARK that its figures follow from, in the symbols of docs/reference/protocol.md. */
export interface StarkNumbers {
  /** Name of the hash. */
  readonly hash: string;
  /** p. */
  readonly modulus: bigint;
  /** e. */
  readonly extension: number;
  /** β. */
  readonly blowup: number;
  /** q. */
  readonly queries: number;
  /** g. */
  readonly grinding: number;
  /** n, as the proof states it: N = 2^n. */
  readonly logRows: number;
  /** d. */
  readonly blinding: number;
  /** The arities of the folds, a_0 first. */
  readonly arities: readonly number[];
  /** Columns of the witness, the mask not among them. */
  readonly witnessColumns: number;
  /** Values that are looked up on each row: limbs, and what is left in slices. */
  readonly lookedUp: number;
  /** k, the tables of limbs. */
  readonly tables: number;
  /** s, the limbs or tables that share a helper column. */
  readonly groupSize: number;
  /** Parts of all sums together: the highest power of λ. */
  readonly parts: number;
  /** Constraints before line 1 of section 3, each of degree 1; none for accounts without debts. */
  readonly linearConstraints: number;
  /** c, the chunks of the quotient. */
  readonly chunks: number;
}

/** Collision bits that a hash claims: docs/reference/hashes.md. */
const COLLISION_BITS: ReadonlyMap<string, number> = new Map([
  ["blake3", 128],
  ["sha256", 128],
  ["keccak256", 128],
  ["poseidon", 128],
  ["poseidon2", 128],
  ["rescue-prime-optimized", 128],
  ["poseidon2-babybear", 123],
]);

/**
 * What is taken off a figure that was computed in doubles. Logarithms of a few hundred have errors below 10^−12, however
 * a browser computes them, so that no figure is above its true value.
 */
const SLACK_BITS = 1e-9;

/** The theorems for the Johnson radius are proven for m ≥ 3. */
const LEAST_MULTIPLICITY = 3;

const QUERIES_TERM = "queries and grinding";

interface RoundTerm {
  readonly name: string;
  readonly bits: number;
  /** Whether `bits` is a number that somebody states, and not one that was computed in doubles. */
  readonly exact: boolean;
}

/** One of the known bounds on proximity to polynomials, for rate ρ. What is counted, is given as its log2. */
interface ProximityBound {
  /** log2 of L, the most tuples of polynomials that are close. */
  readonly logList: number;
  /** log2 of α, the share of points on which a close tuple agrees. */
  readonly logAgreement: number;
  /** log2 of the exceptional challenges of a curve of this degree over so many points. */
  readonly curve: (degree: number, points: number) => number;
  /** The same for a fold of this arity onto so many points, layer 0 having `first`. */
  readonly fold: (arity: number, points: number, first: number) => number;
  readonly restsOn: string;
}

/** The figures of a STARK proof of these numbers. */
export function starkFigures(numbers: StarkNumbers): Figures {
  const { unique, johnson, mutual, collisions } = accountsOf(numbers);
  const sound = better(unique, johnson);
  return {
    binding: figureOf(collisions, `collision resistance of ${numbers.hash}`),
    soundness: figureOf(sound.worst, sound.bound.restsOn),
    soundness_2025: figureOf(mutual.worst, mutual.bound.restsOn),
    inclusion: figureOf(withChain(numbers, unique.worst, unique.bound), unique.bound.restsOn),
    // A user relies on the sums as well as on their own row, so on the weaker of the two.
    inclusion_2025: figureOf(
      withChain(numbers, weakestTerm([johnson.worst, mutual.worst]), mutual.bound),
      mutual.bound.restsOn,
    ),
  };
}

/** The figures of a Merkle sum tree made with this hash. */
export function sumTreeFigures(hash: string): Figures {
  const figure = figureOf(collisionTerm(hash), `collision resistance of ${hash}`);
  return {
    binding: figure,
    soundness: null,
    soundness_2025: null,
    inclusion: figure,
    inclusion_2025: null,
  };
}

/** A figure, where the one that older theorems prove stands for the one by theorems of 2025 too, if it is larger. */
export function figureFor(figures: Figures, name: FigureName): Figure | null {
  const own = figures[name];
  const older = figures[name.replace("_2025", "") as FigureName];
  if (own === null || older === null) return own ?? older;
  return older.bits > own.bits ? older : own;
}

/** Of several proofs together: each figure is that of the proof where it is smallest; null if one does not give it. */
export function weakestFigures(all: readonly Figures[]): Figures {
  const least = (name: FigureName): Figure | null =>
    all
      .map((figures) => figures[name])
      .reduce((one, other) => (one === null || other === null ? null : other.bits < one.bits ? other : one));
  return {
    binding: least("binding"),
    soundness: least("soundness"),
    soundness_2025: least("soundness_2025"),
    inclusion: least("inclusion"),
    inclusion_2025: least("inclusion_2025"),
  };
}

/** Bits for people: one decimal, rounded down. */
export function bitsText(bits: number): string {
  return (Math.floor(bits * 10) / 10).toFixed(1);
}

/** What one bound says: its weakest term decides. */
interface SecurityAccount {
  readonly bound: ProximityBound;
  readonly worst: RoundTerm;
}

function accountsOf(numbers: StarkNumbers): Readonly<
  Record<"unique" | "johnson" | "mutual", SecurityAccount> & { collisions: RoundTerm }
> {
  const collisions = collisionTerm(numbers.hash);
  const rate = 1 / numbers.blowup;
  const multiplicity = bestMultiplicity(numbers, rate, collisions);
  const by = (bound: ProximityBound): SecurityAccount => ({
    bound,
    worst: weakestTerm(roundTerms(numbers, bound, collisions)),
  });
  return {
    unique: by(uniqueDecoding(rate)),
    johnson: by(johnsonRadius(rate, multiplicity)),
    mutual: by(mutualJohnson(rate, multiplicity)),
    collisions,
  };
}

/** Both are proven, so that the one with more bits counts. */
function better(unique: SecurityAccount, johnson: SecurityAccount): SecurityAccount {
  return johnson.worst.bits > unique.worst.bits ? johnson : unique;
}

/** Every round of the protocol by one bound, in order, and collisions of the hash. */
function roundTerms(numbers: StarkNumbers, bound: ProximityBound, collisions: RoundTerm): RoundTerm[] {
  const outside = logOutside(numbers);
  const rows = 2 ** numbers.logRows;
  const active = rows - numbers.blinding;
  const domain = numbers.blowup * rows;
  const groups = Math.ceil(numbers.lookedUp / numbers.groupSize);
  const tableGroups = Math.ceil(numbers.tables / numbers.groupSize);
  // Lines 1 to 3 and 6 to 9 are seven constraints.
  const constraints = numbers.linearConstraints + groups + tableGroups + 7;
  // t and the multiplicities, the helpers and acc, the chunks, and t and acc once more.
  const inB = 1 + numbers.tables + groups + tableGroups + 1 + numbers.chunks + 2;
  const inA = numbers.witnessColumns;
  const term = (name: string, bits: number): RoundTerm => ({ name, bits, exact: false });
  const lucky = (name: string, count: number): RoundTerm =>
    term(name, outside - bound.logList - Math.log2(Math.max(count, 1)));
  const folds: number[] = [];
  let points = domain;
  for (const arity of numbers.arities) {
    points /= arity;
    folds.push(bound.fold(arity, points, domain));
  }
  return [
    lucky("lookups and sums", active * (numbers.lookedUp + numbers.tables) + numbers.parts),
    lucky("batching of constraints", constraints - 1),
    lucky("out-of-domain point", identityDegree(numbers, rows, active)),
    term("batching of columns", outside - bound.curve(inA + inB + 1, domain)),
    term("joining of G_A and G_B", outside - bound.curve(1, domain)),
    term("folds", outside - Math.max(...folds)),
    term(QUERIES_TERM, -numbers.queries * bound.logAgreement + numbers.grinding),
    collisions,
  ];
}

/** Degree of the constraints of lines 4 and 5 in the columns. */
function groupDegree(numbers: StarkNumbers): number {
  return 1 + Math.min(numbers.groupSize, Math.max(numbers.lookedUp, numbers.tables));
}

/** Degree of the constraint identity, denominators cleared by Z_U(X)·(X − ω^U), when columns have degree N. */
function identityDegree(numbers: StarkNumbers, rows: number, active: number): number {
  const everyRow = groupDegree(numbers) * rows + 1;
  const transition = 2 * rows + 2;
  const quotient = (numbers.chunks - 1) * (rows - numbers.blinding) + rows + active + 1;
  return Math.max(everyRow, transition, quotient);
}

/** The m whose least term is largest: where the queries' term, which rises with m, meets the others, which fall. */
function bestMultiplicity(numbers: StarkNumbers, rate: number, collisions: RoundTerm): number {
  const least = (m: number): { queries: number; others: number } => {
    let queries = Infinity;
    let others = Infinity;
    for (const term of roundTerms(numbers, johnsonRadius(rate, m), collisions)) {
      if (term.name === QUERIES_TERM) queries = term.bits;
      else others = Math.min(others, term.bits);
    }
    return { queries, others };
  };
  const crossed = (m: number): boolean => {
    const { queries, others } = least(m);
    return queries >= others;
  };
  let low = LEAST_MULTIPLICITY;
  let high = LEAST_MULTIPLICITY;
  while (!crossed(high)) {
    low = high;
    high *= 2;
  }
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (crossed(middle)) high = middle;
    else low = middle;
  }
  const worst = (m: number): number => Math.min(least(m).queries, least(m).others);
  return worst(high) > worst(low) ? high : low;
}

/** What a user's own row rests on besides: the chain from the row to the final polynomial. Errors of one round add up. */
function withChain(numbers: StarkNumbers, worst: RoundTerm, bound: ProximityBound): RoundTerm {
  const openings = (numbers.witnessColumns + 3) * 2 ** numbers.logRows;
  const chain = logOutside(numbers) - bound.logList - Math.log2(openings);
  const bits = -Math.log2(2 ** -chain + 2 ** -worst.bits);
  return { name: `${worst.name}, and the chain to the row`, bits, exact: worst.exact && bits === worst.bits };
}

/** log2 |K∖F|: all challenges are drawn from there. */
function logOutside(numbers: StarkNumbers): number {
  return Math.log2(Number(numbers.modulus ** BigInt(numbers.extension) - numbers.modulus));
}

/** Half the distance: one tuple is close. */
function uniqueDecoding(rate: number): ProximityBound {
  return {
    logList: 0,
    logAgreement: Math.log2((1 + rate) / 2),
    curve: (degree, points) => Math.log2(degree * points),
    fold: (arity, _points, first) => Math.log2((arity - 1) * (first + 1)),
    restsOn: "proximity gaps within unique decoding, proven in 2020",
  };
}

/** Up to √ρ·(1 + 1/2m). */
function johnsonRadius(rate: number, m: number): ProximityBound {
  const curve = (degree: number, points: number): number =>
    Math.log2(degree) + 7 * Math.log2(m + 0.5) - Math.log2(3) - 1.5 * Math.log2(rate) + 2 * Math.log2(points);
  return {
    logList: Math.log2((m + 0.5) / Math.sqrt(rate)),
    logAgreement: Math.log2(Math.sqrt(rate) * (1 + 1 / (2 * m))),
    curve,
    fold: (arity, points, first) =>
      Math.log2(arity - 1) +
      Math.max(curve(1, points), Math.log2(2 * m + 1) - 0.5 * Math.log2(rate) + Math.log2(first + 1)),
    restsOn: "proximity gaps up to the Johnson radius, proven in 2020",
  };
}

/** The same radius by the theorems of 2025. */
function mutualJohnson(rate: number, m: number): ProximityBound {
  const johnson = johnsonRadius(rate, m);
  const distance = 1 - Math.sqrt(rate) * (1 + 1 / (2 * m));
  const mu = 2 * m + 0.5;
  const curve = (degree: number, points: number): number => {
    const onEach = (2 * mu ** 5 + 3 * mu * distance * rate) / (3 * rate ** 1.5);
    return Math.log2(degree * (onEach * points + mu / Math.sqrt(rate)));
  };
  return {
    ...johnson,
    curve,
    fold: (arity, points) => curve(arity - 1, points),
    restsOn: "mutual correlated agreement up to the Johnson radius, theorems of 2025",
  };
}

function collisionTerm(hash: string): RoundTerm {
  const bits = COLLISION_BITS.get(hash);
  if (bits === undefined) throw new NotCovered(`this program does not know how strong the hash ${hash} is`);
  return { name: "hash collisions", bits, exact: true };
}

function weakestTerm(terms: readonly RoundTerm[]): RoundTerm {
  return terms.reduce((least, term) => (term.bits < least.bits ? term : least));
}

function figureOf(term: RoundTerm, restsOn: string): Figure {
  return { bits: term.exact ? term.bits : term.bits - SLACK_BITS, decidedBy: term.name, restsOn };
}
