/**
 * The public part of a spec, as a manifest has it: docs/reference/audit-directory.md, "manifest.json", and
 * docs/reference/spec.md for the options. Every option is stated, and none that this program does not know.
 */
import { canonicalJson } from "../bytes/json.js";
import type { JsonObject } from "../bytes/json.js";
import { toHex } from "../bytes/hex.js";
import { concatBytes, encodeUtf8 } from "../bytes/text.js";
import { BABYBEAR } from "../fields/babybear.js";
import type { Field } from "../fields/field.js";
import { GOLDILOCKS } from "../fields/goldilocks.js";
import { HASHES } from "../hashes/all.js";
import type { Hash } from "../hashes/hash.js";
import { sha256 } from "../hashes/sha256.js";
import type { SumTreeOptions } from "../merkle_sum/sum_tree.js";
import { NotCovered } from "../rejected.js";
import type { StarkOptions } from "../stark/constraint_system.js";
import type { StatedAsset } from "../statement.js";
import { DECIMAL_FORM, Keys, NAME_FORM, SYMBOL_FORM, hasFraction, quoted } from "./keys.js";
import { checkCollateral } from "./net_equity.js";
import type { ComponentNames } from "./policy.js";

const SPEC_FORMAT = 1;
const MOST_ASSETS_OF_SPEC = 4096;
const MOST_COLLATERAL = 4096;
const MOST_SLICES = 32;

export interface PublicSpec {
  readonly assets: readonly StatedAsset[];
  readonly backend: BackendChoice;
  /** With the rule `net-equity`; null with `non-negative`. */
  readonly margin: { readonly settings: NetEquitySettings; readonly backend: BackendChoice } | null;
}

/** A backend with its options. */
export type BackendChoice = { readonly components: ComponentNames } & (
  | { readonly name: "stark"; readonly options: StarkOptions }
  | { readonly name: "merkle-sum"; readonly options: SumTreeOptions }
);

/** The key `net_equity` of a spec. Decimals are exact, in coins. */
export interface NetEquitySettings {
  readonly collateral: readonly {
    readonly asset: string;
    readonly category: string;
    readonly slices: readonly { readonly ratio: string; readonly width: string | null }[];
  }[];
  readonly ownIssued: readonly string[];
  readonly underwater: "refuse" | "leave-out";
}

/** The lower-case hexadecimal digest of a spec. */
export function specDigest(spec: JsonObject): string {
  return toHex(sha256(concatBytes(encodeUtf8("polyproof/spec/1\n"), canonicalJson(spec))));
}

/**
 * The spec of a manifest. Rejects `public-spec` for one that is not of this form or names a component that polyproof does
 * not come with; `NotCovered` for a backend that this program does not have. Whether a policy allows them is judged later.
 */
export function openSpec(spec: JsonObject): PublicSpec {
  const found = Keys.of(spec, "public-spec", "spec");
  if (hasFraction(spec)) found.fail("the spec has a number that is not whole");
  const common = ["polyproof", "assets", "rule", "backend"];
  found.only(common, ["net_equity", "margin_backend"]);
  found.integer("polyproof", SPEC_FORMAT, SPEC_FORMAT);
  const rule = found.oneOf("rule", ["non-negative", "net-equity"]);
  found.only(rule === "net-equity" ? [...common, "net_equity", "margin_backend"] : common);
  const assets = readAssets(found);
  if (rule === "non-negative") {
    return { assets, backend: openBackend(found.inner("backend"), "accounts"), margin: null };
  }
  const settings = readNetEquitySettings(found.inner("net_equity"));
  const backend = openBackend(found.inner("backend"), "accounts");
  checkCollateral(settings, assets);
  const marginBackend = openBackend(found.inner("margin_backend"), "margin-accounts");
  if (marginBackend.name !== backend.name) found.fail("both kinds of segments are proved by one backend");
  return { assets, backend, margin: { settings, backend: marginBackend } };
}

function readAssets(spec: Keys): StatedAsset[] {
  const assets = spec.objects("assets", 1, MOST_ASSETS_OF_SPEC).map((one) => {
    one.only(["symbol", "decimals", "bits"]);
    return {
      symbol: one.matching("symbol", SYMBOL_FORM),
      decimals: one.integer("decimals", 0, 77),
      bits: one.integer("bits", 1, 256),
    };
  });
  if (new Set(assets.map((asset) => asset.symbol.toLowerCase())).size < assets.length) {
    spec.fail("two assets of the spec have one symbol, whatever the case of its letters");
  }
  return assets;
}

