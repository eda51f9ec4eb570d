/** The version of the page, that of package.json, which a test compares. */
export const PAGE_VERSION = "0.1.0";
