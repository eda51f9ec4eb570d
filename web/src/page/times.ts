import { TEXTS } from "./language.js";

/** A time of a manifest, `2025-01-31T23:59:59Z`, in words: in UTC, and where the reader is, if that differs. */
export function timeText(stated: string): string {
  const time = new Date(stated);
  if (Number.isNaN(time.getTime())) return stated;
  const words = (zone?: string) =>
    new Intl.DateTimeFormat(TEXTS.dates, {
      dateStyle: "long",
      timeStyle: time.getUTCSeconds() === 0 ? "short" : "medium",
      hourCycle: "h23",
      ...(zone === undefined ? {} : { timeZone: zone }),
    }).format(time);
  const [utc, here] = [words("UTC"), words()];
  return utc === here ? `${utc} UTC` : `${utc} UTC (${here} ${TEXTS.whereYouAre})`;
}
