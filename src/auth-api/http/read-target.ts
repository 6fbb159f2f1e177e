/** Takes a request target apart without a general URL parser, which would read `//host/path` as something else. */
import { Refusal } from '../outcome/refusals.ts';

export interface Target {
  readonly path: string;
  /** What follows `?`, undecoded; empty without one. */
  readonly query: string;
}

/** Origin form (RFC 9112 section 3.2.1) or absolute form, whose authority is dropped; anything else is refused (400). */
export function readTarget(target: string): Target | Refusal {
  const origin = target.startsWith('/') ? target : absoluteForm.exec(target)?.[1];
  if (origin === undefined || origin.includes('#')) return new Refusal('target_invalid');
  const mark = origin.indexOf('?');
  return mark < 0 ? { path: origin, query: '' } : { path: origin.slice(0, mark), query: origin.slice(mark + 1) };
}

const absoluteForm = /^https?:\/\/[^/?#@\\]+(\/.*)$/i;
