/** The values that steps of conditions read, and the texts and bounds that they compare with. */
import type { ListOperand, Operand, Step } from '../../core/policy/conditions.ts';
import { listedTexts } from './list-samples.ts';

/** The texts as written, without those of files. */
export function literalsIn(step: Step): readonly string[] {
  const operand = operandOf(step);
  if (operand === null) return [];
  if ('literals' in operand) return operand.list === undefined ? [...operand.literals] : [];
  return 'literal' in operand ? [operand.literal] : [];
}

/** The texts as written, and a few that represent those of files. */
export function literalsAmong(steps: readonly Step[]): readonly string[] {
  return [...steps.flatMap(literalsIn), ...listedTexts(steps)];
}

/** The number that the step compares with. */
export function boundsIn(step: Step): readonly number[] {
  const operand = operandOf(step);
  return operand !== null && 'number' in operand ? [operand.number] : [];
}

function operandOf(step: Step): Operand | ListOperand | { readonly number: number } | null {
  return step.kind === 'compare' && 'operand' in step.comparison ? step.comparison.operand : null;
}
