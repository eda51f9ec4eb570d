/**
 * Loading the public files from the site that serves this copy of the page. The released copy names no folder, and its
 * policy lets it reach no address.
 *
 * All proofs are loaded, in order and without cookies, whoever's balance is checked: what a site is asked for is the same
 * for everybody.
 */
import { parseManifest } from "../verifier/audit/manifest.js";
import { DEFAULT_POLICY } from "../verifier/audit/policy.js";
import { say } from "./language.js";
import { MOST_BYTES } from "./sizes.js";

/** The most bytes of proofs together that are loaded without being asked for one by one. */
const MOST_LOADED = 256 * 1024 * 1024;

/** The folder that this copy names, if it can load from it. */
export function besideFolder(): string | null {
  const folder = document.documentElement.getAttribute("data-files");
  const isServed = location.protocol === "https:" || location.protocol === "http:";
  return folder !== null && folder !== "" && isServed ? folder : null;
}

/** Why a file could not be loaded, as a sentence. */
export class LoadFailed extends Error {}

/** What was loaded. `tooMuch`: without the proofs, since together they are too large. */
export interface Loaded {
  readonly files: readonly File[];
  readonly tooMuch: boolean;
}

/** The record, the manifest and all proofs. `progress` is told the fraction and the name of what is loaded. */
export async function loadBeside(
  folder: string,
  progress: (done: number, name: string) => void,
  signal: AbortSignal,
): Promise<Loaded> {
  progress(0, "publication.json");
  const publication = await load(folder, "publication.json", MOST_BYTES.publication, signal, () => undefined);
  progress(0.01, "manifest.json");
  const manifestFile = await load(folder, "manifest.json", MOST_BYTES.manifest, signal, () => undefined);
  const segments = provedSegments(new Uint8Array(await manifestFile.arrayBuffer()));
  const total = segments.reduce((sum, { bytes }) => sum + bytes, 0);
  if (total > MOST_LOADED) return { files: [publication, manifestFile], tooMuch: true };
  const proofs: File[] = [];
  let before = 0;
  for (const { file, bytes } of segments) {
    const told = (loaded: number) => progress(0.02 + 0.98 * Math.min(1, (before + loaded) / Math.max(1, total)), file);
    told(0);
    proofs.push(await load(folder, file, bytes, signal, told));
    before += bytes;
  }
  return { files: [publication, manifestFile, ...proofs], tooMuch: false };
}

/** The proofs that a manifest lists; of one that cannot be read none: the check says why. */
function provedSegments(manifest: Uint8Array): { file: string; bytes: number }[] {
  try {
    return parseManifest(manifest, DEFAULT_POLICY).segments.map(({ file, bytes }) => ({
      file,
      bytes: bytes > BigInt(MOST_BYTES.proof) ? Infinity : Number(bytes),
    }));
  } catch {
    return [];
  }
}

/** One file of at most so many bytes; the answer is not read further than that. */
async function load(
  folder: string,
  name: string,
  most: number,
  signal: AbortSignal,
  progress: (loaded: number) => void,
): Promise<File> {
  const failed = (why: string) => new LoadFailed(say("loadFailed", { name, why }));
  let response: Response;
  try {
    // No cookie and no validator of a cached copy goes along: either could be one that the site gave to one customer alone.
    response = await fetch(`${folder}/${name}`, { signal, credentials: "omit", redirect: "error", cache: "no-store" });
  } catch (error) {
    if (signal.aborted) throw error;
    throw failed(say("loadNoNetwork"));
  }
  if (!response.ok || response.body === null) throw failed(say("loadStatus", { status: response.status }));
  const reader = response.body.getReader();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let loaded = 0;
  for (;;) {
    const { done, value } = await reader.read().catch((error: unknown) => {
      if (signal.aborted) throw error;
      throw failed(say("loadNoNetwork"));
    });
    if (done) break;
    loaded += value.length;
    if (loaded > most) {
      await reader.cancel();
      throw failed(say("loadTooLarge"));
    }
    parts.push(value);
    progress(loaded);
  }
  return new File(parts, name);
}
