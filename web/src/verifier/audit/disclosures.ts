/** What an organisation declares about itself, its word: docs/reference/spec.md, "disclosures". Only its form is checked. */
import { Rejected } from "../rejected.js";
import type { StatedAsset } from "../statement.js";
import { DECIMAL_FORM, SYMBOL_FORM, isDay, quoted } from "./keys.js";
import type { Keys } from "./keys.js";

const MOST_SYMBOLS = 4096;
const LONGEST_NAME = 200;
const LONGEST_TEXT = 1000;
const LEI_FORM = { pattern: /^[0-9A-Z]{18}[0-9]{2}$/, called: "18 digits or capital letters and two digits" };

/** What of the disclosures is compared with the assets of the audit. */
export interface Disclosures {
  readonly ownIssued: readonly string[];
  readonly encumbered: readonly { readonly asset: string; readonly amount: string | null }[];
  /** Assets that custodians keep. */
  readonly kept: readonly string[];
  /** Whether no key that could be left out has the value null, and every list is one, if of a single item. */
  readonly isCanonical: boolean;
}

/** Rejects, under the check of `found`, what is not of the form of disclosures. */
export function parseDisclosures(stated: Keys): Disclosures {
  let isCanonical = true;
  /** In a spec a single value stands for a list of one; no manifest that polyproof wrote has that. */
  const withLists = (of: Keys, ...keys: string[]): Keys =>
    keys.reduce((made, key) => {
      const value = made.value.get(key);
      if (value === undefined || value === null || Array.isArray(value)) return made;
      isCanonical = false;
      return made.with(key, [value]);
    }, of);
  /** Calls `read` if the key is there and not null. */
  const optional = <T>(of: Keys, key: string, read: () => T): T | undefined => {
    if (!of.has(key)) return undefined;
    if (of.isNull(key)) isCanonical = false;
    return of.isNull(key) ? undefined : read();
  };
  const optionalText = (of: Keys, key: string, longest: number): void => {
    optional(of, key, () => of.shown(key, longest));
  };
  const found = withLists(
    stated,
    "in_scope", "out_of_scope", "custodians", "encumbered", "own_issued", "affiliates", "exceptions",
  );
  found.only([], [
    "entity", "in_scope", "out_of_scope", "cut_off", "custodians", "encumbered", "own_issued", "affiliates", "exceptions",
    "statement",
  ]);
  const texts = (key: string, longest: number): void => {
    optional(found, key, () => found.allShown(key, 0, 64, longest));
  };

  if ([...found.value.values()].every((value) => value === null)) found.fail("the disclosures declare nothing");
  optional(found, "entity", () => {
    const entity = found.inner("entity");
    entity.only(["name"], ["jurisdiction", "registration", "lei"]);
    entity.shown("name", LONGEST_NAME);
    optionalText(entity, "jurisdiction", LONGEST_NAME);
    optionalText(entity, "registration", LONGEST_NAME);
    optional(entity, "lei", () => {
      const lei = entity.matching("lei", LEI_FORM);
      if (!isLei(lei)) entity.fail(`${lei} is no LEI: its last two digits do not check the others`);
    });
  });
  texts("in_scope", LONGEST_NAME);
  texts("out_of_scope", LONGEST_NAME);
  optionalText(found, "cut_off", LONGEST_TEXT);
  const custodians = optional(found, "custodians", () => found.objects("custodians", 0, 256)) ?? [];
  const kept = custodians.flatMap((one) => {
    const custodian = withLists(one, "assets");
    custodian.only(["name"], ["jurisdiction", "assets"]);
    custodian.shown("name", LONGEST_NAME);
    optionalText(custodian, "jurisdiction", LONGEST_NAME);
    return optional(custodian, "assets", () => custodian.allMatching("assets", SYMBOL_FORM, MOST_SYMBOLS)) ?? [];
  });
  const encumbered = (optional(found, "encumbered", () => found.objects("encumbered", 0, 1024)) ?? []).map((one) => {
    one.only(["asset", "reason"], ["amount"]);
    one.shown("reason", LONGEST_TEXT);
    const amount = optional(one, "amount", () => one.matching("amount", DECIMAL_FORM)) ?? null;
    return { asset: one.matching("asset", SYMBOL_FORM), amount };
  });
  const ownIssued = (optional(found, "own_issued", () => found.objects("own_issued", 0, 1024)) ?? []).map((one) => {
    one.only(["asset"], ["note"]);
    optionalText(one, "note", LONGEST_TEXT);
    return one.matching("asset", SYMBOL_FORM);
  });
  if (new Set(ownIssued).size < ownIssued.length) found.fail("own_issued lists an asset twice");
  for (const one of optional(found, "affiliates", () => found.objects("affiliates", 0, 256)) ?? []) {
    one.only(["name", "relation"], ["accounts"]);
    one.shown("name", LONGEST_NAME);
    one.shown("relation", LONGEST_TEXT);
    optional(one, "accounts", () => one.oneOf("accounts", ["included", "excluded", "none"]));
  }
  texts("exceptions", LONGEST_TEXT);
  optional(found, "statement", () => {
    const statement = withLists(found.inner("statement"), "text");
    statement.only(["text", "by"], ["date"]);
    statement.allShown("text", 1, 40, LONGEST_TEXT);
    statement.shown("by", LONGEST_NAME);
    optional(statement, "date", () => {
      const date = /^([0-9]{4})-([0-9]{2})-([0-9]{2})$/.exec(statement.text("date"));
      const isDate = date !== null && Number(date[1]) >= 1 && isDay(Number(date[1]), Number(date[2]), Number(date[3]));
      if (!isDate) statement.fail("the date of the management's statement is none");
    });
  });
  return { ownIssued, encumbered, kept, isCanonical };
}

/** Reject, with `manifest-disclosures`, what is declared about assets that are not audited, or amounts finer than one. */
export function checkDisclosedAssets(declared: Disclosures, assets: readonly StatedAsset[]): void {
  const decimals = new Map(assets.map((asset) => [asset.symbol, asset.decimals]));
  for (const symbol of [...declared.kept, ...declared.encumbered.map((one) => one.asset), ...declared.ownIssued]) {
    if (!decimals.has(symbol)) {
      throw new Rejected("manifest-disclosures", `the disclosures name ${quoted(symbol)}, which is no asset of the audit`);
    }
  }
  for (const { asset, amount } of declared.encumbered) {
    const places = amount?.split(".")[1]?.length ?? 0;
    if (places > decimals.get(asset)!) {
      throw new Rejected("manifest-disclosures", `the disclosures have an amount of ${asset} with ${places} decimals`);
    }
  }
}

/** ISO 17442, whose last two digits are those of ISO 7064, MOD 97-10: with letters as 10 to 35, it is 1 modulo 97. */
function isLei(text: string): boolean {
  const digits = [...text].map((character) => Number.parseInt(character, 36)).join("");
  return BigInt(digits) % 97n === 1n;
}
