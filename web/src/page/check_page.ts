/** The page at work: files come in, questions are asked, a check runs, its answer is shown. */
import { answerElements } from "./answer_view.js";
import { BalancesForm } from "./balances_form.js";
import { LoadFailed, besideFolder, loadBeside } from "./beside.js";
import { NO_FILES, droppedFiles, ownOf, shownName, sortFiles } from "./chosen_files.js";
import type { ChosenFiles } from "./chosen_files.js";
import { byId, icon, make } from "./dom.js";
import { evidenceBlob, evidenceName, readEvidence } from "./evidence.js";
import { bytesOf } from "./file_kinds.js";
import type { Check, Checked, Outline } from "./jobs.js";
import { TEXTS, say } from "./language.js";
import { sizeText } from "./sizes.js";
import { timeText } from "./times.js";
import { PAGE_VERSION } from "./version.js";
import { hasUnseen, visibleText } from "./visible.js";
import { WorkerFailed, WorkerMaker } from "./worker_client.js";
import type { RunningJob } from "./worker_client.js";

const DIGEST_DIGITS = 64;
const NOTHING_READ: Outline = {
  publicationDigest: null, audit: null, manifestProblem: null, inclusionProblem: null, proofName: null, proof: null,
};
const STEP_TEXTS = { files: "stepFiles", proof: "stepProof", inclusion: "stepInclusion", history: "stepHistory" } as const;

export class CheckPage {
  readonly #workers: WorkerMaker;
  readonly #balances = new BalancesForm(() => this.#changed());
  readonly #digest = byId("digest", HTMLTextAreaElement);
  readonly #user = byId("user", HTMLInputElement);
  #files: ChosenFiles = NO_FILES;
  #outline: Outline = NOTHING_READ;
  #stop: (() => void) | null = null;
  /** Ends the check under way, since it is no longer about what stands on the page; null while none is. */
  #abandon: (() => void) | null = null;
  /** What happens to the files happens one after the other. */
  #queue: Promise<void> = Promise.resolve();
  #queued = 0;

