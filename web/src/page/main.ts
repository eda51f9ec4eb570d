import { TEXTS } from "./language.js";

if (typeof document !== "undefined") document.documentElement.lang = TEXTS.language;
