/** What somebody types, as exact integers of base units: docs/reference/accounts-snapshot.md, "Amounts". */
import { isWellFormedText } from "../bytes/text.js";
import { BadInput } from "../rejected.js";
import type { StatedAsset } from "../statement.js";
import { quoted } from "./keys.js";

const MOST_DIGITS = 1000;
const AMOUNT_PATTERN = /^[ \t]*([+-]?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]+))?[ \t]*$/;

/** An account as its owner states it. Amounts are base units, one for each asset in order. */
export interface Claim {
  readonly user: string;
  readonly balances: readonly bigint[];
  readonly debts: readonly bigint[];
}

/**
 * The claim of what was typed. Balances are rounded up and debts down, as in the snapshot; an asset that is not named is
 * 0. `BadInput` for no amount at all, an id that is none, a symbol that is no asset of the audit, and an amount that none can have.
 */
export function makeClaim(
  assets: readonly StatedAsset[],
  user: string,
  balances: ReadonlyMap<string, string>,
  debts: ReadonlyMap<string, string>,
): Claim {
  if (user === "" || !isWellFormedText(user)) throw new BadInput("The account id is empty or has characters that are no text.");
  if (balances.size + debts.size === 0) throw new BadInput("No balance was given. Give what you have of each asset; if you have nothing, 0 of one.");
  return { user, balances: amounts(assets, balances, "up"), debts: amounts(assets, debts, "down") };
}

/** Base units in whole coins, exactly, without trailing zeros: 150000000 of 8 decimals are `1.5`. */
export function coinsText(value: bigint, decimals: number): string {
  const digits = (value < 0n ? -value : value).toString().padStart(decimals + 1, "0");
  const whole = digits.slice(0, digits.length - decimals);
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, "");
  return (value < 0n ? "-" : "") + (fraction === "" ? whole : `${whole}.${fraction}`);
}

/** An exact decimal without a sign in units of 10^−decimals, rounded up. */
export function unitsRoundedUp(decimal: string, decimals: number): bigint {
  return parseAmount(decimal, decimals, "up");
}

function amounts(assets: readonly StatedAsset[], typed: ReadonlyMap<string, string>, rounding: "up" | "down"): bigint[] {
  const found = assets.map((): bigint | null => null);
  for (const [symbol, text] of typed) {
    const place = placeOf(assets, symbol);
    const asset = assets[place]!;
    const units = parseAmount(text, asset.decimals, rounding);
    if (found[place] !== null) throw new BadInput(`${asset.symbol} is given twice.`);
    if (units < 0n || units >= 1n << BigInt(asset.bits)) {
      const most = coinsText((1n << BigInt(asset.bits)) - 1n, asset.decimals);
      throw new BadInput(`The amount of ${asset.symbol} is out of range: it can be 0 to ${most}.`);
    }
    found[place] = units;
  }
  return found.map((units) => units ?? 0n);
}

/** The asset of this symbol, or of it in other letter case, of which there is only one: symbols differ without case. */
function placeOf(assets: readonly StatedAsset[], symbol: string): number {
  const exact = assets.findIndex((asset) => asset.symbol === symbol);
  if (exact >= 0) return exact;
  const place = assets.findIndex((asset) => asset.symbol.toLowerCase() === symbol.toLowerCase());
  if (place < 0) throw new BadInput(`${quoted(symbol)} is not an asset of this audit.`);
  return place;
}

/** Exact whatever the exponent, in bounded time. */
function parseAmount(text: string, decimals: number, rounding: "up" | "down"): bigint {
  if (text.length > MOST_DIGITS) throw new BadInput("An amount is longer than any balance.");
  const found = AMOUNT_PATTERN.exec(text);
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = found ?? [];
  if (found === null || whole + fraction === "") {
    throw new BadInput(`${quoted(text)} is not a number: write digits with at most one point, such as 1234.5.`);
  }
  const coefficient = BigInt(whole + fraction);
  if (coefficient === 0n) return 0n;
  const shift = BigInt(decimals) + BigInt(exponent) - BigInt(fraction.length);
  const negative = sign === "-";
  if (shift >= 0n) {
    if (shift + BigInt(coefficient.toString().length) > BigInt(MOST_DIGITS)) {
      throw new BadInput(`${quoted(text)} has more digits than any balance.`);
    }
    const units = coefficient * 10n ** shift;
    return negative ? -units : units;
  }
  // Further out it matters only that something is left over.
  const most = BigInt(MOST_DIGITS + 1);
  const power = 10n ** (-shift < most ? -shift : most);
  const quotient = coefficient / power;
  const isExact = quotient * power === coefficient;
  if (negative) return rounding === "up" || isExact ? -quotient : -quotient - 1n;
  return rounding === "down" || isExact ? quotient : quotient + 1n;
}