  constructor(script: string) {
    this.#workers = new WorkerMaker(script);
    byId("version", HTMLParagraphElement).textContent = say("footerVersion", { version: PAGE_VERSION });
    this.#listenForFiles();
    this.#digest.addEventListener("input", () => {
      this.#changed();
      this.#sayDigest();
    });
    this.#user.addEventListener("input", () => {
      this.#changed();
      this.#sayUser();
    });
    byId("form", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#check();
    });
    byId("cancel", HTMLButtonElement).addEventListener("click", () => this.#stop?.());
    for (const name of ["policy-default", "policy-merkle-sum"]) {
      byId(name, HTMLInputElement).addEventListener("change", () => this.#changed());
    }
    byId("beside", HTMLDivElement).hidden = besideFolder() === null;
    byId("load", HTMLButtonElement).addEventListener("click", () => void this.#load());
  }

  // Files

  #listenForFiles(): void {
    const files = byId("files", HTMLInputElement);
    const folder = byId("folder", HTMLInputElement);
    // Phones have no folders to choose, and say so by not having this.
    byId("folder-chooser", HTMLSpanElement).hidden = !("webkitdirectory" in folder) || matchMedia("(pointer: coarse)").matches;
    for (const input of [files, folder]) {
      input.addEventListener("change", () => {
        this.#add(Promise.resolve(Array.from(input.files ?? [])));
        // So that the same file can be chosen again after it was mended.
        input.value = "";
      });
    }
    byId("remove", HTMLButtonElement).addEventListener("click", () => {
      void this.#next(async () => {
        this.#files = NO_FILES;
        this.#sayFiles([], [say("removed")]);
        await this.#readOutline();
      });
      files.focus();
    });
    document.addEventListener("dragover", (event) => {
      event.preventDefault();
      document.body.classList.add("dropping");
    });
    document.addEventListener("dragleave", (event) => {
      if (event.relatedTarget === null) document.body.classList.remove("dropping");
    });
    document.addEventListener("drop", (event) => {
      event.preventDefault();
      document.body.classList.remove("dropping");
      if (event.dataTransfer !== null && event.dataTransfer.items.length > 0) this.#add(droppedFiles(event.dataTransfer.items));
    });
  }

  #add(added: Promise<readonly File[]>): void {
    void this.#next(async () => {
      const { files, evidence, problems, notes } = await sortFiles(this.#files, await added);
      this.#files = files;
      const filled = evidence === null ? null : await this.#takeEvidence(evidence);
      this.#sayFiles([...problems, ...(filled?.problems ?? [])], [...notes, ...(filled?.notes ?? [])]);
      await this.#readOutline();
      filled?.fill();
    });
  }

  /** Has a task wait for those before it; whatever changes the files goes through here. Resolves when it is done. */
  #next(task: () => Promise<void>): Promise<void> {
    this.#changed();
    const slots = byId("slots", HTMLUListElement);
    slots.setAttribute("aria-busy", String(++this.#queued > 0));
    this.#queue = this.#queue
      .then(task)
      .catch((error: unknown) => this.#sayFiles([failureText(error)], []))
      .then(() => slots.setAttribute("aria-busy", String(--this.#queued > 0)));
    return this.#queue;
  }

  /**
   * Take the files, the id and the balances from evidence that was saved before. Its verdict is not looked at; nor are its
   * digest and its policy, which are for whoever checks to say: anybody can have written it.
   */
  async #takeEvidence(file: File): Promise<{ problems: string[]; notes: string[]; fill: () => void }> {
    const name = shownName(file);
    const found = readEvidence(await file.text());
    if (found === null) return { problems: [say("evidenceBroken", { name })], notes: [], fill: () => undefined };
    const files = [...found.files].map(([called, data]) => fileOfBytes(data, called));
    const named = (called: string) => new Map(files.filter((one) => one.name === called).map((one) => ["", one]));
    this.#files = {
      publications: named("publication.json"),
      manifests: named("manifest.json"),
      history: null,
      proofs: files.filter((one) => one.name.endsWith(".bin")),
      inclusion: fileOfBytes(found.inclusion, "evidence.polyproof"),
      inclusionAudit: "",
    };
    const fill = () => {
      this.#user.value = found.user;
      this.#balances.fill(found);
      this.#sayUser();
    };
    return { problems: [], notes: [say("evidenceChosen", { name })], fill };
  }

  async #load(): Promise<void> {
    const folder = besideFolder();
    if (folder === null || this.#stop !== null) return;
    this.#changed();
    const stopping = new AbortController();
    this.#working(() => stopping.abort());
    try {
      const { files, tooMuch } = await loadBeside(
        folder,
        (done, name) => {
          const text = say("loading", { name: visibleText(name, 80) });
          if (byId("progress-text", HTMLLabelElement).textContent !== text) this.#sayFiles([], [text]);
          this.#sayProgress(done, text);
        },
        stopping.signal,
      );
      // Others may have been chosen in the meantime.
      await this.#next(async () => {
        const sorted = await sortFiles(this.#files, files);
        this.#files = sorted.files;
        this.#sayFiles(sorted.problems, [say("loaded")]);
        await this.#readOutline();
        if (tooMuch) {
          const file = this.#outline.proofName ?? "proof-….bin";
          byId("files-said", HTMLDivElement).prepend(make("p", { class: "bad" }, say("loadMany", { file })));
        }
      });
    } catch (error) {
      if (!stopping.signal.aborted) this.#sayFiles([error instanceof LoadFailed ? error.message : visibleText(String(error))], []);
    } finally {
      this.#idle();
    }
  }

  /** Have the worker read the files as far as the questions depend on them. Only within a task of the queue. */
  async #readOutline(): Promise<void> {
    const { publication, manifest, inclusion, proofs } = this.#own();
    try {
      const job = this.#workers.start({
        kind: "outline",
        files: {
          publication: publication && (await bytesOf(publication)),
          manifest: manifest && (await bytesOf(manifest)),
          inclusion: inclusion && (await bytesOf(inclusion)),
          proofs,
        },
      });
      const answer = await job.answer;
      if (answer.kind === "outline") this.#outline = answer.outline;
    } catch (error) {
      this.#outline = NOTHING_READ;
      this.#sayFiles([failureText(error)], []);
    }
    this.#showOutline();
  }

  #showOutline(): void {
    const { publication, manifest, inclusion, proofs } = this.#own();
    const { history, publications, manifests } = this.#files;
    const { audit, proof, proofName } = this.#outline;
    this.#sayGo("");
    const missingOf = (files: ReadonlyMap<string, File>, key: "slotMissingPublication" | "slotMissingManifest") =>
      files.size > 1 ? say(inclusion === null ? "slotSeveral" : "slotNotAmong", { count: files.size }) : say(key);
    showSlot("slot-publication", publication && presentText(publication), missingOf(publications, "slotMissingPublication"));
    showSlot("slot-manifest", manifest && presentText(manifest), missingOf(manifests, "slotMissingManifest"));
    byId("history-slot", HTMLLIElement).hidden = history === null;
    showSlot("slot-history", history && say("slotHistoryPresent", { name: shownName(history), count: manifests.size }), "");
    showSlot("slot-inclusion", inclusion && presentText(inclusion), say("slotMissingInclusion"));
    const missing = proofName === null ? say("slotMissingProofUnknown") : say("slotMissingProof", { file: visibleText(proofName, 40) });
    const own = proof === null ? null : (proofs[proof] ?? null);
    if (own !== null && proofName === null && proofs.length === 1) {
      showSlot("slot-proof", say("slotProofUnread", { name: shownName(own), size: sizeText(own.size) }), missing);
    } else if (own === null && proofName === null && proofs.length > 1) {
      const size = sizeText(proofs.reduce((sum, file) => sum + file.size, 0));
      showSlot("slot-proof", say("slotProofsPresent", { count: proofs.length, size }), missing);
    } else {
      showSlot("slot-proof", own && presentText(own), missing);
    }
    byId("remove", HTMLButtonElement).hidden =
      publications.size + manifests.size + proofs.length === 0 && inclusion === null && history === null;
    const problems = byId("files-said", HTMLDivElement);
    for (const [key, problem] of [["manifestUnread", this.#outline.manifestProblem], ["inclusionUnread", this.#outline.inclusionProblem]] as const) {
      if (problem !== null) problems.append(make("p", { class: "bad" }, say(key, { reason: visibleText(problem) })));
    }
    this.#balances.show(audit);
    const asOf = byId("as-of", HTMLParagraphElement);
    asOf.hidden = audit === null;
    asOf.textContent = audit === null ? "" : say("asOf", { time: timeText(audit.snapshot) });
    byId("policy-said", HTMLParagraphElement).hidden = audit?.backend !== "merkle-sum";
    this.#sayDigest();
  }

  #sayFiles(problems: readonly string[], notes: readonly string[]): void {
    byId("files-said", HTMLDivElement).replaceChildren(
      ...problems.map((text) => make("p", { class: "bad" }, text)),
      ...notes.map((text) => make("p", { class: "note" }, text)),
    );
  }

  // The digest

  /** What was typed without spaces, line ends and the 0x that some put before it. */
  #typedDigest(): string {
    return this.#digest.value.replace(/\s+/g, "").toLowerCase().replace(/^0x/, "");
  }

  #sayDigest(): void {
    const typed = this.#typedDigest();
    const { publicationDigest } = this.#outline;
    const [text, look] =
      typed === "" ? ["", ""]
      : /[^0-9a-f]/.test(typed) ? [say("digestLetters"), "bad"]
      : typed.length > DIGEST_DIGITS ? [say("digestLong"), "bad"]
      : typed.length < DIGEST_DIGITS ? [say("digestShort", { count: typed.length }), "note"]
      : publicationDigest === null ? [say("digestWhole"), "note"]
      : publicationDigest === typed ? [say("digestEqual"), "good"]
      : [say("digestDiffers"), "bad"];
    const said = byId("digest-said", HTMLParagraphElement);
    said.className = `said ${look}`;
    said.textContent = text;
    this.#digest.setAttribute("aria-invalid", String(look === "bad"));
  }

  // The id

  /** Say what of an id cannot be seen and still counts: ids are compared byte for byte. */
  #sayUser(): void {
    const user = this.#user.value;
    byId("user-said", HTMLParagraphElement).textContent = [
      ...(user === user.trim() ? [] : [say("userSpaces")]),
      ...(hasUnseen(user) ? [say("userUnseen", { user: visibleText(user) })] : []),
      ...(user === user.normalize("NFC") ? [] : [say("userAccents")]),
    ].join(" ");
  }

  // The check

  /** Something that a check is about is now another: an answer about what was there before must not stand beside it. */
  #changed(): void {
    const isStale = this.#abandon !== null || !byId("answer", HTMLElement).hidden;
    this.#abandon?.();
    this.#clearAnswer();
    this.#sayGo(isStale ? say("changed") : "");
  }

  async #check(): Promise<void> {
    if (this.#stop !== null) return;
    this.#clearAnswer();
    await this.#queue;
    // Pressed twice while files were read.
    if (this.#stop !== null) return;
    const problem = this.#firstProblem();
    if (problem !== null) {
      this.#sayGo(problem.text);
      problem.field.focus();
      return;
    }
    let job: RunningJob | null = null;
    let stopped = false;
    this.#abandon = () => {
      stopped = true;
      job?.stop();
      this.#idle();
    };
    this.#working(() => {
      this.#abandon?.();
      this.#sayGo(say("cancelled"));
      byId("check", HTMLButtonElement).focus();
    });
    this.#sayProgress(0, say("stepFiles"));
    const began = performance.now();
    let check: Check | null = null;
    let checked: Checked;
    try {
      check = await this.#gathered();
      if (stopped) return;
      job = this.#workers.start({ kind: "check", check }, (done, step) => this.#sayProgress(done, say(STEP_TEXTS[step])));
      const answer = await job.answer;
      if (answer.kind !== "checked") throw new WorkerFailed(true, "");
      checked = answer.checked;
    } catch (error) {
      if (stopped) return;
      const verdict = { outcome: "failed", check: null, reason: failureText(error), facts: null } as const;
      checked = { verdict, history: null };
    }
    if (stopped) return;
    this.#idle();
    this.#showAnswer(checked, check, (performance.now() - began) / 1000);
  }

  #firstProblem(): { text: string; field: HTMLElement } | null {
    const { publication, manifest, inclusion } = this.#own();
    if (publication === null || manifest === null || inclusion === null || this.#outline.proof === null) {
      return { text: say("needFiles"), field: byId("files", HTMLInputElement) };
    }
    const digest = this.#typedDigest();
    if (digest !== "" && !/^[0-9a-f]{64}$/.test(digest)) return { text: say("needDigest"), field: this.#digest };
    if (this.#user.value === "") return { text: say("needUser"), field: this.#user };
    return this.#balances.firstProblem();
  }

  /** Everything that a check is about, read now, so that evidence holds what was checked. */
  async #gathered(): Promise<Check> {
    const { publication, manifest, inclusion, proofs } = this.#own();
    const proof = proofs[this.#outline.proof ?? -1];
    if (publication === null || manifest === null || inclusion === null || proof === undefined) throw new Error(say("needFiles"));
    const { balances, debts } = this.#balances.typed();
    const digest = this.#typedDigest();
    return {
      files: new Map([
        ["publication.json", await bytesOf(publication)],
        ["manifest.json", await bytesOf(manifest)],
        [this.#outline.proofName ?? "proof-0000.bin", await bytesOf(proof)],
      ]),
      inclusion: await bytesOf(inclusion),
      user: this.#user.value,
      balances,
      debts,
      digest: digest === "" ? null : digest,
      policy: byId("policy-merkle-sum", HTMLInputElement).checked ? "merkle-sum" : "default",
      history: await this.#chain(),
    };
  }

  /** The files that a check is about. */
  #own(): { publication: File | null; manifest: File | null; inclusion: File | null; proofs: readonly File[] } {
    const { publications, manifests, inclusion, proofs } = this.#files;
    return { publication: ownOf(publications, this.#files), manifest: ownOf(manifests, this.#files), inclusion, proofs };
  }

  /** The files of the chain of audits, by their paths in a history; null if there is none. */
  async #chain(): Promise<ReadonlyMap<string, Uint8Array> | null> {
    const { history, publications, manifests } = this.#files;
    if (history === null) return null;
    const found = new Map([["history.json", await bytesOf(history)]]);
    for (const [audit, file] of publications) found.set(`audits/${audit}/publication.json`, await bytesOf(file));
    for (const [audit, file] of manifests) found.set(`audits/${audit}/manifest.json`, await bytesOf(file));
    return found;
  }

  #working(stop: () => void): void {
    this.#stop = stop;
    byId("check", HTMLButtonElement).disabled = true;
    byId("load", HTMLButtonElement).disabled = true;
    byId("cancel", HTMLButtonElement).hidden = false;
    byId("progress", HTMLDivElement).hidden = false;
    this.#sayGo("");
  }

  #idle(): void {
    this.#stop = null;
    this.#abandon = null;
    byId("check", HTMLButtonElement).disabled = false;
    byId("load", HTMLButtonElement).disabled = false;
    byId("cancel", HTMLButtonElement).hidden = true;
    byId("progress", HTMLDivElement).hidden = true;
  }

  #sayProgress(done: number, text: string): void {
    byId("progress-bar", HTMLProgressElement).value = Math.round(100 * done);
    const label = byId("progress-text", HTMLLabelElement);
    if (label.textContent !== text) label.textContent = text;
  }

  #sayGo(text: string): void {
    byId("go-said", HTMLParagraphElement).textContent = text;
  }

  #clearAnswer(): void {
    const answer = byId("answer", HTMLElement);
    answer.hidden = true;
    answer.replaceChildren();
    document.body.classList.remove("answered");
  }

  #showAnswer(checked: Checked, check: Check | null, seconds: number): void {
    const { verdict } = checked;
    const answer = byId("answer", HTMLElement);
    const when = new Date();
    const keeps = check !== null && verdict.outcome !== "bad-input";
    answer.replaceChildren(
      ...answerElements(checked, check ?? NO_CHECK, seconds, when, {
        hint: this.#hint(checked, check),
        again: () => {
          this.#clearAnswer();
          this.#user.focus();
        },
        save: keeps ? () => this.#save(check, checked, when) : null,
      }),
    );
    answer.hidden = false;
    document.body.classList.add("answered");
    const title = byId("answer-title", HTMLHeadingElement);
    title.focus({ preventScroll: true });
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    answer.scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "start" });
  }

  /** What can be done about a refusal on this very page. */
  #hint({ verdict }: Checked, check: Check | null): string | null {
    if (verdict.check?.startsWith("policy-") !== true) return null;
    const isTree = this.#outline.audit?.backend === "merkle-sum";
    if (isTree) return check?.policy === "default" ? say("policyAdvice") : null;
    return check?.policy === "merkle-sum" ? say("policyAdviceDefault") : null;
  }

  #save(check: Check, { verdict }: Checked, when: Date): string {
    try {
      const name = evidenceName(this.#outline.audit?.auditId ?? null);
      const address = URL.createObjectURL(evidenceBlob(check, verdict, when));
      make("a", { href: address, download: name }).click();
      setTimeout(() => URL.revokeObjectURL(address), 60_000);
      return say("evidenceSaved", { name });
    } catch (error) {
      return say("evidenceFailed", { why: visibleText(String(error)) });
    }
  }
}

const NO_CHECK: Check = {
  files: new Map(), inclusion: new Uint8Array(), user: "", balances: new Map(), debts: new Map(), digest: null, policy: "default",
  history: null,
};

function fileOfBytes(data: Uint8Array, name: string): File {
  return new File([new Uint8Array(data)], name);
}

function presentText(file: File): string {
  return say("slotPresent", { name: shownName(file), size: sizeText(file.size) });
}

function showSlot(id: string, present: string | null, missing: string): void {
  const slot = byId(id, HTMLSpanElement);
  slot.className = present === null ? "" : "good";
  slot.replaceChildren(...(present === null ? [missing] : [icon("good"), present]));
}

/** What went wrong with the worker, in words. */
function failureText(error: unknown): string {
  if (error instanceof WorkerFailed) return error.started ? TEXTS.crashed : TEXTS.notStarted;
  if (error instanceof DOMException) return TEXTS.filesChanged;
  return visibleText(String(error));
}
