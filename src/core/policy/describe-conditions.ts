/** Conditions in words, for tables, explanations and reports: close to the author's text, in one line. */

import type { Comparison, Criterion, Step, ValueSource } from './conditions.ts';
import { listInWords } from './list-file.ts';
import { signInLimitInWords } from './time-limits.ts';
import { momentInWords, stretchInWords, windowInWords } from './time-window.ts';

/** Such as `param tenant in identity.groups, for support, unless admin (DELETE only)`. */
export function criterionInWords({ steps, unlessSource, onlySource, methods, exceptMethods }: Criterion): string {
  const concerned = onlySource.length === 0 ? '' : `, for ${onlySource.join(' or ')}`;
  const exempt = unlessSource.length === 0 ? '' : `, unless ${unlessSource.join(' or ')}`;
  const besides = exceptMethods.length === 0 ? '' : ` (not ${exceptMethods.join(', ')})`;
  const only = methods === null ? besides : ` (${methods.join(', ')} only)`;
  return `${conditionInWords(steps, 0)}${concerned}${exempt}${only}`;
}

/** The condition that begins at a step. */
export function conditionInWords(steps: readonly Step[], at: number): string {
  const step = steps[at];
  if (step === undefined) return 'nothing';
  switch (step.kind) {
    case 'compare':
      return `${sourceInWords(step.subject)} ${comparisonInWords(step.comparison, step.subject)}`;
    case 'address':
      return `client address in ${step.list === null ? step.ranges.join(' or ') : listInWords(step.list)}`;
    case 'window':
      return windowInWords(step.window);
    case 'stretch':
      return stretchInWords(step.stretch);
    case 'signIn':
      return signInLimitInWords(step.maxMs);
    case 'not':
      return `not (${conditionInWords(steps, at + 1)})`;
    case 'all':
    case 'any': {
      const parts: string[] = [];
      for (let child = at + 1; child <= step.end; child = steps[child]!.end + 1) {
        parts.push(conditionInWords(steps, child));
      }
      return `${step.kind} of (${parts.join('; ')})`;
    }
  }
}

export function sourceInWords(source: ValueSource): string {
  if (source.from === 'claim') return `identity claims.${source.name}`;
  return `${source.from} ${source.from === 'identity' ? source.field : source.name}`;
}

/** Whether a value is in milliseconds since the epoch. */
export function isTime(source: ValueSource): boolean {
  return source.from === 'claim' && source.type === 'time';
}

const operatorWords = {
  equals: 'equals',
  startsWith: 'starts with',
  in: 'in',
  lt: 'is less than',
  lte: 'is at most',
  gt: 'is more than',
  gte: 'is at least',
} as const;

function comparisonInWords(comparison: Comparison, subject: ValueSource): string {
  if (comparison.operator === 'exists') return comparison.wanted ? 'exists' : 'does not exist';
  const words = operatorWords[comparison.operator];
  const { operand } = comparison;
  if ('number' in operand) return `${words} ${isTime(subject) ? momentInWords(operand.number) : operand.number}`;
  if ('source' in operand) return `${words} ${sourceInWords(operand.source)}`;
  if ('literal' in operand) return `${words} ${JSON.stringify(operand.literal)}`;
  if (operand.list !== undefined) return `${words} ${listInWords(operand.list)}`;
  return `${words} [${[...operand.literals].map((literal) => JSON.stringify(literal)).join(', ')}]`;
}
