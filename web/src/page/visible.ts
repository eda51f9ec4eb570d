/** Text from files and from people, which could be made to deceive whoever reads it. */

/** What cannot be seen, or changes the order or the look of what stands around it. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0\ufe00-\ufe0f]/gu;
/** Marks that pile up on one letter until they cover the lines around it. */
const PILED = /(\p{M}{4})\p{M}+/gu;

/** Whether a text has characters that cannot be seen, or change how the others are seen. */
export function hasUnseen(text: string): boolean {
  return text.search(UNSEEN) >= 0;
}

/**
 * The text with what cannot be seen as escapes such as `\u{202e}`, and cut after so many characters, which is shown.
 * It is still only text, and belongs into a text node.
 */
export function visibleText(text: string, most = 300): string {
  const characters = Array.from(text.slice(0, 2 * most + 2));
  const cut = characters.length > most || text.length > 2 * most + 2;
  const kept = (cut ? characters.slice(0, most).join("") : text).replace(PILED, "$1…");
  const seen = kept.replace(UNSEEN, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`);
  return cut ? `${seen}…` : seen;
}
