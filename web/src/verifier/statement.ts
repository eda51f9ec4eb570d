import { Rejected } from "./rejected.js";

/** What a proof of one segment is about, whatever the backend. The totals stand beside it, since a proof is for them. */
export interface Statement {
  /** 32 bytes: SHA-256 of the manifest's header, as docs/reference/audit-directory.md defines them ("Context"). */
  readonly context: Uint8Array;
  readonly auditId: string;
  /** This segment's index, from 0. */
  readonly segment: number;
  readonly segments: number;
  /** What totals and balances are of, in order: assets, or positions such as `BTC:equity` in a segment with debts. */
  readonly assets: readonly StatedAsset[];
}

export interface StatedAsset {
  readonly symbol: string;
  readonly decimals: number;
  /** A balance is below 2^bits base units. */
  readonly bits: number;
}

/** Rejects balances that are not one for each asset (`balance-count`), each below its 2^bits (`balance-range`). */
export function checkBalances(assets: readonly StatedAsset[], balances: readonly bigint[]): void {
  if (balances.length !== assets.length) {
    throw new Rejected("balance-count", `there are ${balances.length} balances for ${assets.length} assets`);
  }
  assets.forEach((asset, i) => {
    if (balances[i]! < 0n || balances[i]! >> BigInt(asset.bits) !== 0n) {
      throw new Rejected("balance-range", `the balance of ${asset.symbol} is not in [0, 2^${asset.bits}) base units`);
    }
  });
}

/** Called now and then with the fraction of the work that is done, from 0 to 1, by a count and not by time. */
export type Progress = (done: number) => void;
