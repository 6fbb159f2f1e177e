/** Texts of conditions that look like a value of the request or the identity, and are compared letter by letter. */
import type { Step } from '../../core/policy/conditions.ts';
import { type Finding, findingOf } from './finding.ts';
import { exampleOf, listedMethods, type Probes } from './probes.ts';

/** As values are written, also by those who do not remember how. */
const likeValue = /^(?:params?|query|headers?|identity)\.[\w-]/i;

export function suspectLiterals(probes: Probes): readonly Finding[] {
  return probes.table.routes.flatMap((route) =>
    (route.conditions ?? []).flatMap(({ word, steps }, index) => {
      if (!steps.some((step) => textsOf(step).some((text) => likeValue.test(text)))) return [];
      const place = { kind: 'route', index: route.index, key: ['when', index] } as const;
      const message = `the condition "${word}" compares with a text that looks like a value, such as identity.userId`;
      const example = exampleOf(probes.first(route, listedMethods(route)?.[0]));
      const hint = 'values stand alone after equals or startsWith, in small letters; in a list everything is a text';
      return [findingOf('literal_like_value', route.id, place, message, { example, hint })];
    }),
  );
}

function textsOf(step: Step): readonly string[] {
  if (step.kind !== 'compare' || step.comparison.operator === 'exists') return [];
  const { operand } = step.comparison;
  if ('literals' in operand) return [...operand.literals];
  return 'literal' in operand ? [operand.literal] : [];
}
