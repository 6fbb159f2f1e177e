/** The body of a refusal (RFC 9457 problem details). */
import { type ReasonCode, reasons } from './reasons.ts';

/** The condition that is not met, with reason `condition_failed`. */
export interface FailedCondition {
  readonly word: string;
  readonly message: string;
}

/**
 * `type` identifies the reason and is not a resolvable address (RFC 9457 section 3.1.1). A condition adds its word as `condition`;
 * `members` are further members. The body ends with a line break, so that a terminal's prompt starts on its own line.
 */
export function problemBody(
  code: ReasonCode,
  errorId: string,
  condition: FailedCondition | null = null,
  members: object = {},
): string {
  const { status, message } = reasons[code];
  return problemText('urn:rolegate:reason:', {
    title: condition?.message ?? message,
    status,
    code,
    ...(condition === null ? {} : { condition: condition.word }),
    errorId,
    ...members,
  });
}

/** `urn`: beginning of the types of one table of reasons. */
export function problemText(
  urn: string,
  problem: { readonly code: string } & Readonly<Record<string, unknown>>,
): string {
  return `${JSON.stringify({ type: `${urn}${problem.code}`, ...problem })}\n`;
}
