/** The worker: it does one job, tells of its progress, answers, and is thrown away. */
import { policyByName } from "../verifier/audit/policy.js";
import { verifyHistory, verifyInclusion } from "../verifier/verify.js";
import type { Answer, Check, Checked, Job } from "./jobs.js";
import { outlineOf } from "./outline.js";

/** What is used of a worker's own scope. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<Job>) => void) | null;
  postMessage(answer: Answer): void;
}

/** The least by which progress grows between two messages. */
const PROGRESS_STEP = 0.005;

export function startWorkerSide(scope: WorkerScope): void {
  scope.onmessage = ({ data: job }) => {
    if (job.kind === "check") {
      scope.postMessage({ kind: "checked", checked: checked(job.check, scope) });
    } else {
      outlineOf(job.files).then(
        (outline) => scope.postMessage({ kind: "outline", outline }),
        // Thrown on, so that the page hears of it as of any crash.
        (error: unknown) => setTimeout(() => { throw error; }),
      );
    }
  };
}

function checked(check: Check, scope: WorkerScope): Checked {
  let told = -1;
  const { policy: name, history: chain, ...input } = check;
  const policy = policyByName(name);
  const verdict = verifyInclusion({ ...input, policy }, (done, step) => {
    if (done < told + PROGRESS_STEP && done < 1) return;
    told = done;
    scope.postMessage({ kind: "progress", done, step });
  });
  if (verdict.outcome !== "included" || chain === null) return { verdict, history: null };
  scope.postMessage({ kind: "progress", done: 1, step: "history" });
  // Of the other audits only what links them is here, not their proofs.
  return { verdict, history: verifyHistory({ files: chain, digest: null, policy, proofs: false }) };
}
