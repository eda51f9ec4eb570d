import { EN } from "./strings.js";
import type { Strings } from "./strings.js";

/** The language of the page that is built. */
export const TEXTS: Strings = EN;

/** A sentence of the table with its values put in, each as text. */
export function say(key: keyof Strings, values: Readonly<Record<string, string | number>> = {}): string {
  return TEXTS[key].replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
