#!/usr/bin/env node
/**
 * Checks a published audit, or one account in it, from a terminal: the verifier and nothing else, for whoever has node.
 * Statuses are those of docs/reference/command-line.md.
 */
import { parseArgs } from "node:util";

import { policyByName } from "../verifier/audit/policy.js";
import { bitsText } from "../verifier/audit/security.js";
import { BadInput, NotCovered, Rejected } from "../verifier/rejected.js";
import type { Facts, HistoryVerdict, Verdict } from "../verifier/verdict.js";
import { verifyAudit, verifyHistory, verifyInclusion } from "../verifier/verify.js";
import { readBounded, readFolder } from "./folder.js";

const USAGE = `usage: polyproof-verifier FOLDER [options]

Checks a published audit, or a history of audits: all of its proofs.
With --inclusion, checks one account: that it was counted.

  --inclusion FILE     your own file, which ends in .polyproof
  --user ID            your account id
  --balance SYM=AMOUNT what you have; once for each asset
  --debt SYM=AMOUNT    what you owe; once for each asset
  --digest HEX         the publication digest that you know from elsewhere
  --policy NAME        default, or merkle-sum
  --chain              of a history only that it is one chain: no proof is looked at
  --json               one JSON object with the verdict

Ends with 0 if it holds, 1 if it was rejected, 2 if it could not be checked, 3 if this program failed.`;

const STATUS = { included: 0, verified: 0, rejected: 1, "bad-input": 2, "not-covered": 2, failed: 3 } as const;

