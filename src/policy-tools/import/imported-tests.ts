/** Tests of an imported configuration: a case for each effect of each rule. */
import { type Document, isMap, isSeq, parse } from 'yaml';
import type { Config } from '../../config/config.ts';
import { newIdentities, proposeCases } from '../propose-cases.ts';
import { runTests } from '../test-report.ts';
import { casesText } from '../written-cases.ts';
import { flowWithin } from './gateway-document.ts';
import type { ImportedRule } from './imported-rule.ts';

/** A user for each group that a condition requires, and one with a key. */
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

/** Adds the tests to a document. */
export function writeTests(document: Document, tests: object): void {
  const node = document.createNode(JSON.parse(JSON.stringify(tests).replaceAll('$' + '{', '$$$' + '{')));
  if (isMap(node)) {
    const [identities, cases] = [node.get('identities'), node.get('cases')];
    if (isMap(identities)) flowWithin(identities);
    if (isSeq(cases)) for (const one of cases.items) if (isMap(one)) one.flow = true;
  }
  document.set('tests', node);
}

/** A `tests` section that covers the configuration. `config`: with the identities, but without cases. */
export function completeTests(config: Config, identities: object): object {
  const proposals = proposeCases(config, runTests(config, false), true);
  const proposed = parse(casesText({ identities: newIdentities(config, proposals), proposals }, 'section')) as {
    tests?: { identities?: object; cases?: readonly object[] };
  } | null;
  const all = { ...identities, ...proposed?.tests?.identities };
  return { ...(Object.keys(all).length === 0 ? {} : { identities: all }), cases: proposed?.tests?.cases ?? [] };
}
