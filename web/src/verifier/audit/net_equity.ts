/**
 * Audits in which accounts may have debts: the terms by which they are weighed, and the conditions on them, all checked
 * before any proof is read. docs/reference/net-equity.md, section 2; docs/reference/spec.md, `net_equity`;
 * docs/reference/audit-directory.md, "How an audit is verified", step 4.
 */
import { Rejected } from "../rejected.js";
import type { MarginAsset, MarginTerms } from "../stark/constraint_system.js";
import type { StatedAsset } from "../statement.js";
import type { Claim } from "./balances.js";
import { coinsText } from "./balances.js";
import type { Pledges } from "./inclusion_file.js";
import type { Manifest, Quote } from "./manifest.js";
import type { Policy } from "./policy.js";
import type { NetEquitySettings } from "./spec.js";

const MOST_CATEGORIES = 16;
const MOST_QUOTES_OF_ASSET = 16;
/** Significant bits of every price: rounding to whole value units changes it by less than 2^−19 of itself. */
const LEAST_PRICE_BITS = 20n;
const MOST_PRICE_BITS = 192n;

/** What an audit's accounts with debts are weighed by. */
export interface NetEquity {
  /** One for each asset. */
  readonly terms: MarginTerms;
  /** What is counted in segments of accounts with debts. */
  readonly positions: readonly Position[];
  /** Currency of the prices. */
  readonly currency: string;
  /** Symbols of the assets of which something counts as collateral. */
  readonly collateral: readonly string[];
  /** Of each asset in the spec's words: what can be pledged of it. */
  readonly settings: NetEquitySettings;
  /** The lowest and the highest quote of a coin of each asset. */
  readonly quoted: readonly QuotedPrice[];
}

/** One position, as a statement has it among its assets. */
export interface Position extends StatedAsset {
  /** Place of its asset in the spec. */
  readonly asset: number;
  /** `equity`, `debt` or a category of collateral. */
  readonly kind: string;
}

interface QuotedPrice {
  readonly lowest: ExactDecimal;
  readonly highest: ExactDecimal;
}

/** An exact decimal: digits·10^−places. */
interface ExactDecimal {
  readonly digits: bigint;
  readonly places: number;
}

/** Reject settings that do not fit one another, or the assets, under `public-spec`. */
export function checkCollateral(settings: NetEquitySettings, assets: readonly StatedAsset[]): void {
  const refuse = (reason: string): never => {
    throw new Rejected("public-spec", `in the spec's net_equity ${reason}`);
  };
  const given = new Set<string>();
  for (const { asset: symbol, category, slices } of settings.collateral) {
    const pledge = `${symbol}:${category}`;
    if (given.has(pledge)) refuse(`${pledge} is given twice`);
    given.add(pledge);
    slices.forEach(({ ratio, width }, t) => {
      const isLast = t === slices.length - 1;
      if ((width === null) !== isLast) refuse(`slice ${t} of ${pledge} ${isLast ? "is the last and has a width" : "has no width"}`);
      if (compareDecimals(exactDecimal(ratio), exactDecimal("1")) > 0) refuse(`a ratio of ${pledge} is above 1`);
      if (t > 0 && compareDecimals(exactDecimal(ratio), exactDecimal(slices[t - 1]!.ratio)) > 0) {
        refuse(`a ratio of ${pledge} rises from one slice to the next`);
      }
    });
  }
  for (const { asset: symbol, slices } of settings.collateral) {
    const asset = assets.find((one) => one.symbol === symbol) ?? refuse(`${symbol} is no asset of the spec`);
    for (const { width } of slices) {
      if (width === null) continue;
      const { digits, places } = exactDecimal(width);
      if (places > asset.decimals) refuse(`a width of ${symbol} is no whole number of base units`);
      const units = digits * 10n ** BigInt(asset.decimals - places);
      if (units < 1n || units >> BigInt(asset.bits) !== 0n) refuse(`a width of ${symbol} does not fit ${asset.bits} bits`);
    }
  }
  if (new Set(settings.ownIssued).size < settings.ownIssued.length) refuse("own_issued lists an asset twice");
  for (const symbol of settings.ownIssued) {
    if (!assets.some((asset) => asset.symbol === symbol)) refuse(`${symbol} is no asset of the spec`);
  }
}

