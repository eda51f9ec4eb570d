/** A row for each asset of the audit: what the customer has and, where accounts may have debts, owes. */
import { byId, foreign, make } from "./dom.js";
import type { AuditOutline } from "./jobs.js";
import { say } from "./language.js";
import { visibleText } from "./visible.js";

const MANY_ASSETS = 12;
const LONGEST_SYMBOL = 32;
const LONGEST_AMOUNT = 200;
/** What a line of a pasted list is: perhaps the word debt, a symbol, a separator, an amount. */
const PASTED_LINE = /^(?:(debt)\s+)?(\S+?)\s*(?:[\s=:;,\t]\s*)(\S+)$/i;
const MOST_PASTED = 4096;
/** Of a line; no symbol and amount together are longer. */
const LONGEST_PASTED = 300;

interface AssetRow {
  readonly symbol: string;
  readonly row: HTMLElement;
  readonly have: HTMLInputElement;
  readonly owe: HTMLInputElement | null;
}

/** What was typed, by symbol. */
export interface Typed {
  readonly balances: ReadonlyMap<string, string>;
  readonly debts: ReadonlyMap<string, string>;
}

export class BalancesForm {
  readonly #amounts = byId("amounts", HTMLDivElement);
  readonly #filter = byId("filter", HTMLInputElement);
  #rows: readonly AssetRow[] = [];
  #shown = "";

  constructor() {
    this.#filter.addEventListener("input", () => this.#applyFilter());
    // Enter in the filter means to look, not to check.
    this.#filter.addEventListener("keydown", (event) => {
      if (event.key === "Enter") event.preventDefault();
    });
    byId("paste-take", HTMLButtonElement).addEventListener("click", () => this.#takePasted());
    this.#amounts.addEventListener("input", () => this.#sayFilled());
  }

  get isEmpty(): boolean {
    return this.#rows.length === 0;
  }

  /** Show the assets of an audit; of null none. What was typed for an asset that stays is kept. */
  show(audit: AuditOutline | null): void {
    const shown = JSON.stringify([audit?.assets, audit?.debts]);
    if (shown === this.#shown) return;
    const typed = this.typed();
    this.#shown = shown;
    const assets = audit?.assets ?? [];
    this.#rows = assets.map(({ symbol, decimals }) => assetRow(symbol, decimals, audit?.debts === true));
    this.#amounts.replaceChildren(...this.#rows.map(({ row }) => row));
    this.#amounts.classList.toggle("many", assets.length > MANY_ASSETS);
    this.#amounts.classList.toggle("debts", audit?.debts === true);
    byId("filter-field", HTMLDivElement).hidden = assets.length <= MANY_ASSETS;
    byId("balances", HTMLDivElement).hidden = assets.length === 0;
    byId("balances-note", HTMLParagraphElement).textContent = say(assets.length === 0 ? "balancesWaiting" : "balancesNote");
    byId("paste-label", HTMLLabelElement).textContent = say(audit?.debts === true ? "pasteDebtLabel" : "pasteLabel");
    this.#filter.value = "";
    this.#applyFilter();
    this.fill(typed);
  }

  typed(): Typed {
    const balances = new Map<string, string>();
    const debts = new Map<string, string>();
    for (const { symbol, have, owe } of this.#rows) {
      if (have.value.trim() !== "") balances.set(symbol, have.value);
      if (owe !== null && owe.value.trim() !== "") debts.set(symbol, owe.value);
    }
    return { balances, debts };
  }

  /** Write amounts into the rows of their assets. */
  fill(typed: Typed): void {
    for (const { symbol, have, owe } of this.#rows) {
      have.value = typed.balances.get(symbol) ?? have.value;
      if (owe !== null) owe.value = typed.debts.get(symbol) ?? owe.value;
    }
    this.#sayFilled();
  }

  #sayFilled(): void {
    const count = this.#rows.filter(({ have, owe }) => have.value.trim() !== "" || (owe?.value.trim() ?? "") !== "").length;
    byId("filled", HTMLParagraphElement).textContent = say("filled", { count, all: this.#rows.length });
  }

  #applyFilter(): void {
    const asked = this.#filter.value.trim().toLowerCase();
    let shown = 0;
    for (const { symbol, row } of this.#rows) {
      row.hidden = !symbol.toLowerCase().includes(asked);
      if (!row.hidden) shown++;
    }
    byId("filter-said", HTMLParagraphElement).textContent =
      asked === "" ? "" : shown === 0 ? say("filterNone") : say("filterCount", { shown, count: this.#rows.length });
  }

  #takePasted(): void {
    const paste = byId("paste", HTMLTextAreaElement);
    const bySymbol = new Map(this.#rows.map((row) => [row.symbol.toLowerCase(), row]));
    const unknown: string[] = [];
    const unread: string[] = [];
    let count = 0;
    for (const line of paste.value.split("\n").slice(0, MOST_PASTED).map((text) => text.trim())) {
      if (line === "") continue;
      const [, debt, symbol, amount] = (line.length > LONGEST_PASTED ? null : PASTED_LINE.exec(line)) ?? [];
      if (symbol === undefined || amount === undefined) {
        unread.push(line);
        continue;
      }
      const row = bySymbol.get(symbol.toLowerCase());
      const input = debt === undefined ? row?.have : row?.owe;
      if (input === undefined || input === null) {
        unknown.push(symbol);
        continue;
      }
      input.value = amount;
      count++;
    }
    byId("paste-said", HTMLParagraphElement).textContent = [
      say("pasteDone", { count }),
      ...(unknown.length > 0 ? [say("pasteUnknown", { names: visibleText(unknown.join(", ")) })] : []),
      ...(unread.length > 0 ? [say("pasteUnread", { lines: visibleText(unread.join("; ")) })] : []),
    ].join(" ");
    this.#sayFilled();
  }
}

function assetRow(symbol: string, decimals: number, debts: boolean): AssetRow {
  const asset = visibleText(symbol, LONGEST_SYMBOL);
  const input = (label: string) =>
    make("input", {
      type: "text", inputmode: "decimal", autocomplete: "off", spellcheck: "false", autocapitalize: "none", placeholder: "0",
      maxlength: LONGEST_AMOUNT, "aria-label": label,
    });
  const have = input(say("haveLabel", { asset }));
  const owe = debts ? input(say("oweLabel", { asset })) : null;
  const name = make("strong", {}, foreign(asset));
  name.title = say("decimals", { decimals });
  const cell = (title: "have" | "owe", field: HTMLInputElement) => make("label", {}, make("span", { "aria-hidden": "true" }, say(title)), field);
  const row = make("div", { class: "amount" }, name, ...(owe === null ? [have] : [cell("have", have), cell("owe", owe)]));
  return { symbol, row, have, owe };
}
