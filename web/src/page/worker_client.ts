/** The page's end of a worker. */
import type { Step } from "../verifier/verdict.js";
import type { Answer, Job } from "./jobs.js";

/** A job under way. */
export interface RunningJob {
  /** Its answer. Fails with `WorkerFailed`; a job that is stopped never answers. */
  readonly answer: Promise<Exclude<Answer, { kind: "progress" }>>;
  stop(): void;
}

/** The worker could not be started, or ended without an answer. */
export class WorkerFailed extends Error {
  constructor(
    readonly started: boolean,
    message: string,
  ) {
    super(message);
  }
}

interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL(address: string): string }): { createScriptURL(address: string): string };
}

/**
 * A place that makes workers of a script's text. `worker-src blob:` is all that the page's policy allows, and the policy
 * holds in the worker as well.
 */
export class WorkerMaker {
  readonly #address: string;
  readonly #allowed: (address: string) => string;

  constructor(script: string) {
    this.#address = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
    const types = (globalThis as { trustedTypes?: TrustedTypes }).trustedTypes;
    const address = this.#address;
    // The one address that is ever allowed to become a program.
    const policy = types?.createPolicy("polyproof-worker", {
      createScriptURL: (asked) => {
        if (asked !== address) throw new TypeError("no other program is started");
        return asked;
      },
    });
    this.#allowed = (asked) => (policy === undefined ? asked : policy.createScriptURL(asked));
  }

  start(job: Job, progress: (done: number, step: Step) => void = () => undefined): RunningJob {
    let worker: Worker;
    try {
      worker = new Worker(this.#allowed(this.#address));
    } catch (error) {
      return { answer: Promise.reject(new WorkerFailed(false, String(error))), stop: () => undefined };
    }
    let started = false;
    const answer = new Promise<Exclude<Answer, { kind: "progress" }>>((resolve, reject) => {
      const failed = (message: string) => {
        worker.terminate();
        // A worker that the browser refuses to start fails without a message.
        reject(new WorkerFailed(started || message !== "", message));
      };
      worker.onmessage = ({ data }: MessageEvent<Answer>) => {
        started = true;
        if (data.kind === "progress") {
          progress(data.done, data.step);
        } else {
          worker.terminate();
          resolve(data);
        }
      };
      worker.onerror = (event) => {
        event.preventDefault();
        failed(event.message);
      };
      worker.onmessageerror = () => failed("its answer could not be read");
      try {
        worker.postMessage(job);
      } catch (error) {
        failed(String(error));
      }
    });
    return { answer, stop: () => worker.terminate() };
  }
}