/**
 * The terms and positions of an audit. Rejects a header under which debts would count for too little (`manifest-prices`),
 * or that does not fit its spec (`manifest-net-equity`).
 */
export function openNetEquity(manifest: Manifest, settings: NetEquitySettings, assets: readonly StatedAsset[]): NetEquity {
  const facts = manifest.netEquity!;
  for (const quote of facts.prices) {
    if (quote.time > manifest.created) {
      throw pricesUnfit(`a price of ${quote.asset} is of ${quote.time}, after the proof was started`);
    }
  }
  const quotes = quotesOf(facts.prices, assets);
  const quoted = quotes.map(boundsOf);
  const prices = scalePrices(assets, quoted);
  const terms = assets.map((asset, i) => termsOf(asset, settings, prices[i]!));
  const positions = assets.flatMap((asset, i) =>
    ["equity", "debt", ...terms[i]!.categories.map((category) => category.name)].map((kind) => ({
      symbol: `${asset.symbol}:${kind}`, decimals: asset.decimals, bits: asset.bits, asset: i, kind,
    })),
  );
  if (positions.length !== facts.positions.length || positions.some(({ symbol }, i) => symbol !== facts.positions[i])) {
    throw new Rejected("manifest-net-equity", "the positions that it lists are not those of its spec, in order");
  }
  const { underwater } = facts;
  if (underwater !== null) {
    if (settings.underwater !== "leave-out") {
      throw new Rejected("manifest-net-equity", "accounts under water are left out, and its spec refuses them");
    }
    if (underwater.equity.length !== assets.length || underwater.debt.length !== assets.length) {
      throw new Rejected("manifest-net-equity", "what was left out does not have an amount for each asset");
    }
  }
  const counting = settings.collateral.filter(({ slices }) => slices.some(({ ratio }) => ratio !== "0"));
  return {
    terms,
    positions,
    currency: quotes[0]![0]!.currency,
    collateral: assets.map(({ symbol }) => symbol).filter((symbol) => counting.some(({ asset }) => asset === symbol)),
    settings,
    quoted,
  };
}

/**
 * Refuse what the policy does not accept of debts. `covered`: whether the proofs show that they are covered. `declared`:
 * assets that the organisation says that it issues, in its spec or elsewhere.
 */
export function checkNetEquityPolicy(
  policy: Policy,
  netEquity: NetEquity,
  manifest: Manifest,
  assets: readonly StatedAsset[],
  covered: boolean,
  declared: readonly string[],
): void {
  const accepted = policy.netEquity;
  if (accepted.requireCovered && !covered) {
    throw new Rejected(
      "policy-debts-covered",
      "nothing proves of an account that what it has pledged covers what it owes, and the policy requires it",
    );
  }
  const issued = new Set([...accepted.ownIssued, ...declared]);
  for (const symbol of netEquity.collateral) {
    if (issued.has(symbol) && accepted.allowOwnIssued !== null && !accepted.allowOwnIssued.includes(symbol)) {
      throw new Rejected(
        "policy-own-issued",
        `${symbol} is issued by the organisation and counts as collateral: it can make as many as cover any debt`,
      );
    }
  }
  checkHaircuts(policy, netEquity, assets);
  checkPriceTimes(policy, manifest);
  checkPrices(policy, netEquity, manifest, assets);
  netTotals(netEquity, manifest, assets).forEach((net, i) => {
    const { symbol, decimals } = assets[i]!;
    if (net < 0n && accepted.allowNegativeNet !== null && !accepted.allowNegativeNet.includes(symbol)) {
      throw new Rejected("policy-net", `of ${symbol} more is lent than all accounts have, by ${coinsText(-net, decimals)}`);
    }
  });
}

