/** What an accepted check showed and what it left open, in sentences: docs/how-to/check-your-own-balance.md has them too. */
import type { Facts, FigureFact } from "../verifier/verdict.js";
import { say } from "./language.js";
import { visibleText } from "./visible.js";

const LONGEST_LIST = 12;

/** What was shown. */
export function provenSentences(facts: Facts): string[] {
  const tree = facts.nonNegative === "opened-paths";
  const several = facts.segments > 1;
  return [
    rowSentence(facts),
    say(tree ? "provenNonNegativePaths" : several ? "provenNonNegativePart" : "provenNonNegative"),
    ...(facts.debts === null ? [] : [say("provenGross")]),
    ...(tree ? [say(several ? "provenLeastPart" : "provenLeast")] : []),
    figureSentence(facts),
  ];
}

/** Which sums the own entry is in: of an audit in parts only the proof of the own part was checked. */
function rowSentence(facts: Facts): string {
  const several = facts.segments > 1;
  if (facts.nonNegative === "opened-paths") return say(several ? "provenRowTreePart" : "provenRowTree");
  if (facts.account?.marginSegment === true) return say(several ? "provenRowDebtsPart" : "provenRowDebts");
  return say(several ? "provenRowPart" : "provenRow");
}

/** What was not. */
export function openSentences(facts: Facts): string[] {
  const part = (facts.account?.segment ?? 0) + 1;
  return [
    ...(facts.digestCompared ? [] : [say("openDigest")]),
    ...(facts.segments > 1 ? [say("openPart", { part, parts: facts.segments })] : []),
    ...(facts.nonNegative === "opened-paths" ? [say("openTree")] : []),
    ...(facts.debts === null ? [] : [say(facts.nonNegative === "opened-paths" ? "openNetTree" : "openNet")]),
    ...(facts.leftOut.length === 0 ? [] : [say("openLeftOut", { names: nameList(facts.leftOut) })]),
    say("openHas"),
    say("openOthers"),
    say("openTime"),
    ...(facts.reserves === "none" ? [] : [say("openReserves")]),
  ];
}

/** Names of others in a sentence, not more than a dozen. */
export function nameList(names: readonly string[]): string {
  const shown = names.slice(0, LONGEST_LIST).map((name) => visibleText(name, 40)).join(", ");
  return names.length > LONGEST_LIST ? `${shown}, …` : shown;
}

function figureSentence(facts: Facts): string {
  const given = (name: FigureFact["name"]) => facts.figures.find((figure) => figure.name === name)?.bits;
  const [bits, recent] = [given("inclusion"), given("inclusion_2025")];
  if (bits === undefined) return say("figuresNone");
  // Rounded down: a figure is never made larger than it is.
  const values = { bits: Math.floor(bits), digits: Math.floor(Math.floor(bits) * Math.log10(2)) + 1 };
  if (facts.nonNegative === "opened-paths") return say("figuresHash", { ...values, hash: nameList(facts.components.hash) });
  const said =
    recent === undefined || Math.floor(recent) <= values.bits
      ? say("figures", values)
      : say("figuresRecent", { ...values, recent: Math.floor(recent) });
  return `${said} ${say("figuresTry")}`;
}
