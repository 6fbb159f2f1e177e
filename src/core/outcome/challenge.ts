/** `WWW-Authenticate` of a refusal (RFC 6750 section 3, RFC 9110 section 11.6.1). */
import { type ReasonCode, reasons } from './reasons.ts';

/** Returns the header's value, or null when the reason carries no challenge. Fixed text: nothing of the request in it. */
export function challengeFor(code: ReasonCode): string | null {
  const { challenge } = reasons[code];
  if (challenge === undefined) return null;
  return challenge === 'none' ? 'Bearer realm="rolegate"' : `Bearer realm="rolegate", error="${challenge}"`;
}
