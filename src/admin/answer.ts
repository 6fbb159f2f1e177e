/** What the admin port answers, as data: what it shows, or why it refuses. */
import type { ReasonCode } from '../core/outcome/reasons.ts';

export interface Shown {
  readonly status: 200 | 202;
  readonly type: string;
  readonly body: string;
  /** If unset: nobody may keep it. */
  readonly cacheControl?: string;
}

export interface Refused {
  readonly refused: ReasonCode;
  /** Value of `Allow`, for a 405. */
  readonly allow?: string;
  /** Further members of the problem (RFC 9457 section 3.2). */
  readonly members?: Readonly<Record<string, unknown>>;
  /** What went wrong inside; for the log alone. */
  readonly cause?: unknown;
}

export type AdminAnswer = Shown | Refused;

export function json(value: unknown, status: Shown['status'] = 200): Shown {
  return { status, type: 'application/json', body: `${JSON.stringify(value)}\n` };
}
