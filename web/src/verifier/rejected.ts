/** What the files of an audit do not show, under the name that docs/reference/checks.md gives the check. */
export class Rejected extends Error {
  constructor(
    /** The name of the check, such as `proof-digest`. */
    readonly check: string,
    reason: string,
  ) {
    super(reason);
    this.name = "Rejected";
  }
}

/** What somebody typed or chose cannot be understood. Neither for nor against the audit. */
export class BadInput extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = "BadInput";
  }
}

/** This program cannot check such an audit (a backend, field or hash that it does not have). Neither for nor against. */
export class NotCovered extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = "NotCovered";
  }
}
