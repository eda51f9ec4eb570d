/** The worker: it does one job, tells of its progress, answers, and is thrown away. */
import { policyByName } from "../verifier/audit/policy.js";
import type { Verdict } from "../verifier/verdict.js";
import { verifyInclusion } from "../verifier/verify.js";
import type { Answer, Check, Job } from "./jobs.js";
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
      scope.postMessage({ kind: "verdict", verdict: checked(job.check, scope) });
    } else {
      outlineOf(job.files).then(
        (outline) => scope.postMessage({ kind: "outline", outline }),
        // Thrown on, so that the page hears of it as of any crash.
        (error: unknown) => setTimeout(() => { throw error; }),
      );
    }
  };
}

function checked(check: Check, scope: WorkerScope): Verdict {
  let told = -1;
  const { policy, ...input } = check;
  return verifyInclusion({ ...input, policy: policyByName(policy) }, (done, step) => {
    if (done < told + PROGRESS_STEP && done < 1) return;
    told = done;
    scope.postMessage({ kind: "progress", done, step });
  });
}
