/** Whether a caller of the admin port holds its token. Says nothing about which part of a wrong one was right. */
import { hash, timingSafeEqual } from 'node:crypto';
import type { ReasonCode } from '../core/outcome/reasons.ts';
import { headerValues } from './header-values.ts';

/** `Bearer 1*SP token`, scheme without case (RFC 9110 section 11.1). */
const bearer = /^bearer +([^ ]+)$/i;

/**
 * Null when the caller may go on. `credential_missing`: no `Authorization`; `credential_rejected`: another token, another
 * scheme, or more than one header. Tokens of any length are compared by digests of one length, in constant time.
 */
export function checkToken(
  rawHeaders: readonly string[],
  token: string,
): Extract<ReasonCode, 'credential_missing' | 'credential_rejected'> | null {
  const values = headerValues(rawHeaders, 'authorization');
  if (values.length === 0) return 'credential_missing';
  const offered = values.length === 1 ? bearer.exec(values[0]!)?.[1] : undefined;
  const same = timingSafeEqual(digest(offered ?? ''), digest(token));
  return same && offered !== undefined ? null : 'credential_rejected';
}

function digest(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}
