/** The program of check.html, in the page and, from the same text, in its worker. */
import { CheckPage } from "./check_page.js";
import { byId } from "./dom.js";
import { TEXTS, say } from "./language.js";
import { startWorkerSide } from "./worker_side.js";

/** What a browser must have that this program cannot do without. */
function lackingParts(): string[] {
  return [
    ...(typeof Worker === "undefined" ? ["Worker"] : []),
    ...(typeof BigInt === "undefined" ? ["BigInt"] : []),
    ...(typeof Blob === "undefined" || !("arrayBuffer" in Blob.prototype) ? ["Blob.arrayBuffer"] : []),
  ];
}

if (typeof document === "undefined") {
  startWorkerSide(globalThis as unknown as Parameters<typeof startWorkerSide>[0]);
} else {
  const script = document.currentScript?.textContent ?? "";
  document.documentElement.lang = TEXTS.language;
  const lacking = lackingParts();
  if (lacking.length > 0) {
    const said = byId("unsupported", HTMLParagraphElement);
    said.textContent = say("notSupported", { what: lacking.join(", ") });
    said.hidden = false;
  } else {
    new CheckPage(script);
  }
}