/** Refuse collateral that counts for more than the policy lets it. */
function checkHaircuts(policy: Policy, netEquity: NetEquity, assets: readonly StatedAsset[]): void {
  const { haircuts } = policy.netEquity;
  for (const { symbol, decimals } of assets) {
    const listed = haircuts.filter(({ asset }) => asset === symbol);
    if (listed.length === 0) continue;
    for (const { category, slices } of netEquity.settings.collateral.filter(({ asset }) => asset === symbol)) {
      const allowed = listed.find((one) => one.category === category)?.slices ?? [{ ratio: "0", width: null }];
      const at = firstExceeding(slices.map(countedSlice(decimals)), allowed.map(countedSlice(decimals)));
      if (at !== null) {
        const amount = coinsText(at, decimals);
        throw new Rejected("policy-haircuts", `a pledge of ${amount} ${symbol} as ${category} counts for more than the policy allows`);
      }
    }
  }
}

/** A slice with its width in base units. */
interface CountedSlice {
  readonly ratio: ExactDecimal;
  readonly width: bigint | null;
}

function countedSlice(decimals: number): (slice: { ratio: string; width: string | null }) => CountedSlice {
  return ({ ratio, width }) => ({
    ratio: exactDecimal(ratio),
    width: width === null ? null : scaled(exactDecimal(width), decimals, false),
  });
}

/**
 * The least pledge, at an end of a slice or one unit beyond all, that counts for more by the one than by the other; null if
 * none does. Both are linear between these, and beyond them by their last ratios.
 */
function firstExceeding(one: readonly CountedSlice[], other: readonly CountedSlice[]): bigint | null {
  const ends = [one, other].flatMap((slices) => {
    let end = 0n;
    return slices.flatMap(({ width }) => (width === null ? [] : [(end += width)]));
  });
  ends.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const beyond = (ends.at(-1) ?? 0n) + 1n;
  const exceeding = [...ends, beyond].find((pledged) => compareDecimals(countsFor(one, pledged), countsFor(other, pledged)) > 0);
  if (exceeding !== undefined) return exceeding;
  return compareDecimals(one.at(-1)!.ratio, other.at(-1)!.ratio) > 0 ? beyond : null;
}

/** What a pledge counts for, in base units of the asset itself. */
function countsFor(slices: readonly CountedSlice[], pledged: bigint): ExactDecimal {
  const places = Math.max(...slices.map(({ ratio }) => ratio.places));
  let [digits, rest] = [0n, pledged];
  for (const { ratio, width } of slices) {
    const inside = width !== null && width < rest ? width : rest;
    digits += inside * scaled(ratio, places, false);
    rest -= inside;
  }
  return { digits, places };
}

/** Refuse prices of another time than the balances: whoever chooses it chooses the prices. */
function checkPriceTimes(policy: Policy, manifest: Manifest): void {
  const { maxPriceHours } = policy.netEquity;
  if (maxPriceHours === null) return;
  for (const { asset, time } of manifest.netEquity!.prices) {
    if (Math.abs(Date.parse(time) - Date.parse(manifest.snapshot)) > maxPriceHours * 3_600_000) {
      throw new Rejected(
        "policy-price-times",
        `a price of ${asset} is of ${time}, the balances of ${manifest.snapshot}: the policy allows ${maxPriceHours} hours between`,
      );
    }
  }
}

