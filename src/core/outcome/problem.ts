/** What a refusal says besides `x-error`: the body (RFC 9457 problem details). */
import { type ReasonCode, reasons } from './reasons.ts';

/** The condition that is not met, with reason `condition_failed`. */
export interface FailedCondition {
  readonly word: string;
  readonly message: string;
}

/**
 * `type` names the reason without being an address: it resolves nowhere, and leaks nowhere (RFC 9457 section 3.1.1). A
 * condition adds its word as `condition`; `members` are further ones. Ends with a line break, so that a terminal's prompt
 * is on a line of its own.
 */
export function problemBody(
  code: ReasonCode,
  errorId: string,
  condition: FailedCondition | null = null,
  members: object = {},
): string {
  const { status, message } = reasons[code];
  const problem = {
    type: `urn:rolegate:reason:${code}`,
    title: condition?.message ?? message,
    status,
    code,
    ...(condition === null ? {} : { condition: condition.word }),
    errorId,
    ...members,
  };
  return `${JSON.stringify(problem)}\n`;
}
