/** The answer: the verdict, what it rests on, and what to do. */
import type { Amount, Facts, HistoryVerdict, Verdict } from "../verifier/verdict.js";
import { foreign, icon, make } from "./dom.js";
import type { Child, IconKind } from "./dom.js";
import type { Check, Checked } from "./jobs.js";
import { say } from "./language.js";
import { REJECTION_TEXTS } from "./rejections.js";
import type { RejectionText } from "./rejections.js";
import { nameList, openSentences, provenSentences } from "./sentences.js";
import { timeText } from "./times.js";
import { PAGE_VERSION } from "./version.js";
import { visibleText } from "./visible.js";

const LONGEST_REASON = 600;
const MOST_AMOUNTS = 8;

/** What the buttons under an answer do. */
export interface AnswerActions {
  readonly again: () => void;
  /** Saves the evidence and says how that went; null where there is nothing to keep. */
  readonly save: (() => string) | null;
  /** What can be done about a refusal on this very page. */
  readonly hint: string | null;
}

interface Headline {
  readonly look: "good" | "bad" | "open";
  readonly icon: IconKind;
  readonly word: string;
  readonly title: string;
}

/** What a check's failure means; null for one that nobody has written about. */
export function rejectionText(check: string): RejectionText | null {
  const covers = (name: string) => check === name || (name.endsWith("*") && check.startsWith(name.slice(0, -1)));
  return REJECTION_TEXTS.find((item) => item.checks.some(covers)) ?? null;
}

/** The answer's elements, its heading first focusable. */
export function answerElements(checked: Checked, check: Check, seconds: number, when: Date, actions: AnswerActions): Node[] {
  const { verdict, history } = checked;
  const { facts } = verdict;
  return [
    verdictBox(verdict, actions.hint),
    ...(facts === null || history === null ? [] : [historyPart(facts, history)]),
    ...(facts === null ? [] : [...acceptedParts(facts), factsPart(facts, check, seconds, when)]),
    ...(actions.save === null ? [] : [evidencePart(actions.save, facts?.nonNegative === "opened-paths")]),
    buttons(actions),
  ];
}

function headlineOf({ outcome, check, facts }: Verdict): Headline {
  if (outcome === "included" && facts !== null && facts.account !== null) {
    const gross = facts.debts !== null;
    if (!facts.digestCompared) {
      const title = say(gross ? "verdictIncludedNotComparedTitleGross" : "verdictIncludedNotComparedTitle");
      return { look: "open", icon: "word", word: say("verdictIncludedNotCompared"), title };
    }
    const title = say(gross ? "verdictIncludedTitleGross" : "verdictIncludedTitle");
    return { look: "good", icon: "good", word: say("verdictIncluded"), title };
  }
  if (outcome === "rejected" && check !== null) {
    if (check === "publication-digest") return { look: "bad", icon: "bad", word: say("verdictDigest"), title: say("verdictDigestTitle") };
    if (check.startsWith("policy-")) return { look: "open", icon: "word", word: say("verdictPolicy"), title: say("verdictPolicyTitle") };
    return { look: "bad", icon: "bad", word: say("verdictRejected"), title: say("verdictRejectedTitle") };
  }
  const title =
    outcome === "bad-input" ? say("verdictBadInputTitle")
    : outcome === "not-covered" ? say("verdictNotCoveredTitle")
    : say("verdictFailedTitle");
  return { look: "open", icon: "open", word: say("verdictNotChecked"), title };
}

function verdictBox(verdict: Verdict, hint: string | null): HTMLElement {
  const { look, icon: drawing, word, title } = headlineOf(verdict);
  return make(
    "div",
    { class: `verdict ${look}` },
    make("p", { class: "eyebrow" }, icon(drawing), word),
    make("h2", { id: "answer-title", tabindex: "-1" }, title),
    ...(verdict.facts === null ? refusalParts(verdict, hint) : comparedParts(verdict.facts)),
  );
}

function comparedParts(facts: Facts): Node[] {
  if (facts.digestCompared) return [make("p", {}, say("verdictCompared"))];
  return [make("p", {}, say("verdictNotCompared")), make("pre", {}, make("code", {}, facts.publicationDigest))];
}

/** A reason as a sentence. */
function sentence(reason: string): HTMLElement {
  const text = visibleText(reason, LONGEST_REASON);
  return foreign(text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?…]$/.test(text) ? "" : "."));
}

function refusalParts({ outcome, check, reason }: Verdict, hint: string | null): Node[] {
  const told = sentence(reason);
  if (outcome !== "rejected" || check === null) {
    const note =
      outcome === "bad-input" ? say("verdictBadInputNote")
      : outcome === "not-covered" ? say("verdictNotCoveredNote")
      : say("verdictFailedNote");
    return [make("p", {}, told), make("p", {}, note)];
  }
  const means = rejectionText(check);
  const list = make("dl", { class: "facts advice" }, ...entry("reasonTitle", told, " ", make("code", {}, `[${visibleText(check, 60)}]`)));
  if (means !== null) list.append(...entry("meaningTitle", `${means.title}. ${means.meaning}`), ...entry("adviceTitle", hint ?? means.advice));
  return [list];
}

function entry(title: Parameters<typeof say>[0], ...children: readonly Child[]): Node[] {
  return [make("dt", {}, say(title)), make("dd", {}, ...children)];
}

