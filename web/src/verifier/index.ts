/** What the package exports. */
export { DEFAULT_POLICY, MERKLE_SUM_POLICY, POLICIES, policyByName } from "./audit/policy.js";
export type { NetEquityPolicy, Policy } from "./audit/policy.js";
export type {
  AccountFacts,
  Amount,
  DebtFacts,
  Facts,
  FigureFact,
  HistoryAuditFacts,
  HistoryFacts,
  HistoryVerdict,
  Outcome,
  Step,
  StepProgress,
  Verdict,
} from "./verdict.js";
export { verifyAudit, verifyHistory, verifyInclusion } from "./verify.js";
export type { AuditInput, Files, HistoryInput, InclusionInput } from "./verify.js";
