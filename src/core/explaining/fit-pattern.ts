/** Whether a host and a path fit a pattern, and if not, where they part: for explanations, which may look at every route. */

import { segmentsOf } from '../routing/find-leaf.ts';
import type { RoutePattern, Segment } from '../routing/path-pattern.ts';
import { foldCase } from '../routing/path-reading.ts';

/** Null: it fits. Otherwise how far the path went along with the pattern, and what parted them. */
export interface Misfit {
  /** Segments that fit; -1 when the host does not. */
  readonly depth: number;
  readonly why: string;
}

export function misfitOf(pattern: RoutePattern, host: string, path: string, ignoresCase: boolean): Misfit | null {
  if (!hostFits(pattern.host, host)) return { depth: -1, why: `the host is not ${pattern.host}` };
  const given = segmentsOf(path);
  for (const [index, segment] of pattern.segments.entries()) {
    if (segment.kind === 'rest') return null;
    const text = given[index];
    if (text === undefined) return { depth: index, why: `the path ends before ${inWords(segment)}` };
    if (segment.kind === 'param' ? text === '' : !sameText(text, segment.text, ignoresCase)) {
      return { depth: index, why: `segment ${index + 1} is ${JSON.stringify(text)} and not ${inWords(segment)}` };
    }
  }
  if (given.length <= pattern.segments.length) return null;
  const index = pattern.segments.length;
  return { depth: index, why: `the path goes on with ${JSON.stringify(given[index])}` };
}

/** Why the first of two patterns that both fit comes before the second one. */
export function whyMoreSpecific(winner: RoutePattern, other: RoutePattern): string {
  if (winner.host !== other.host) return `host ${winner.host ?? 'any'} comes before host ${other.host ?? 'any'}`;
  const length = Math.max(winner.segments.length, other.segments.length);
  for (let i = 0; i < length; i += 1) {
    const [a, b] = [winner.segments[i], other.segments[i]];
    if (a?.kind !== b?.kind) return `in segment ${i + 1} ${inWords(a)} comes before ${inWords(b)}`;
  }
  return 'both patterns are alike';
}

function inWords(segment: Segment | undefined): string {
  if (segment === undefined) return 'the end';
  if (segment.kind === 'literal') return JSON.stringify(segment.text);
  return segment.kind === 'param' ? `{${segment.name}}` : '**';
}

function hostFits(pattern: string | null, host: string): boolean {
  if (pattern === null) return true;
  if (!pattern.startsWith('*.')) return pattern === host;
  return host.length > pattern.length - 1 && host.endsWith(pattern.slice(1));
}

function sameText(text: string, literal: string, ignoresCase: boolean): boolean {
  return ignoresCase ? foldCase(text) === foldCase(literal) : text === literal;
}