/** Refuse prices that are more favourable than those of the policy: debts that count for less, collateral for more. */
function checkPrices(policy: Policy, netEquity: NetEquity, manifest: Manifest, assets: readonly StatedAsset[]): void {
  const { prices, tolerance } = policy.netEquity;
  if (prices.length === 0) return;
  const percent = exactDecimal(tolerance);
  const hundred = 100n * 10n ** BigInt(percent.places);
  const lent = lentTotals(netEquity, manifest, assets);
  assets.forEach(({ symbol }, i) => {
    if (lent[i] === 0n && !netEquity.collateral.includes(symbol)) return;
    const own = prices.filter(({ asset }) => asset === symbol);
    if (own.length === 0) throw new Rejected("policy-prices", `${symbol} is owed or pledged, and your prices have none of it`);
    if (own.some(({ currency }) => currency !== netEquity.currency)) {
      throw new Rejected("policy-prices", `the audit's prices are in ${netEquity.currency}, and yours of ${symbol} are not`);
    }
    const [theirs, mine] = [netEquity.quoted[i]!, boundsOf(own)];
    if (compareDecimals(times(theirs.highest, hundred), times(mine.highest, hundred - percent.digits)) < 0) {
      throw new Rejected("policy-prices", `a debt of ${symbol} counts for less than by your prices, by more than ${tolerance} %`);
    }
    if (compareDecimals(times(theirs.lowest, hundred), times(mine.lowest, hundred + percent.digits)) > 0) {
      throw new Rejected("policy-prices", `${symbol} counts as collateral for more than by your prices, by more than ${tolerance} %`);
    }
  });
}

/** What is lent of each asset: what all accounts owe. */
export function lentTotals(netEquity: NetEquity, manifest: Manifest, assets: readonly StatedAsset[]): bigint[] {
  return assets.map((_, i) => totalOf(netEquity, manifest, i, "debt"));
}

/** What all accounts have of each asset less what they owe of it; may be negative. */
export function netTotals(netEquity: NetEquity, manifest: Manifest, assets: readonly StatedAsset[]): bigint[] {
  return assets.map((_, i) => totalOf(netEquity, manifest, i, "equity") - totalOf(netEquity, manifest, i, "debt"));
}

/** The positions of which something can be pledged, in order. */
export function categoriesOf(netEquity: NetEquity): Position[] {
  return netEquity.positions.filter(isPledge);
}

/**
 * One amount for each position, of what was typed and what the file says was pledged. Rejects pledges that the account
 * cannot have made (`pledges`).
 */
export function positionBalances(
  netEquity: NetEquity,
  assets: readonly StatedAsset[],
  claim: Claim,
  pledges: Pledges,
): bigint[] {
  const pledged = [...pledges.pledged];
  const balances = netEquity.positions.map(({ asset, kind }) => {
    if (kind === "equity") return claim.balances[asset]!;
    return kind === "debt" ? claim.debts[asset]! : pledged.shift()!;
  });
  assets.forEach(({ symbol }, i) => {
    const ofAsset = netEquity.positions.reduce(
      (sum, position, k) => (position.asset === i && isPledge(position) ? sum + balances[k]! : sum),
      0n,
    );
    if (ofAsset > claim.balances[i]!) {
      throw new Rejected("pledges", `the file says that more of ${symbol} is pledged than what was typed`);
    }
  });
  return balances;
}

function isPledge({ kind }: Position): boolean {
  return kind !== "equity" && kind !== "debt";
}

function totalOf(netEquity: NetEquity, manifest: Manifest, asset: number, kind: string): bigint {
  return manifest.positionTotals[netEquity.positions.findIndex((one) => one.asset === asset && one.kind === kind)]!;
}

function pricesUnfit(reason: string): Rejected {
  return new Rejected("manifest-prices", reason);
}

