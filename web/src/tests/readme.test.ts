import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

test("the example of the README runs, and prints what it says", () => {
  const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
  const example = /```js\n(.*?)```/s.exec(readme)![1]!;
  const printed = /It prints `(.*?)`/s.exec(readme)![1]!;
  const verifier = new URL("../verifier/index.js", import.meta.url).href;
  const folder = fileURLToPath(new URL("../../../tests/recorded/format-2/stark-blake3", import.meta.url));
  const run = spawnSync(process.execPath, ["--input-type=module"], {
    input: example.replace('"polyproof-verifier"', `"${verifier}"`),
    cwd: folder,
    encoding: "utf8",
  });
  assert.equal(run.stdout, `${printed}\n`, run.stderr);
});
