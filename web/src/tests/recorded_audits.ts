/** Audits that the repository keeps, for tests that change what is in them and link the files to each other again. */
import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";

import { DEFAULT_POLICY } from "../verifier/audit/policy.js";
import type { Policy } from "../verifier/audit/policy.js";
import { canonicalJson, canonicalJsonFile, parseJson } from "../verifier/bytes/json.js";
import type { JsonObject, JsonValue } from "../verifier/bytes/json.js";
import { concatBytes, decodeUtf8, encodeUtf8 } from "../verifier/bytes/text.js";

const RECORDED_FOLDER = new URL("../../../tests/recorded/format-2/", import.meta.url);

export type FileMap = Map<string, Uint8Array>;
/** Steps into a value: keys of objects and places in lists. */
export type JsonPath = readonly (string | number)[];

/** Accepts sum trees and STARKs alike. */
export const BOTH_BACKENDS: Policy = {
  ...DEFAULT_POLICY,
  minimumBits: { ...DEFAULT_POLICY.minimumBits, soundness: null, soundness_2025: null },
};

/** The account that every recorded audit without debts has an inclusion file of. */
export const RECORDED_USER = "u-292380b6f76c893f";
export const RECORDED_BALANCES: ReadonlyMap<string, string> = new Map([
  ["BTC", "0.03150756"],
  ["ETH", "0.002448626410032372"],
]);

export function sha256Hex(data: Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

/** A recorded file by its path. */
export function recordedFile(path: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(path, RECORDED_FOLDER)));
}

/** The files of a recorded folder by their paths in it. */
export function recordedFolder(path: string): FileMap {
  const folder = new URL(`${path}/`, RECORDED_FOLDER);
  const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    names.map((entry) => {
      const name = `${entry.parentPath}/${entry.name}`.slice(folder.pathname.length).replace(/^\/+/, "");
      return [name, new Uint8Array(readFileSync(`${entry.parentPath}/${entry.name}`))];
    }),
  );
}

/** The JSON of a file. */
export function jsonOf(data: Uint8Array): JsonObject {
  return parseJson(decodeUtf8(data)!, "json", "the file") as JsonObject;
}

/** A value as literals of TypeScript write it: whole numbers are bigints, objects are objects. */
export type Plain = null | boolean | bigint | string | readonly Plain[] | { readonly [key: string]: Plain };

export function jsonFrom(value: Plain): JsonValue {
  if (Array.isArray(value)) return value.map(jsonFrom);
  if (value !== null && typeof value === "object") {
    return new Map(Object.entries(value).map(([key, inner]) => [key, jsonFrom(inner)]));
  }
  return value as null | boolean | bigint | string;
}

export function valueAt(value: JsonValue, path: JsonPath): JsonValue | undefined {
  return path.reduce<JsonValue | undefined>(
    (found, step) => (found instanceof Map ? found.get(String(step)) : (found as JsonValue[])[Number(step)]),
    value,
  );
}

/** Put a value at a path, or take it away. */
export function edit(value: JsonValue, path: JsonPath, to: Plain | undefined): void {
  const parent = valueAt(value, path.slice(0, -1))!;
  const last = path[path.length - 1]!;
  if (!(parent instanceof Map)) (parent as JsonValue[])[Number(last)] = jsonFrom(to!);
  else if (to === undefined) parent.delete(String(last));
  else parent.set(String(last), jsonFrom(to));
}

/** The digest that a manifest states of its spec. */
export function digestOfSpec(spec: JsonValue): string {
  return sha256Hex(concatBytes(encodeUtf8("polyproof/spec/1\n"), canonicalJson(spec)));
}

/** The files with another manifest, which their record names. */
export function withManifest(files: FileMap, manifest: Uint8Array): FileMap {
  const record = jsonOf(files.get("publication.json")!);
  record.set("manifest_digest", sha256Hex(manifest));
  return new Map([...files, ["manifest.json", manifest], ["publication.json", canonicalJsonFile(record)]]);
}

/** The files with a manifest that was edited; with `seal` it states the digest that its spec has. */
export function withEditedManifest(files: FileMap, change: (manifest: JsonObject) => void, seal = true): FileMap {
  const manifest = jsonOf(files.get("manifest.json")!);
  change(manifest);
  const spec = manifest.get("spec");
  if (seal && spec !== undefined && manifest.has("spec_digest")) manifest.set("spec_digest", digestOfSpec(spec));
  return withManifest(files, canonicalJsonFile(manifest));
}

/** The files with another proof of the first segment, which their manifest names. */
export function withProof(files: FileMap, proof: Uint8Array): FileMap {
  const changed = withEditedManifest(files, (manifest) => {
    edit(manifest, ["segments", 0, "bytes"], BigInt(proof.length));
    edit(manifest, ["segments", 0, "sha256"], sha256Hex(proof));
  });
  return changed.set("proof-0000.bin", proof);
}

/** The bytes with one of them changed. */
export function flipped(bytes: Uint8Array, place: number, bits = 1): Uint8Array {
  const copy = bytes.slice();
  copy[place]! ^= bits;
  return copy;
}