function main(words: readonly string[]): number {
  let asJson = false;
  let verdict: Verdict | HistoryVerdict;
  try {
    const { values, positionals } = parseArgs({
      args: [...words],
      allowPositionals: true,
      options: {
        inclusion: { type: "string" },
        user: { type: "string" },
        balance: { type: "string", multiple: true },
        debt: { type: "string", multiple: true },
        digest: { type: "string" },
        policy: { type: "string", default: "default" },
        chain: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    if (values.help === true) {
      process.stdout.write(`${USAGE}\n`);
      return 0;
    }
    asJson = values.json === true;
    const [path, ...others] = positionals;
    if (path === undefined || others.length > 0) throw new BadInput("Name one folder; --help says more.");
    const { kind, files } = readFolder(path);
    const common = { files, digest: values.digest ?? null, policy: policyByName(values.policy ?? "default") };
    if (values.inclusion === undefined) {
      if (values.user !== undefined || values.balance !== undefined || values.debt !== undefined) {
        throw new BadInput("An account is checked with its own file: --inclusion.");
      }
      verdict = kind === "history" ? verifyHistory({ ...common, proofs: values.chain !== true }) : verifyAudit(common);
    } else {
      if (kind === "history") throw new BadInput("This is a history: name the folder of one audit in it, audits/AUDIT_ID.");
      if (values.user === undefined) throw new BadInput("--user is missing: your account id.");
      verdict = verifyInclusion({
        ...common,
        inclusion: readBounded(values.inclusion, 2 ** 24),
        user: values.user,
        balances: amountsTyped(values.balance ?? []),
        debts: amountsTyped(values.debt ?? []),
      });
    }
  } catch (error) {
    verdict = { ...refusalOf(error), facts: null };
  }
  process.stdout.write(asJson ? `${JSON.stringify(verdict)}\n` : told(verdict));
  return partly(verdict) ? 2 : STATUS[verdict.outcome];
}

/** `SYM=AMOUNT` of each. */
function amountsTyped(words: readonly string[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const word of words) {
    const place = word.indexOf("=");
    const [symbol, amount] = [word.slice(0, Math.max(place, 0)).trim(), word.slice(place + 1).trim()];
    if (symbol === "" || amount === "") throw new BadInput("An amount is written SYMBOL=AMOUNT, for example BTC=0.25.");
    if (found.has(symbol)) throw new BadInput(`${symbol} is given twice.`);
    found.set(symbol, amount);
  }
  return found;
}

function refusalOf(error: unknown): Omit<Verdict, "facts"> {
  if (error instanceof Rejected) return { outcome: "rejected", check: error.check, reason: error.message };
  const reason = error instanceof Error ? error.message : String(error);
  // What the system says of a path, and what node says of arguments, is about what was typed.
  const isInput = error instanceof BadInput || (error instanceof Error && "code" in error);
  if (isInput) return { outcome: "bad-input", check: null, reason };
  return { outcome: error instanceof NotCovered ? "not-covered" : "failed", check: null, reason };
}

/** Whether something of what was asked for was not checked: reserves, which this program does not judge. */
function partly(verdict: Verdict | HistoryVerdict): boolean {
  if (verdict.outcome !== "verified" || verdict.facts === null) return false;
  return "audits" in verdict.facts ? verdict.facts.reservesOf > 0 : verdict.facts.reserves !== "none";
}

function told(verdict: Verdict | HistoryVerdict): string {
  const head = {
    included: "INCLUDED",
    verified: partly(verdict) ? "VERIFIED IN PART" : "VERIFIED",
    rejected: "REJECTED",
    "bad-input": "error",
    "not-covered": "NOT COVERED",
    failed: "FAILED",
  }[verdict.outcome];
  const lines = [`${head}: ${verdict.reason}${verdict.check === null ? "" : ` [${verdict.check}]`}`];
  const { facts } = verdict;
  if (facts !== null && "audits" in facts) {
    lines.push(
      ...facts.audits.map((one) => `  ${one.snapshot}  ${one.auditId}  ${one.publicationDigest}`),
      ...facts.notChecked.map((one) => `NOT CHECKED: ${one}`),
    );
  } else if (facts !== null) {
    lines.push(...toldOfAudit(facts));
  }
  return `${lines.map(visible).join("\n")}\n`;
}

function toldOfAudit(facts: Facts): string[] {
  const { account } = facts;
  const lines = [
    `  audit               ${facts.auditId}`,
    `  organisation        ${facts.organisation === null ? "not named" : `${facts.organisation}, as it calls itself`}`,
    `  balances as of      ${facts.snapshot}`,
    `  publication digest  ${facts.publicationDigest}${facts.digestCompared ? ", the one that you know" : ", compared with nothing"}`,
    `  proved by           ${facts.backend}, ${facts.components.hash.join(", ")}`,
    `  proofs verified     ${facts.verifiedSegments.length} of ${facts.segments}`,
    ...facts.totals.map((total) => `  total               ${total.amount} ${total.asset}`),
    ...(facts.debts?.lent ?? []).map((one) => `  lent                ${one.amount} ${one.asset}`),
    ...(facts.debts?.net ?? []).map((one) => `  net of what is lent ${one.amount} ${one.asset}`),
    ...facts.figures.map((figure) => `  ${figure.name.replace("_", " ").padEnd(20)}${bitsText(figure.bits)} bits`),
  ];
  if (account !== null) {
    const part = facts.segments > 1 ? `, part ${account.segment + 1} of ${facts.segments}` : "";
    lines.push(`  account             ${account.user}${part}`);
    for (const one of account.balances) if (one.units !== "0") lines.push(`  balance             ${one.amount} ${one.asset}`);
    for (const one of account.debts) lines.push(`  debt                ${one.amount} ${one.asset}`);
    for (const one of account.pledged) lines.push(`  pledged             ${one.amount} ${one.asset} as ${one.category}`);
  }
  if (facts.nonNegative === "opened-paths") lines.push("  NOT PROVEN: that balances of those who do not check were counted, or that none is negative");
  if (facts.leftOut.length > 0) lines.push(`  NOT AUDITED, as the organisation says: ${facts.leftOut.join(", ")}`);
  if (account === null && facts.reserves !== "none") lines.push("NOT CHECKED: reserves. What is held is not shown by this program.");
  return lines;
}

/** Without anything that could command a terminal. */
function visible(line: string): string {
  return line.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`);
}

process.exitCode = main(process.argv.slice(2));