function readNetEquitySettings(found: Keys): NetEquitySettings {
  found.only(["collateral", "own_issued", "underwater"]);
  const collateral = found.objects("collateral", 0, MOST_COLLATERAL).map((one) => {
    one.only(["asset", "category", "slices"]);
    return {
      asset: one.matching("asset", SYMBOL_FORM),
      category: one.matching("category", NAME_FORM),
      slices: one.objects("slices", 1, MOST_SLICES).map((slice) => {
        slice.only(["ratio", "width"]);
        return {
          ratio: slice.matching("ratio", DECIMAL_FORM),
          width: slice.isNull("width") ? null : slice.matching("width", DECIMAL_FORM),
        };
      }),
    };
  });
  return {
    collateral,
    ownIssued: found.allMatching("own_issued", SYMBOL_FORM, 1024),
    underwater: found.oneOf("underwater", ["refuse", "leave-out"]),
  };
}

/** A backend with its options, `constraints` being the system that a STARK proves accounts of this kind under. */
function openBackend(found: Keys, constraints: "accounts" | "margin-accounts"): BackendChoice {
  const name = found.matching("name", NAME_FORM);
  if (name === "merkle-sum") return openSumTree(found);
  if (name === "stark") return openStark(found, constraints);
  if (name === "grand-sum") throw new NotCovered("This program has no pairing, and cannot check audits of the backend grand-sum.");
  throw new NotCovered(`This program does not have the backend ${quoted(name)}.`);
}

function openSumTree(found: Keys): BackendChoice {
  found.only(["name", "hash", "accounts_per_segment", "min_depth"]);
  const hash = found.text("hash");
  const accountsPerSegment = found.integer("accounts_per_segment", 1, 2 ** 32);
  const minDepth = found.integer("min_depth", 0, 32);
  const components = { constraints: [], commitment: [], hash: [hash], field: [] };
  const options = { hash: hashOf(found, hash), accountsPerSegment, minDepth };
  return { name: "merkle-sum", components, options };
}

function openStark(found: Keys, expected: "accounts" | "margin-accounts"): BackendChoice {
  found.only([
    "name", "profile", "field", "hash", "commitment", "constraints", "extension", "blowup", "queries", "grinding",
    "target_bits", "arity", "limb_bits", "segment_rows", "blinding",
  ]);
  for (const key of ["hash", "extension", "limb_bits", "segment_rows"]) {
    if (found.isNull(key)) found.fail(`the spec leaves ${key} open, which its proofs depend on`);
  }
  const orNull = (key: string, least: number, most: number): number | null =>
    found.isNull(key) ? null : found.integer(key, least, most);
  const powerOfTwo = (key: string, least: number, most: number): number => {
    const value = found.integer(key, least, most);
    if ((value & (value - 1)) !== 0) found.fail(`${key} is ${value}, which is no power of two`);
    return value;
  };
  const names = { constraints: found.text("constraints"), commitment: found.text("commitment"), hash: found.text("hash"), field: found.text("field") };
  const numbers = {
    profile: found.oneOf("profile", ["standard", "small"]),
    extension: found.integer("extension", 2, 8),
    blowup: found.isNull("blowup") ? null : powerOfTwo("blowup", 2, 16),
    queries: orNull("queries", 1, 1024),
    grinding: orNull("grinding", 0, 32),
    targetBits: orNull("target_bits", 1, 128),
    arity: powerOfTwo("arity", 2, 16),
    limbBits: found.integer("limb_bits", 4, 24),
    segmentRows: powerOfTwo("segment_rows", 1024, 16777216),
    blinding: orNull("blinding", 1, 65536),
  };
  const components = {
    constraints: [names.constraints], commitment: [names.commitment], hash: [names.hash], field: [names.field],
  };
  if (names.constraints !== expected) {
    found.fail(`accounts of this kind are proved under ${expected}, not under ${quoted(names.constraints)}`);
  }
  if (names.commitment !== "merkle") found.fail(`no commitment to vectors is named ${quoted(names.commitment)}`);
  const options = {
    ...numbers, constraints: expected, field: fieldOf(found, names.field), hash: hashOf(found, names.hash),
  };
  return { name: "stark", components, options };
}

function hashOf(found: Keys, name: string): Hash {
  return HASHES.find((one) => one.name === name) ?? found.fail(`no hash is named ${quoted(name)}`);
}

function fieldOf(found: Keys, name: string): Field {
  return [GOLDILOCKS, BABYBEAR].find((one) => one.name === name) ?? found.fail(`no field is named ${quoted(name)}`);
}
