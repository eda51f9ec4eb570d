import type { Progress } from "../statement.js";

/** Tells how much of a work is done, by the count of its parts, and no more often than a hundred times. */
export class Meter {
  private done = 0;
  private told = 0;

  constructor(
    private readonly whole: number,
    private readonly progress: Progress,
  ) {}

  did(parts: number): void {
    this.done += parts;
    if (this.done - this.told >= this.whole / 100) {
      this.told = this.done;
      this.progress(Math.min(this.done / this.whole, 1));
    }
  }

  end(): void {
    this.progress(1);
  }
}

/** Compressions that the hash of a row of so many elements is worth, to tell how far a verification is. */
export function rowWork(elements: number): number {
  return Math.ceil(elements / 8);
}
