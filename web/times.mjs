/**
 * How long hashing and verifying take in node: `npm run times -- AUDIT/public …`.
 *
 * Of each hash: from a fresh start to the first digest, which derives its constants, and the median of a compression. Of each
 * public folder: the first verification of a process, as a customer has it, and the median of those that follow.
 * All of it in CPU time of the process, since other work on a machine makes the clock's time longer.
 */
import { spawnSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const BUILD = join(fileURLToPath(new URL(".", import.meta.url)), "build", "verifier");
const load = (module) => import(pathToFileURL(join(BUILD, module)));

/** Milliseconds of CPU since the process began. */
function cpu() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function timed(work) {
  const before = cpu();
  work();
  return cpu() - before;
}

function median(values) {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}

function hashTimes(hash) {
  const pair = Uint32Array.from({ length: 4 * hash.digestWords }, (_, i) => (i % 2 === 0 ? 1000 * i : 0));
  const first = timed(() => hash.hashRow("merkle/node", pair));
  const some = () => {
    for (let i = 0; i < 1000; i++) hash.hashRow("merkle/node", pair);
  };
  some();
  const later = median(Array.from({ length: 11 }, () => timed(some)));
  return `${hash.name.padEnd(24)} first ${first.toFixed(1)} ms, then ${later.toFixed(2)} µs a compression`;
}

async function folderTimes(folder) {
  const { DEFAULT_POLICY, verifyAudit } = await load("index.js");
  const files = new Map(readdirSync(folder).map((name) => [name, new Uint8Array(readFileSync(join(folder, name)))]));
  const verification = () => {
    const verdict = verifyAudit({ files, digest: null, policy: DEFAULT_POLICY });
    if (verdict.outcome !== "verified") throw new Error(`${folder}: ${verdict.reason}`);
  };
  const first = timed(verification);
  const later = median(Array.from({ length: 11 }, () => timed(verification)));
  return `${folder}: first ${first.toFixed(0)} ms, then ${later.toFixed(0)} ms`;
}

const [what, name] = process.argv.slice(2);
if (what === "--hash") {
  console.log(hashTimes((await load("hashes/all.js")).HASHES.find((hash) => hash.name === name)));
} else if (what === "--folder") {
  console.log(await folderTimes(name));
} else {
  // A process for each, so that none finds compiled what another used.
  const again = (...args) => {
    const { status } = spawnSync(process.execPath, [fileURLToPath(import.meta.url), ...args], { stdio: "inherit" });
    if (status !== 0) process.exitCode = 1;
  };
  for (const hash of (await load("hashes/all.js")).HASHES) again("--hash", hash.name);
  for (const folder of process.argv.slice(2)) again("--folder", folder);
}
