/**
 * Builds check.html: one file that needs no other, out of the compiled modules, the template and the styles.
 *
 * There is no bundler. The modules that the page needs are put one after the other, each after those that it imports,
 * without their lines of import and export. So a name of a module's top level is a name of the whole program, and one that
 * occurs twice is refused. The page's policy lets nothing run but the script and the style whose digests stand in it.
 *
 * `node make_page.mjs` writes the page to build/check.html and to the place from which Python ships it;
 * `node make_page.mjs --check` compares with what lies there and fails if it differs.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Script } from "node:vm";

const WEB = dirname(fileURLToPath(import.meta.url));
const BUILD = join(WEB, "build");
const ENTRY = join(BUILD, "page", "main.js");
const SHIPPED = join(WEB, "..", "core", "polyproof", "publication", "browser", "check.html");
// The pages of a published site have this style: the check looks like one of them.
const SITE_STYLE = join(WEB, "..", "core", "polyproof", "publication", "report", "templates", "style.css");

const IMPORT = /^import\s+(?:\{([^}]*)\}\s+from\s+)?"([^"]+)";\n/gm;
const EXPORTED = /^export (?=(?:async )?(?:function|const|let|class)\b)/gm;
const TOP_LEVEL = /^(?:async )?(?:function\*?|const|let|class)\s+([A-Za-z_$][\w$]*)/gm;

class Refused extends Error {}

/** The files of the program, each after those that it imports. */
function inOrder(entry) {
  const order = [];
  const open = new Set();
  const visit = (file) => {
    if (order.includes(file)) return;
    if (open.has(file)) throw new Refused(`${relative(BUILD, file)} imports itself by way of others`);
    open.add(file);
    for (const [, names, from] of readFileSync(file, "utf8").matchAll(IMPORT)) {
      if (!from.startsWith(".")) throw new Refused(`${relative(BUILD, file)} imports ${from}, which is no module of the program`);
      if (/\bas\b/.test(names ?? "")) throw new Refused(`${relative(BUILD, file)} renames what it imports from ${from}`);
      visit(resolve(dirname(file), from));
    }
    open.delete(file);
    order.push(file);
  };
  visit(entry);
  return order;
}

/** A module's text as a part of the program. */
function part(file) {
  const text = readFileSync(file, "utf8").replace(IMPORT, "").replace(EXPORTED, "").replace(/^export \{\};\n/gm, "");
  const left = /^(?:import|export)\b.*/m.exec(text);
  if (left) throw new Refused(`${relative(BUILD, file)}: a line of import or export that is not of the simple form: ${left[0]}`);
  return text.trim();
}

function refuseDoubles(files, parts) {
  const known = new Map(Object.getOwnPropertyNames(globalThis).map((name) => [name, "the language"]));
  for (const name of ["document", "window", "self", "File", "Worker", "Element", "Node", "Text", "Range", "Option", "Comment"]) {
    known.set(name, "the browser");
  }
  const doubles = [];
  files.forEach((file, place) => {
    for (const [, name] of parts[place].matchAll(TOP_LEVEL)) {
      const other = known.get(name);
      if (other) doubles.push(`${relative(BUILD, file)} has the name ${name}, and so has ${other}`);
      known.set(name, relative(BUILD, file));
    }
  });
  if (doubles.length > 0) throw new Refused(doubles.join("\n"));
}

/** The whole program, as one classic script that leaves no name behind it. */
function program() {
  const files = inOrder(ENTRY);
  const parts = files.map(part);
  refuseDoubles(files, parts);
  const named = parts.map((text, place) => `// ${relative(BUILD, files[place]).replaceAll("\\", "/")}\n\n${text}`);
  const text = `\n"use strict";\n{\n${named.join("\n\n")}\n}\n`;
  // What would end the element, or change how its text is read, before the script ends.
  for (const ending of ["</script", "<!--", "<script"]) {
    if (text.toLowerCase().includes(ending)) throw new Refused(`the program contains ${ending}`);
  }
  new Script(text); // In a block in strict mode a name that is declared twice is a fault of syntax.
  return text;
}

const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
const sha256 = (text) => `sha256-${createHash("sha256").update(text, "utf8").digest("base64")}`;

/** The rows of the table of rejections. */
function rejectionRows(rejections, TEXTS) {
  const cell = (label, text) => `<td role="cell" class="wide" data-label="${escaped(label)}">${escaped(text)}</td>`;
  return rejections
    .map(
      ({ title, checks, meaning, advice }) =>
        `<tr role="row"><th role="rowheader" scope="row"><span>${escaped(title)}<br>` +
        `${checks.map((check) => `<code>${escaped(check)}</code>`).join(", ")}</span></th>` +
        `${cell(TEXTS.namesMeaning, meaning)}${cell(TEXTS.namesAdvice, advice)}</tr>`,
    )
    .join("\n");
}

async function page() {
  const { TEXTS } = await import(pathToFileURL(join(BUILD, "page", "language.js")));
  const { REJECTION_TEXTS } = await import(pathToFileURL(join(BUILD, "page", "rejections.js")));
  const script = program();
  const style = `\n${readFileSync(SITE_STYLE, "utf8")}${readFileSync(join(WEB, "page", "page.css"), "utf8")}`;
  const parts = {
    "script-hash": sha256(script),
    "style-hash": sha256(style),
    "rejection-rows": rejectionRows(REJECTION_TEXTS, TEXTS),
    script,
    style,
  };
  const used = new Set();
  const template = readFileSync(join(WEB, "page", "check.html"), "utf8");
  const made = template.replace(/\{\{([a-z]+):([\w-]+)\}\}/g, (_, kind, name) => {
    used.add(name);
    const found = kind === "part" ? parts[name] : kind === "text" ? TEXTS[name] : undefined;
    if (typeof found !== "string") throw new Refused(`the template names ${kind}:${name}, which there is not`);
    return kind === "text" ? escaped(found) : found;
  });
  for (const name of Object.keys(parts)) {
    if (!used.has(name)) throw new Refused(`the template has no place for ${name}`);
  }
  return made;
}

try {
  const made = await page();
  if (process.argv.includes("--check")) {
    if (readFileSync(SHIPPED, "utf8") !== made) throw new Refused(`${relative(WEB, SHIPPED)} is not what these sources make: run npm run page`);
    console.log("check.html is what these sources make");
  } else {
    for (const place of [join(BUILD, "check.html"), SHIPPED]) {
      mkdirSync(dirname(place), { recursive: true });
      writeFileSync(place, made);
    }
    console.log(`check.html: ${Buffer.byteLength(made)} bytes, SHA-256 ${createHash("sha256").update(made).digest("hex")}`);
  }
} catch (error) {
  if (!(error instanceof Refused)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
