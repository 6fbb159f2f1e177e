/** Tests of an imported configuration: what the source says of anonymous callers, and the cases that are missing then. */
import { type Document, isMap, isSeq, parse } from 'yaml';
import type { Config } from '../../config/config.ts';
import { proposeCases } from '../propose-cases.ts';
import { runTests } from '../test-report.ts';
import { flowWithin } from './gateway-document.ts';
import type { ImportedRule } from './imported-rule.ts';

/** From each rule of the source by itself, whatever became of it: nobody gets in without a credential. */
export function anonymousCases(rules: readonly ImportedRule[]): readonly object[] {
  const requests = new Set(
    rules.flatMap(({ pattern, methods }) => {
      if (pattern === null) return [];
      const path = pattern.segments.map((segment) =>
        segment.kind === 'literal'
          ? encodeURIComponent(segment.text)
          : segment.kind === 'param'
            ? segment.name
            : 'anything',
      );
      const host = pattern.host === null ? '' : `https://${pattern.host.replace(/^\*/, 'any')}`;
      return (methods ?? ['GET']).map((method) => `${method} ${host}/${path.join('/')}`);
    }),
  );
  return [...requests].map((request) => ({ request, expect: 'refuse' }));
}

/** Adds them to a document. */
export function writeTests(document: Document, tests: object): void {
  const node = document.createNode(JSON.parse(JSON.stringify(tests).replaceAll('$' + '{', '$$$' + '{')));
  if (isMap(node)) {
    const [identities, cases] = [node.get('identities'), node.get('cases')];
    if (isMap(identities)) flowWithin(identities);
    if (isSeq(cases)) for (const one of cases.items) if (isMap(one)) one.flow = true;
  }
  document.set('tests', node);
}

/** A `tests` section with `given` and what coverage misses beyond it. `config`: with `given` for its tests. */
export function completeTests(config: Config, given: readonly object[]): object {
  const proposed = parse(proposeCases(config, runTests(config, false))) as {
    tests?: { identities?: object; cases?: readonly object[] };
  } | null;
  const { identities, cases = [] } = proposed?.tests ?? {};
  return { ...(identities === undefined ? {} : { identities }), cases: [...given, ...cases] };
}
