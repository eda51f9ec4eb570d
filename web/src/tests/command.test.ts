import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, mkdirSync, rmSync, symlinkSync, writeFileSync, copyFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const COMMAND = fileURLToPath(new URL("../command/main.js", import.meta.url));
const RECORDED = fileURLToPath(new URL("../../../tests/recorded/format-2/", import.meta.url));
const SUM_TREE = join(RECORDED, "merkle-sum");

function run(...words: readonly string[]): { status: number | null; text: string; errors: string } {
  const done = spawnSync(process.execPath, [COMMAND, ...words], { encoding: "utf8" });
  return { status: done.status, text: done.stdout, errors: done.stderr };
}

const ACCOUNT = [
  "--inclusion", join(SUM_TREE, "inclusion.polyproof"), "--user", "u-292380b6f76c893f", "--balance", "ETH=0.002448626410032372",
  "--policy", "merkle-sum",
];

test("a folder is an audit, the public half of one, or a history", () => {
  for (const folder of [SUM_TREE, join(SUM_TREE, "public")]) {
    const found = run(folder, "--policy", "merkle-sum");
    assert.equal(found.status, 0, found.text);
    assert.match(found.text, /^VERIFIED: /);
    assert.match(found.text, /NOT PROVEN/);
  }
  const chain = run(join(RECORDED, "history"), "--chain", "--policy", "merkle-sum");
  assert.equal(chain.status, 1, chain.text);
  const one = run(join(RECORDED, "history/audits/history-2"), "--policy", "merkle-sum");
  assert.equal(one.status, 2, one.text);
  assert.match(one.text, /^VERIFIED IN PART/);
  assert.match(one.text, /NOT CHECKED: reserves/);
});

test("an account is included or not, by its status and in JSON", () => {
  const found = run(SUM_TREE, ...ACCOUNT, "--balance", "BTC=0.03150756");
  assert.equal(found.status, 0, found.text);
  assert.match(found.text, /^INCLUDED: /);
  const wrong = run(SUM_TREE, ...ACCOUNT, "--balance", "BTC=0.03150757", "--json");
  assert.equal(wrong.status, 1);
  const verdict = JSON.parse(wrong.text) as { outcome: string; check: string };
  assert.deepEqual([verdict.outcome, verdict.check], ["rejected", "inclusion-path"]);
  assert.match(run(SUM_TREE, ...ACCOUNT, "--digest", "a".repeat(64), "--balance", "BTC=1").text, /\[publication-digest\]/);
});

test("what was typed wrongly is neither for nor against", () => {
  for (const words of [
    [], [SUM_TREE, SUM_TREE], ["--what"], ["/nonexistent/folder"], [SUM_TREE, "--policy", "any"], [SUM_TREE, "--user", "x"],
    [SUM_TREE, ...ACCOUNT, "--balance", "BTC"], [SUM_TREE, ...ACCOUNT, "--balance", "ETH=1"], [SUM_TREE, ...ACCOUNT, "--digest", "a"],
    [SUM_TREE, "--inclusion", "/nonexistent", "--user", "x", "--policy", "merkle-sum"], [join(RECORDED, "history"), ...ACCOUNT],
    [SUM_TREE, "--inclusion", join(SUM_TREE, "inclusion.polyproof"), "--policy", "merkle-sum"],
  ]) {
    const found = run(...words);
    assert.equal(found.status, 2, `${words.join(" ")}: ${found.text}`);
    assert.match(found.text, /^error: /);
    assert.equal(found.errors, "");
    assert.doesNotMatch(found.text, /ENO|scandir|stat/);
  }
  assert.match(run(join(SUM_TREE, "public/manifest.json")).text, /is a file, not the folder of an audit .* unpacked first/);
  assert.equal(run("--help").status, 0);
});

test("no link is followed, and a folder that is two things is refused", () => {
  const made = mkdtempSync(join(tmpdir(), "polyproof-"));
  try {
    for (const name of ["publication.json", "manifest.json", "proof-0000.bin"]) copyFileSync(join(SUM_TREE, "public", name), join(made, name));
    assert.equal(run(made, "--policy", "merkle-sum").status, 0);
    mkdirSync(join(made, "public"));
    writeFileSync(join(made, "public/publication.json"), "");
    assert.match(run(made).text, /\[folder\]/);
    rmSync(join(made, "public"), { recursive: true });
    rmSync(join(made, "manifest.json"));
    symlinkSync(join(SUM_TREE, "public/manifest.json"), join(made, "manifest.json"));
    assert.match(run(made).text, /\[file-kind\]/);
    rmSync(join(made, "manifest.json"));
    writeFileSync(join(made, "manifest.json"), Buffer.alloc(2 ** 24 + 2));
    assert.match(run(made).text, /\[policy-manifest-size\]/);
    writeFileSync(join(made, "publication.json"), Buffer.alloc(2 ** 17));
    assert.match(run(made).text, /\[file-size\]/);
  } finally {
    rmSync(made, { recursive: true });
  }
});
