/** Tests of an imported configuration: what the source says of anonymous callers, and the cases that are missing then. */
import { type Document, isMap, isSeq, parse } from 'yaml';
import type { Config } from '../../config/config.ts';
import { newIdentities, proposeCases } from '../propose-cases.ts';
import { runTests } from '../test-report.ts';
import { casesText } from '../written-cases.ts';
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

/** Somebody for each group that a condition asks for, and somebody with a key. */
export function identitiesFor(rules: readonly ImportedRule[]): object {
  const identities: Record<string, object> = {};
  const entries = rules.flatMap(({ when }) => when.flatMap((entry) => [entry, ...(entry.any ?? [])]));
  for (const entry of entries) {
    if (entry.identity === 'kind') identities['by_key'] = { kind: 'key_pair' };
    const [group] = entry.identity === 'groups' ? (entry.in ?? []) : [];
    if (group !== undefined) identities[`in_${group.replace(/[^A-Za-z0-9_-]/g, '_')}`] = { groups: [group] };
  }
  return identities;
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

/** A `tests` section that covers the configuration, and holds `cases`. `config`: with the identities, without cases. */
export function completeTests(config: Config, identities: object, cases: readonly object[]) {
  const proposals = proposeCases(config, runTests(config, false), true);
  const proposed = parse(casesText({ identities: newIdentities(config, proposals), proposals }, 'section')) as {
    tests?: { identities?: object; cases?: readonly { readonly as?: string; readonly request: string }[] };
  } | null;
  const own = proposed?.tests?.cases ?? [];
  const asked = new Set(own.flatMap((one) => (one.as === undefined ? [one.request] : [])));
  const all = { ...identities, ...proposed?.tests?.identities };
  return {
    ...(Object.keys(all).length === 0 ? {} : { identities: all }),
    cases: [...own, ...cases.filter((one) => !('request' in one) || !asked.has(String(one.request)))],
  };
}
