/** Making elements. Everything that is shown goes in as text: there is no function here that takes markup. */

export type Child = Node | string | null;

interface Attributes {
  readonly [name: string]: string | number | boolean | null;
}

/** An element with attributes (false and null: without it) and children, of which strings are text. */
export function make<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === false) continue;
    made.setAttribute(key, value === true ? "" : String(value));
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

/** The element of the page with this id, which is of this class. */
export function byId<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`the page has no element ${id}`);
  return found;
}

/** Text of others inside a sentence: its direction does not reach the words around it. */
export function foreign(text: string): HTMLElement {
  return make("bdi", { class: "break" }, text);
}

export type IconKind = "good" | "bad" | "open" | "word";
const ICON_PATHS: Readonly<Record<IconKind, string>> = {
  good: "M2.5 8.5 6.3 12.3 13.5 4",
  bad: "M3.5 3.5 12.5 12.5M12.5 3.5 3.5 12.5",
  word: "M8 2.5V9.5M8 13V13.2",
  open: "M3 8H13",
};

/** A small drawing that repeats what the words beside it say. */
export function icon(kind: IconKind): SVGElement {
  const space = "http://www.w3.org/2000/svg";
  const drawing = document.createElementNS(space, "svg");
  for (const [key, value] of [["class", "icon"], ["viewBox", "0 0 16 16"], ["aria-hidden", "true"], ["focusable", "false"]] as const) {
    drawing.setAttribute(key, value);
  }
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", ICON_PATHS[kind]);
  drawing.append(path);
  return drawing;
}
