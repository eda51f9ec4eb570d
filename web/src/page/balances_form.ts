/** A row for each asset of the audit: what the customer has and, where accounts may have debts, owes. */
import { unitsRoundedUp } from "../verifier/audit/balances.js";
import { BadInput } from "../verifier/rejected.js";
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
const MOST_SAID = 4;
/** One comma and no point: in most of the world the mark before the decimals, and all that many phones' keyboards offer. */
const DECIMAL_COMMA = /^([+-]?\d*),(\d*)$/;
/** Digits that are a thousand times as much where the mark stands between thousands. */
const PERHAPS_THOUSANDS = /^[+-]?[1-9]\d{0,2}[.,]\d{3}$/;

interface AssetRow {
  readonly symbol: string;
  readonly decimals: number;
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

  /** `changed` is called when an amount is another. */
  constructor(private readonly changed: () => void) {
    this.#filter.addEventListener("input", () => this.#applyFilter());
    // Enter in the filter means to look, not to check.
    this.#filter.addEventListener("keydown", (event) => {
      if (event.key === "Enter") event.preventDefault();
    });
    byId("paste-take", HTMLButtonElement).addEventListener("click", () => this.#takePasted());
    this.#amounts.addEventListener("input", () => {
      this.changed();
      this.#sayFilled();
    });
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

  /** What was typed, with a point before the decimals. */
  typed(): Typed {
    const balances = new Map<string, string>();
    const debts = new Map<string, string>();
    for (const { symbol, have, owe } of this.#rows) {
      if (have.value.trim() !== "") balances.set(symbol, withPoint(have.value));
      if (owe !== null && owe.value.trim() !== "") debts.set(symbol, withPoint(owe.value));
    }
    return { balances, debts };
  }

  /** The first amount that is none or can be read in two ways; it is made visible. */
  firstProblem(): { text: string; field: HTMLElement } | null {
    for (const row of this.#rows) {
      for (const field of [row.have, ...(row.owe === null ? [] : [row.owe])]) {
        const text = amountProblem(row, field.value);
        if (text === null) continue;
        if (row.row.hidden) {
          this.#filter.value = "";
          this.#applyFilter();
        }
        return { text, field };
      }
    }
    return null;
  }

  /** Write amounts into the rows of their assets, and nothing into the others. */
  fill(typed: Typed): void {
    for (const { symbol, have, owe } of this.#rows) {
      have.value = typed.balances.get(symbol) ?? "";
      if (owe !== null) owe.value = typed.debts.get(symbol) ?? "";
    }
    this.#sayFilled();
  }

  #sayFilled(): void {
    const count = this.#rows.filter(({ have, owe }) => have.value.trim() !== "" || (owe?.value.trim() ?? "") !== "").length;
    byId("filled", HTMLParagraphElement).textContent = say("filled", { count, all: this.#rows.length });
    const points = this.#rows.flatMap(({ symbol, have, owe }) =>
      [have.value, owe?.value ?? ""]
        .map((text) => text.trim())
        .filter((text) => PERHAPS_THOUSANDS.test(text) && !text.includes(","))
        .map((text) => say("amountPoint", { asset: visibleText(symbol, LONGEST_SYMBOL), text, other: text.replace(".", "") })),
    );
    byId("amounts-said", HTMLParagraphElement).textContent = points.slice(0, MOST_SAID).join(" ");
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
    const found = new Map<HTMLInputElement, string>();
    const twice = new Map<HTMLInputElement, string>();
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
      if (found.has(input)) twice.set(input, symbol);
      found.set(input, amount);
    }
    // Which of two amounts is meant, or whether their sum, nobody knows.
    for (const input of twice.keys()) found.delete(input);
    for (const [input, amount] of found) input.value = amount;
    if (found.size > 0) this.changed();
    byId("paste-said", HTMLParagraphElement).textContent = [
      say("pasteDone", { count: found.size }),
      ...(twice.size > 0 ? [say("pasteTwice", { names: visibleText([...twice.values()].join(", ")) })] : []),
      ...(unknown.length > 0 ? [say("pasteUnknown", { names: visibleText(unknown.join(", ")) })] : []),
      ...(unread.length > 0 ? [say("pasteUnread", { lines: visibleText(unread.join("; ")) })] : []),
    ].join(" ");
    this.#sayFilled();
  }
}

/** An amount as the verifier reads it: one comma becomes a point. */
function withPoint(text: string): string {
  return text.trim().replace(DECIMAL_COMMA, "$1.$2");
}

/** Why an amount cannot be taken, as a sentence; null if it can, or is empty. */
function amountProblem({ symbol, decimals }: AssetRow, typed: string): string | null {
  const text = typed.trim();
  const values = { asset: visibleText(symbol, LONGEST_SYMBOL), text: visibleText(text, 60) };
  if (text === "") return null;
  if (PERHAPS_THOUSANDS.test(text) && text.includes(",")) {
    return say("amountComma", { ...values, one: `${text}0`, other: text.replace(",", "") });
  }
  try {
    unitsRoundedUp(withPoint(text), decimals);
    return null;
  } catch (error) {
    if (error instanceof BadInput) return say("amountUnread", values);
    throw error;
  }
}

function assetRow(symbol: string, decimals: number, debts: boolean): AssetRow {
  const asset = visibleText(symbol, LONGEST_SYMBOL);
  const input = (label: string) =>
    make("input", {
      type: "text", inputmode: "decimal", autocomplete: "off", autocorrect: "off", spellcheck: "false", autocapitalize: "none", placeholder: "0",
      maxlength: LONGEST_AMOUNT, "aria-label": label,
    });
  const have = input(say("haveLabel", { asset }));
  const owe = debts ? input(say("oweLabel", { asset })) : null;
  const name = make("strong", {}, foreign(asset));
  name.title = say("decimals", { decimals });
  const cell = (title: "have" | "owe", field: HTMLInputElement) => make("label", {}, make("span", { "aria-hidden": "true" }, say(title)), field);
  const row = make("div", { class: "amount" }, name, ...(owe === null ? [have] : [cell("have", have), cell("owe", owe)]));
  return { symbol, decimals, row, have, owe };
}
