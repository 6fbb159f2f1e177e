/** Tests of an imported configuration: a case for each effect of each rule. */
import { type Document, isMap, isSeq, parse } from 'yaml';
import type { Config } from '../../config/config.ts';
import { newIdentities, proposeCases } from '../propose-cases.ts';
import { runTests } from '../test-report.ts';
import { casesText } from '../written-cases.ts';
import { flowWithin } from './gateway-document.ts';

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

/** A `tests` section that covers the configuration. */
export function testsFor(config: Config): object {
  const proposals = proposeCases(config, runTests(config, false), true);
  const proposed = parse(casesText({ identities: newIdentities(config, proposals), proposals }, 'section')) as {
    tests?: { identities?: object; cases?: readonly object[] };
  } | null;
  const { identities = {}, cases = [] } = proposed?.tests ?? {};
  return { ...(Object.keys(identities).length === 0 ? {} : { identities }), cases };
}