/** The quotes of each asset in order: at least one, one of a source, all in one currency. */
function quotesOf(prices: readonly Quote[], assets: readonly StatedAsset[]): Quote[][] {
  const found = new Map(assets.map(({ symbol }) => [symbol, [] as Quote[]]));
  for (const quote of prices) {
    const own = found.get(quote.asset);
    if (own === undefined) throw pricesUnfit(`there is a price of ${quote.asset}, which is no asset of the audit`);
    if (own.some(({ source }) => source === quote.source)) throw pricesUnfit(`a source gives two prices of ${quote.asset}`);
    if (quote.currency !== prices[0]!.currency) throw pricesUnfit(`${quote.asset} is quoted in another currency than others`);
    own.push(quote);
  }
  return [...found].map(([symbol, own]) => {
    if (own.length === 0) throw pricesUnfit(`${symbol} has no price`);
    if (own.length > MOST_QUOTES_OF_ASSET) throw pricesUnfit(`${symbol} has more than ${MOST_QUOTES_OF_ASSET} prices`);
    return own;
  });
}

interface ScaledPrice {
  readonly up: bigint;
  readonly down: bigint;
}

function boundsOf(quotes: readonly Quote[]): QuotedPrice {
  const ordered = quotes.map(({ price }) => exactDecimal(price)).sort(compareDecimals);
  return { lowest: ordered[0]!, highest: ordered[ordered.length - 1]! };
}

/** Prices of one base unit of each asset in value units, by the least σ with which all have enough bits. */
function scalePrices(assets: readonly StatedAsset[], bounds: readonly QuotedPrice[]): ScaledPrice[] {
  // The σ that an asset needs: the least with ⌊lowest·10^(σ − decimals)⌋ ≥ 2^19.
  const needed = bounds.map(({ lowest }, i) => {
    let scale = 0;
    while (scaled(lowest, scale - assets[i]!.decimals, false) >> (LEAST_PRICE_BITS - 1n) === 0n) scale += 1;
    return scale;
  });
  const scale = Math.max(...needed);
  return bounds.map(({ lowest, highest }, i) => {
    const up = scaled(highest, scale - assets[i]!.decimals, true);
    if (up >> MOST_PRICE_BITS !== 0n) throw pricesUnfit("prices are so far apart that they have no scale in common");
    return { up, down: scaled(lowest, scale - assets[i]!.decimals, false) };
  });
}

function termsOf(asset: StatedAsset, settings: NetEquitySettings, price: ScaledPrice): MarginAsset {
  const own = settings.collateral.filter((one) => one.asset === asset.symbol);
  if (own.length > MOST_CATEGORIES) throw pricesUnfit(`${asset.symbol} has more than ${MOST_CATEGORIES} categories`);
  return {
    symbol: asset.symbol,
    bits: asset.bits,
    priceUp: price.up,
    categories: own.map(({ category, slices }) => {
      if (category === "equity" || category === "debt") throw pricesUnfit(`a category of ${asset.symbol} is named ${category}`);
      return {
        name: category,
        slices: slices.map(({ ratio, width }) => {
          const { digits, places } = exactDecimal(ratio);
          return {
            coefficient: (digits * price.down) / 10n ** BigInt(places),
            width: width === null ? null : scaled(exactDecimal(width), asset.decimals, false),
          };
        }),
      };
    }),
  };
}

/** A decimal that `DECIMAL_FORM` has let pass. */
function exactDecimal(text: string): ExactDecimal {
  const [whole = "", fraction = ""] = text.split(".");
  return { digits: BigInt(whole + fraction), places: fraction.length };
}

function compareDecimals(one: ExactDecimal, other: ExactDecimal): number {
  const difference = one.digits * 10n ** BigInt(other.places) - other.digits * 10n ** BigInt(one.places);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

function times({ digits, places }: ExactDecimal, factor: bigint): ExactDecimal {
  return { digits: digits * factor, places };
}

/** A decimal times 10^exponent, rounded up or down to a whole number. */
function scaled({ digits, places }: ExactDecimal, exponent: number, roundUp: boolean): bigint {
  const shift = exponent - places;
  if (shift >= 0) return digits * 10n ** BigInt(shift);
  const divisor = 10n ** BigInt(-shift);
  const quotient = digits / divisor;
  return roundUp && quotient * divisor !== digits ? quotient + 1n : quotient;
}
