/** Body of a refusal: RFC 9457 problem details. */
import { type ReasonCode, reasons } from './reasons.ts';

/** `type` names the reason without being an address: it resolves nowhere, and leaks nowhere (RFC 9457 section 3.1.1). */
export function problemBody(code: ReasonCode, errorId: string): string {
  return `${prefixes.get(code)}"${errorId}"}`;
}

/** Everything but the error id, made once per reason. */
const prefixes: ReadonlyMap<ReasonCode, string> = new Map(
  (Object.keys(reasons) as ReasonCode[]).map((code) => {
    const { status, message } = reasons[code];
    const fixed = JSON.stringify({ type: `urn:rolegate:reason:${code}`, title: message, status, code });
    return [code, `${fixed.slice(0, -1)},"errorId":`];
  }),
);
