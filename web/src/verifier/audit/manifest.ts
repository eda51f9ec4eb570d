/** The manifest, which binds the segments of an audit together: docs/reference/audit-directory.md, "manifest.json". */
import { canonicalJson, canonicalJsonFile, compareCodePoints, parseJson } from "../bytes/json.js";
import type { JsonObject } from "../bytes/json.js";
import { toHex } from "../bytes/hex.js";
import { concatBytes, decodeUtf8, encodeUtf8, sameBytes } from "../bytes/text.js";
import { sha256 } from "../hashes/sha256.js";
import { Rejected } from "../rejected.js";
import { parseDisclosures } from "./disclosures.js";
import type { Disclosures } from "./disclosures.js";
import {
  AUDIT_ID_FORM, DECIMAL_FORM, DIGEST_FORM, Keys, NAME_FORM, SYMBOL_FORM, UNITS_FORM, checkJsonDepth, checkJsonTexts,
  hasFraction, quoted,
} from "./keys.js";
import { checkManifestSize, checkSegmentCount } from "./policy.js";
import type { Policy } from "./policy.js";

const MANIFEST_FORMAT = "polyproof/manifest";
const MANIFEST_VERSION = 2n;
const MOST_ASSETS = 4096;
/** Equity, debt and 16 categories of each of the most assets. */
const MOST_POSITIONS = MOST_ASSETS * 18;
const MOST_QUOTES = 16;
const POSITION_FORM = {
  pattern: new RegExp(`${SYMBOL_FORM.pattern.source.slice(0, -1)}:${NAME_FORM.pattern.source.slice(1)}`),
  called: "a symbol, a colon, and the name of a position",
};
/** People look at the host: nothing that only looks like one may stand there, like a user name or foreign letters. */
const ADDRESS_FORM = {
  pattern: /^https:\/\/[a-z0-9.-]{1,253}(:[0-9]{1,5})?(\/[!#-%'-;=?-[\]-_a-z{}|~]{0,500})?$/,
  called: "an address that begins with https:// and a host in lower case, and goes on in printable ASCII",
};

/** Digests are 64 lower-case hexadecimal digits, amounts base units. */
export interface Manifest {
  /** SHA-256 of the file. */
  readonly digest: string;
  /** The 32 bytes that every proof is bound to: SHA-256 of the header. */
  readonly context: Uint8Array;
  readonly auditId: string;
  readonly created: string;
  readonly snapshot: string;
  readonly organisation: string | null;
  /** As it was found; `openSpec` reads it. */
  readonly spec: JsonObject;
  readonly specDigest: string;
  readonly backend: string;
  readonly segments: readonly ManifestSegment[];
  readonly totals: readonly bigint[];
  readonly previous: string | null;
  readonly verifier: { readonly name: string; readonly url: string; readonly sha256: string } | null;
  /** Exact decimals in coins. */
  readonly control: readonly string[] | null;
  readonly leftOut: readonly { readonly asset: string; readonly owed: string; readonly debts: string }[];
  readonly disclosures: Disclosures | null;
  readonly netEquity: NetEquityFacts | null;
  /** Empty where accounts have no debts. */
  readonly positionTotals: readonly bigint[];
}

export interface ManifestSegment {
  readonly index: number;
  /** `proof-0000.bin`. */
  readonly file: string;
  readonly bytes: bigint;
  readonly sha256: string;
  /** One for each asset, or for each position in a segment of accounts with debts. */
  readonly totals: readonly bigint[];
}

/** What the key `net_equity` of a manifest says. Whether it fits the spec is checked with that. */
export interface NetEquityFacts {
  /** How many segments, the last ones, are of accounts with debts. */
  readonly marginSegments: number;
  /** `BTC:equity`, `BTC:debt`, `BTC:loan`, … */
  readonly positions: readonly string[];
  readonly prices: readonly Quote[];
  readonly underwater: {
    readonly accounts: bigint;
    readonly equity: readonly bigint[];
    readonly debt: readonly bigint[];
  } | null;
}

/** What one coin was worth, by one source. */
export interface Quote {
  readonly asset: string;
  readonly source: string;
  readonly time: string;
  /** An exact decimal above zero. */
  readonly price: string;
  readonly currency: string;
}

/** How many positions are of what accounts have: one of each asset. */
export function equityPositions(positions: readonly string[]): number {
  return positions.filter((position) => position.endsWith(":equity")).length;
}

/** Whether a segment is one of accounts with debts. */
export function isMarginSegment(manifest: Manifest, index: number): boolean {
  return index >= manifest.segments.length - (manifest.netEquity?.marginSegments ?? 0);
}

/**
 * Rejects anything but the canonical form of a manifest that agrees with itself, with the checks `manifest-…`, and
 * `policy-manifest-size` and `policy-segments`. What it says about its spec is not looked at.
 */
export function parseManifest(data: Uint8Array, policy: Policy): Manifest {
  checkManifestSize(policy, data.length);
  const what = "the manifest";
  const text = decodeUtf8(data);
  if (text === null) throw new Rejected("manifest-utf-8", `${what} is not UTF-8`);
  const value = parseJson(text, "manifest-json", what, "manifest-text");
  checkJsonDepth(value, 12, "manifest-json", what);
  checkJsonTexts(value, 1024, "manifest-text", what);
  const top = Keys.of(value, "manifest-format", "manifest");
  checkVersion(top);

  top.only(
    ["format", "version", "audit_id", "created", "snapshot", "organisation", "spec", "spec_digest", "backend", "segments", "totals", "previous"],
    ["verifier", "control", "left_out", "disclosures", "net_equity", ...(top.has("net_equity") ? ["position_totals"] : [])],
  );
  const listed = top.list("segments", 0, Infinity);
  if (listed.length === 0) throw new Rejected("manifest-segments", "the manifest has no segments");
  checkSegmentCount(policy, listed.length);
  const totals = units(top, "totals");
  const header = readHeader(top);
  const facts = header.netEquity;
  const positionTotals = facts === null ? [] : units(top, "position_totals");
  if (facts !== null) {
    if (facts.marginSegments > listed.length) {
      top.fail(`manifest.net_equity.margin_segments is ${facts.marginSegments} of ${listed.length}`);
    }
    if (totals.length !== equityPositions(facts.positions)) {
      throw new Rejected("manifest-totals", `there are ${totals.length} totals, and positions of another number of assets`);
    }
  }
  const segments = listed.map((item, index) => {
    const margin = facts !== null && index >= listed.length - facts.marginSegments;
    return readSegment(Keys.of(item, "manifest-format", `manifest.segments[${index}]`), index, margin ? facts.positions.length : totals.length);
  });

  if (header.snapshot > header.created) {
    throw new Rejected("manifest-snapshot", `its balances are of ${header.snapshot}, after its proof was started: ${header.created}`);
  }
  checkTotals(segments, totals, positionTotals, facts);
  if (hasFraction(value) || header.disclosures?.isCanonical === false || !sameBytes(canonicalJsonFile(value), data)) {
    throw new Rejected("manifest-canonical", "the manifest is not in canonical form");
  }
  return { ...header, digest: toHex(sha256(data)), context: contextOf(top.value), segments, totals, positionTotals };
}

/** The version that a manifest states, of whatever version it is; null of a file that states none. Audits of version 1 had no record. */
export function manifestVersion(data: Uint8Array): bigint | null {
  try {
    const value = parseJson(decodeUtf8(data) ?? "", "manifest-json", "the manifest");
    const version = value instanceof Map ? value.get("version") : null;
    return typeof version === "bigint" ? version : null;
  } catch (error) {
    if (error instanceof Rejected) return null;
    throw error;
  }
}

/** SHA-256 of what is fixed before proving. */
function contextOf(top: JsonObject): Uint8Array {
  const header = new Map([...top].filter(([key]) => key !== "segments" && key !== "totals" && key !== "position_totals"));
  return sha256(concatBytes(encodeUtf8("polyproof/audit-context/1\n"), canonicalJson(header), encodeUtf8("\n")));
}

/** Checked first: what the keys of another version mean is not known. */
function checkVersion(top: Keys): void {
  const format = top.text("format");
  if (format !== MANIFEST_FORMAT) top.fail(`this is not a manifest: its format is ${quoted(format)}`);
  const version = top.count("version");
  if (version !== MANIFEST_VERSION) {
    const reader = version === 1n ? ", which polyproof 0.1 reads" : "";
    throw new Rejected("manifest-version", `the manifest has version ${version}${reader}; this program reads version 2`);
  }
}

type Header = Omit<Manifest, "digest" | "context" | "segments" | "totals" | "positionTotals">;

function readHeader(top: Keys): Header {
  const spec = top.inner("spec").value;
  return {
    auditId: top.matching("audit_id", AUDIT_ID_FORM),
    created: top.time("created"),
    snapshot: top.time("snapshot"),
    organisation: top.isNull("organisation") ? null : top.shown("organisation", 200),
    spec,
    specDigest: top.matching("spec_digest", DIGEST_FORM),
    backend: top.matching("backend", NAME_FORM),
    previous: top.isNull("previous") ? null : top.matching("previous", DIGEST_FORM),
    verifier: top.has("verifier") ? readVerifier(top.inner("verifier")) : null,
    control: top.has("control") ? top.allMatching("control", DECIMAL_FORM, Infinity) : null,
    leftOut: top.has("left_out") ? readLeftOut(top) : [],
    disclosures: top.has("disclosures") ? parseDisclosures(top.inner("disclosures")) : null,
    netEquity: top.has("net_equity") ? readNetEquity(top.inner("net_equity")) : null,
  };
}

function readSegment(found: Keys, index: number, assets: number): ManifestSegment {
  found.only(["index", "file", "bytes", "sha256", "totals"]);
  const stated = found.count("index");
  if (stated !== BigInt(index)) {
    throw new Rejected("manifest-segments", `segment ${index} has the index ${stated}: they are listed in order, from 0, each once`);
  }
  // One name is allowed, so that none can point elsewhere.
  const file = found.text("file");
  const expected = `proof-${String(index).padStart(4, "0")}.bin`;
  if (file !== expected) {
    throw new Rejected("manifest-file-name", `the proof file of segment ${index} is called ${quoted(file)}, not ${expected}`);
  }
  const totals = units(found, "totals");
  if (totals.length !== assets) {
    throw new Rejected("manifest-totals", `segment ${index} has ${totals.length} totals, and there should be ${assets}`);
  }
  return { index, file, bytes: found.count("bytes"), sha256: found.matching("sha256", DIGEST_FORM), totals };
}

function readVerifier(found: Keys): { name: string; url: string; sha256: string } {
  found.only(["name", "url", "sha256"]);
  return {
    name: found.shown("name", 100),
    url: found.matching("url", ADDRESS_FORM),
    sha256: found.matching("sha256", DIGEST_FORM),
  };
}

function readLeftOut(top: Keys): { asset: string; owed: string; debts: string }[] {
  const found = top.objects("left_out", 1, 10_000).map((one) => {
    one.only(["asset", "owed", "debts", "units"]);
    one.oneOf("units", ["decimal", "base"]);
    return {
      asset: one.shown("asset", 64),
      owed: one.matching("owed", DECIMAL_FORM),
      debts: one.matching("debts", DECIMAL_FORM),
    };
  });
  for (let i = 1; i < found.length; i++) {
    if (compareCodePoints(found[i - 1]!.asset, found[i]!.asset) >= 0) {
      top.fail("the assets of manifest.left_out are not in the order of their names, each once");
    }
  }
  return found;
}

function readNetEquity(found: Keys): NetEquityFacts {
  found.only(["margin_segments", "positions", "prices"], ["underwater"]);
  const positions = found.allMatching("positions", POSITION_FORM, MOST_POSITIONS);
  if (new Set(positions).size < positions.length) found.fail("manifest.net_equity.positions has one twice");
  const prices = found.objects("prices", 0, MOST_QUOTES * Math.max(1, equityPositions(positions))).map(readQuote);
  for (let i = 1; i < prices.length; i++) {
    if (compareQuotes(prices[i - 1]!, prices[i]!) > 0) found.fail("manifest.net_equity.prices are not in order");
  }
  return {
    marginSegments: Number(found.count("margin_segments")),
    positions,
    prices,
    underwater: found.has("underwater") ? readUnderwater(found.inner("underwater")) : null,
  };
}

function readQuote(found: Keys): Quote {
  found.only(["asset", "source", "time", "price", "currency"]);
  const price = found.matching("price", DECIMAL_FORM);
  if (price === "0") found.fail("a price is zero");
  return {
    asset: found.matching("asset", SYMBOL_FORM),
    source: found.shown("source", 100),
    time: found.time("time"),
    price,
    currency: found.matching("currency", SYMBOL_FORM),
  };
}

function compareQuotes(a: Quote, b: Quote): number {
  for (const key of ["asset", "source", "time", "price", "currency"] as const) {
    const order = compareCodePoints(a[key], b[key]);
    if (order !== 0) return order;
  }
  return 0;
}

function readUnderwater(found: Keys): { accounts: bigint; equity: bigint[]; debt: bigint[] } {
  found.only(["accounts", "equity", "debt"]);
  const accounts = found.count("accounts");
  if (accounts === 0n) found.fail("manifest.net_equity.underwater has no accounts: it is left out where there are none");
  return { accounts, equity: units(found, "equity"), debt: units(found, "debt") };
}

/** Amounts in base units, in order. */
function units(found: Keys, key: string): bigint[] {
  return found.allMatching(key, UNITS_FORM, Infinity).map(BigInt);
}

/** Totals of assets are sums over all segments, of what accounts have in those with debts; totals of positions over those. */
function checkTotals(
  segments: readonly ManifestSegment[],
  totals: readonly bigint[],
  positionTotals: readonly bigint[],
  facts: NetEquityFacts | null,
): void {
  const equity = (facts?.positions ?? []).flatMap((position, i) => (position.endsWith(":equity") ? [i] : []));
  const sums = totals.map(() => 0n);
  const positionSums = (facts?.positions ?? []).map(() => 0n);
  segments.forEach((segment, index) => {
    if (facts !== null && index >= segments.length - facts.marginSegments) {
      equity.forEach((place, i) => (sums[i]! += segment.totals[place]!));
      segment.totals.forEach((total, i) => (positionSums[i]! += total));
    } else {
      segment.totals.forEach((total, i) => (sums[i]! += total));
      equity.forEach((place, i) => (positionSums[place]! += segment.totals[i]!));
    }
  });
  if (!sums.every((sum, i) => sum === totals[i])) {
    throw new Rejected("manifest-totals", "the manifest's totals are not the sums of its segments' totals");
  }
  if (positionSums.length !== positionTotals.length || !positionSums.every((sum, i) => sum === positionTotals[i])) {
    throw new Rejected("manifest-totals", "the manifest's totals of positions are not the sums of its segments' totals");
  }
}