/** Whether the audit stands in the chain of audits, if its files were given. */
function historyPart(facts: Facts, { check, reason, facts: chain }: HistoryVerdict): HTMLElement {
  const place = chain?.audits.findIndex((audit) => audit.publicationDigest === facts.publicationDigest) ?? -1;
  const children: Node[] = [];
  if (chain === null) {
    const name = check === null ? null : make("code", {}, ` [${visibleText(check, 60)}]`);
    children.push(make("p", { class: "notice" }, say("historyBroken"), " ", sentence(reason), name));
  } else if (place < 0) {
    children.push(make("p", { class: "notice" }, say("historyElsewhere")));
  } else {
    const last = chain.audits.at(-1)!;
    // A correction comes last and is of an earlier moment. Times in this form are in order as texts.
    const times = chain.audits.map((audit) => audit.snapshot).sort();
    const values = { place: place + 1, count: chain.audits.length, from: timeText(times[0]!), to: timeText(times.at(-1)!) };
    children.push(make("p", {}, say("historyHolds", values)));
    const later = chain.audits.find((audit) => audit.corrects?.publicationDigest === facts.publicationDigest);
    if (later !== undefined) {
      const why = foreign(visibleText(later.corrects!.reason, 500));
      children.push(make("p", { class: "notice" }, say("historyCorrected", { audit: visibleText(later.auditId, 128) }), " ", why));
    }
    children.push(make("p", { class: "note" }, say("historyNewest")), make("pre", {}, make("code", {}, last.publicationDigest)));
  }
  return make("section", { class: "answer-part", id: "history" }, make("h3", {}, say("historyTitle")), ...children);
}

function acceptedParts(facts: Facts): Node[] {
  const part = (title: "provenTitle" | "openTitle", sentences: readonly string[]) =>
    make("section", { class: "answer-part" }, make("h3", {}, say(title)), make("ul", {}, ...sentences.map((text) => make("li", {}, text))));
  return [part("provenTitle", provenSentences(facts)), part("openTitle", openSentences(facts))];
}

function factsPart(facts: Facts, check: Check, seconds: number, when: Date): HTMLElement {
  const { account } = facts;
  const organisation = facts.organisation === null ? [] : entry("factOrganisation", foreign(visibleText(facts.organisation, 200)));
  const method = say("factMethodText", { backend: visibleText(facts.backend, 60), hash: nameList(facts.components.hash) });
  const list = make(
    "dl",
    { class: "facts" },
    ...entry("factAudit", foreign(visibleText(facts.auditId, 128))),
    ...organisation,
    ...entry("factSnapshot", timeText(facts.snapshot)),
    ...entry("factCreated", timeText(facts.created)),
  );
  if (account !== null) {
    list.append(
      ...entry("factYou", foreign(visibleText(account.user, 200))),
      ...entry("factBalances", ownAmounts(account.balances)),
      ...(account.debts.length > 0 ? entry("factDebts", ownAmounts(account.debts)) : []),
      ...(account.pledged.length > 0 ? entry("factPledged", ownAmounts(account.pledged)) : []),
    );
    if (facts.segments > 1) list.append(...entry("factPart", say("factPartOf", { part: account.segment + 1, parts: facts.segments })));
  }
  const compared = say(facts.digestCompared ? "factCompared" : "factNotCompared");
  list.append(
    ...entry(facts.debts === null ? "factTotals" : "factTotalsGross", totalsList(facts.totals)),
    ...entry("factMethod", method),
    ...entry("factPublicationDigest", make("code", { class: "break" }, facts.publicationDigest), make("br"), compared),
    ...(facts.corrects === null ? [] : entry("factCorrects", foreign(visibleText(facts.corrects.reason, 500)))),
    ...entry("factPolicy", say(check.policy === "merkle-sum" ? "policyMerkleSum" : "policyDefault")),
    ...entry("factTime", say("factTimeText", { when: timeText(`${when.toISOString().slice(0, 19)}Z`), seconds: seconds.toFixed(1), version: PAGE_VERSION })),
  );
  return make("section", { class: "answer-part" }, make("h3", {}, say("factsTitle")), list);
}

/** Amounts that are not zero, and that the others are. */
function ownAmounts(amounts: readonly Amount[]): HTMLElement {
  const held = amounts.filter(({ units }) => units !== "0");
  const shown = held.map((amount) => `${amount.amount} ${visibleText(amount.asset, 40)}`);
  if (shown.length === 0) return make("span", {}, say("factNothing"));
  const others = held.length < amounts.length ? `, ${say("factOthersZero")}` : "";
  return make("span", { class: "break" }, `${shown.join(", ")}${others}`);
}

function totalsList(totals: readonly Amount[]): HTMLElement {
  const shown = totals.slice(0, MOST_AMOUNTS).map(({ amount, asset }) => `${amount} ${visibleText(asset, 40)}`);
  const more = totals.length - MOST_AMOUNTS;
  return make("span", { class: "break" }, shown.join(", ") + (more > 0 ? ` ${say("factTotalsMore", { count: more })}` : ""));
}

function evidencePart(save: () => string, tree: boolean): HTMLElement {
  const said = make("p", { class: "said", role: "status", id: "evidence-said" });
  const button = make("button", { type: "button", class: "button quiet", id: "save" }, say("evidenceSave"));
  button.addEventListener("click", () => {
    said.textContent = save();
  });
  return make(
    "section",
    { class: "answer-part evidence" },
    make("h3", {}, say("evidenceTitle")),
    make("p", {}, say("evidenceNote"), " ", make("strong", {}, say("evidenceWarning"))),
    make("p", { class: "note" }, say(tree ? "keepFileTree" : "keepFile")),
    make("p", { class: "buttons" }, button),
    said,
  );
}

function buttons(actions: AnswerActions): HTMLElement {
  const again = make("button", { type: "button", class: "button quiet", id: "again" }, say("again"));
  again.addEventListener("click", actions.again);
  const print = make("button", { type: "button", class: "button quiet", id: "print" }, say("print"));
  print.addEventListener("click", () => window.print());
  return make("p", { class: "buttons" }, again, print);
}
