/** Body of a refusal: RFC 9457 problem details. */
import type { Criterion } from '../policy/conditions.ts';
import { type ReasonCode, reasons } from './reasons.ts';

/** `type` names the reason without being an address: it resolves nowhere, and leaks nowhere (RFC 9457 section 3.1.1). A condition adds its word as `condition`. */
export function problemBody(code: ReasonCode, errorId: string, condition: Criterion | null = null): string {
  const end = `"errorId":"${errorId}"}`;
  if (condition === null) return `${prefixes.get(code)}${end}`;
  const { message, word } = condition;
  const fixed = JSON.stringify({ ...membersOf(code), title: message, condition: word });
  return `${fixed.slice(0, -1)},${end}`;
}

function membersOf(code: ReasonCode) {
  const { status, message } = reasons[code];
  return { type: `urn:rolegate:reason:${code}`, title: message, status, code };
}

/** Everything but the error id, made once per reason. */
const prefixes: ReadonlyMap<ReasonCode, string> = new Map(
  (Object.keys(reasons) as ReasonCode[]).map((code) => [code, `${JSON.stringify(membersOf(code)).slice(0, -1)},`]),
);
