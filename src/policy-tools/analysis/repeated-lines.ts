/** Lines of list files that repeat an earlier entry. Most likely one of the two should be a different entry. */
import type { Config } from '../../config/config.ts';
import type { ListFile } from '../../core/policy/list-file.ts';
import { listOf } from '../../policy-model/samples/list-samples.ts';
import { conditionPlace } from './condition-places.ts';
import { type Finding, findingOf } from './finding.ts';

/** Maximum lines that a message mentions. */
const maxNamed = 5;

/** Reports each file once, at the first condition that uses it. */
export function repeatedLines({ routes }: Config): readonly Finding[] {
  const seen = new Set<string>();
  return routes.routes.flatMap((route) =>
    (route.conditions ?? []).flatMap((criterion) =>
      criterion.steps.flatMap((step) => {
        const list = listOf(step);
        if (list === null || list.repeated.length === 0 || seen.has(list.name)) return [];
        seen.add(list.name);
        const { subject, place } = conditionPlace(route, criterion);
        return [findingOf('list_line_repeated', subject, place, messageOf(list), { hint: 'remove one of the two' })];
      }),
    ),
  );
}

function messageOf({ name, repeated }: ListFile): string {
  const lines = repeated
    .slice(0, maxNamed)
    .map(({ line, earlier }) => `line ${line} of "${name}" repeats line ${earlier}`);
  return `${lines.join(', ')}${repeated.length > maxNamed ? ', and others' : ''}`;
}
