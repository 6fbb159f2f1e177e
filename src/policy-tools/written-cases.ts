/** Proposed cases as YAML: for `tests`, as a separate file, or added to an existing file whose other content stays unchanged. */
import { Document, isCollection, isPair, isScalar, type Pair, parseDocument, visit } from 'yaml';
import type { TestCase } from '../config/test-suite.ts';
import type { ClaimTable } from '../core/identity/claims.ts';
import type { Identity } from '../core/identity/identity.ts';
import { momentInWords } from '../core/policy/time-window.ts';
import { sampleIdentity } from '../policy-model/samples/sample-identity.ts';
import type { Proposals } from './propose-cases.ts';

/** What to write. */
export interface Draft {
  readonly identities: ReadonlyMap<string, Identity>;
  readonly proposals: Proposals;
}

/**
 * The cases by test file: `fileOf` names that of a route. An identity that cases of several files use is in the shared file, because each
 * name is declared once.
 */
export function casesByFile(
  { identities, proposals }: Draft,
  fileOf: (route: number) => string,
  shared: string,
): ReadonlyMap<string, Draft> {
  const cases = Map.groupBy(proposals.cases, ({ route }) => fileOf(route));
  const homes = new Map<string, string>();
  for (const [file, own] of cases) {
    for (const { test } of own) {
      if (test.as !== null) homes.set(test.as, [file, undefined].includes(homes.get(test.as)) ? file : shared);
    }
  }
  const files = [...new Set([shared, ...cases.keys()])];
  return new Map(
    files.flatMap((file): [string, Draft][] => {
      const own = new Map([...identities].filter(([name]) => homes.get(name) === file));
      const draft = { identities: own, proposals: { ...proposals, cases: cases.get(file) ?? [] } };
      return own.size + draft.proposals.cases.length === 0 ? [] : [[file, draft]];
    }),
  );
}

/** `form`: below `tests`, or as a separate file. */
export function casesText(
  { identities, proposals: { cases, notFound, claims } }: Draft,
  form: 'section' | 'file',
): string {
  if (cases.length === 0 && notFound.length === 0) {
    return '# Nothing is missing: tests cover every effect of every rule.\n';
  }
  const beyond = notFound.map((words) => `# not found: ${words}\n`).join('');
  if (cases.length === 0) return `# No request was found for the missing cases.\n${beyond}`;
  const tests = {
    ...(identities.size === 0
      ? {}
      : {
          identities: Object.fromEntries(
            [...identities].map(([name, identity]) => [name, identityEntry(name, identity, claims)]),
          ),
        }),
    cases: cases.map(({ test }) => caseEntry(test)),
  };
  const document = new Document(form === 'section' ? { tests } : tests);
  visit(document, {
    Map(_, node, path) {
      // Puts each case and each identity on one line.
      if (path.length > (form === 'section' ? 5 : 3)) node.flow = true;
    },
  });
  return `# Add these to your tests if they match your intent.\n${yamlOf(document).trimEnd()}\n${beyond}`;
}

/** The text of a test file with the cases added, or why they cannot be added. */
export function addCases(text: string, { identities, proposals }: Draft): string | { readonly problem: string } {
  const document = parseDocument(text);
  const root = document.contents;
  if (document.errors.length > 0 || (root !== null && !isCollection(root)))
    return { problem: 'is not a file of tests' };
  const taken = [...identities.keys()].find((name) => document.hasIn(['identities', name]));
  if (taken !== undefined) return { problem: `already has an identity "${taken}", but was not read with the tests` };
  const entries = {
    identities: [...identities].map(([name, identity]) =>
      lineOf({ [name]: identityEntry(name, identity, proposals.claims) }).slice(2, -2),
    ),
    cases: proposals.cases.map(({ test }) => lineOf(caseEntry(test))),
  };
  let added = text;
  // From the end, so that earlier positions stay valid.
  const keys = ['identities', 'cases'] as const;
  for (const key of [...keys].sort((a, b) => startOf(document, b) - startOf(document, a))) {
    added = addEntries(added, document, key, entries[key]);
  }
  const again = parseDocument(added);
  const count = (of: Document, key: string) => {
    const node = of.get(key);
    return isCollection(node) ? node.items.length : 0;
  };
  const whole = keys.every((key) => count(again, key) === count(document, key) + entries[key].length);
  return again.errors.length === 0 && whole ? added : { problem: 'is formatted in a way that prevents adding cases' };
}

function startOf(document: Document, key: string): number {
  const node = document.get(key, true);
  return isScalar(node) || isCollection(node) ? (node.range?.[0] ?? 0) : Number.POSITIVE_INFINITY;
}

function addEntries(text: string, document: Document, key: 'identities' | 'cases', lines: readonly string[]): string {
  if (lines.length === 0) return text;
  const node = document.get(key, true);
  const isList = key === 'cases';
  const block = (indent: string) =>
    [
      ...(isList ? [`# generated: review before you keep it`] : []),
      ...lines.map((line) => (isList ? `- ${line}` : line)),
    ]
      .map((line) => `${indent}${line}\n`)
      .join('');
  const whole = text === '' || text.endsWith('\n') ? text : `${text}\n`;
  if (!isCollection(node) || node.items.length === 0) {
    if (node === undefined) return `${whole}${key}:\n${block('  ')}`;
    // The new entries replace `cases: []` and `cases:`.
    const [start, end] = (isCollection(node) || isScalar(node) ? node.range : null) ?? [text.length, text.length];
    return `${text.slice(0, start).trimEnd()}\n${block('  ')}${text.slice(end).replace(/^[ \t]*\n/, '')}`;
  }
  const [first, last] = [node.items[0], node.items.at(-1)];
  const end = endOf(last);
  if (node.flow === true) return `${text.slice(0, end)}, ${lines.join(', ')}${text.slice(end)}`;
  const newline = text.indexOf('\n', end - 1);
  const at = newline < 0 ? whole.length : newline + 1;
  const begin = isPair(first) ? startOfNode(first.key) : startOfNode(first);
  const indent = /^[ ]*/.exec(text.slice(text.lastIndexOf('\n', begin - 1) + 1))![0];
  return `${whole.slice(0, at)}${block(indent)}${whole.slice(at)}`;
}

function endOf(item: unknown): number {
  const node = isPair(item) ? ((item as Pair).value ?? (item as Pair).key) : item;
  return isScalar(node) || isCollection(node) ? (node.range?.[1] ?? 0) : 0;
}

function startOfNode(node: unknown): number {
  return isScalar(node) || isCollection(node) ? (node.range?.[0] ?? 0) : 0;
}

function lineOf(entry: object): string {
  const document = new Document(entry);
  visit(document, {
    Collection(_, node) {
      node.flow = true;
    },
  });
  return yamlOf(document).trimEnd();
}

function yamlOf(document: Document): string {
  return document.toString({ lineWidth: 0, flowCollectionPadding: true });
}

function identityEntry(
  name: string,
  { userId, roles, groups, kind, sessionId, keyId, claims, authenticatedAtMs, acceptedBy }: Identity,
  declared: ClaimTable,
): object {
  const values = Object.entries(claims).map(([name, value]) => {
    return [name, declared.get(name) === 'time' ? new Date(Number(value)).toISOString() : value];
  });
  return {
    ...(userId === name ? {} : { userId }),
    roles,
    ...(groups.length === 0 ? {} : { groups }),
    ...(kind === 'bearer' ? {} : { kind }),
    ...(sessionId === null || sessionId === sampleIdentity.sessionId ? {} : { sessionId }),
    ...(keyId === null || keyId === `key-${name}` ? {} : { keyId }),
    ...(acceptedBy === sampleIdentity.acceptedBy ? {} : { source: acceptedBy }),
    ...(authenticatedAtMs === null ? {} : { authenticatedAt: momentInWords(authenticatedAtMs) }),
    ...(values.length === 0 ? {} : { claimValues: Object.fromEntries(values) }),
  };
}

function caseEntry(test: TestCase): object {
  const headers: Record<string, string> = {};
  for (let i = 0; i < test.headers.length; i += 2) headers[test.headers[i]!] = test.headers[i + 1]!;
  return {
    ...(test.as === null ? {} : { as: test.as }),
    request: `${test.method} ${test.host === null ? '' : `https://${test.host}`}${test.target}`,
    ...(test.headers.length === 0 ? {} : { headers }),
    ...(test.client === null ? {} : { client: test.client }),
    ...(test.trusted ? { trusted: true } : {}),
    ...(test.time === null ? {} : { time: momentInWords(test.time) }),
    expect: test.expect,
    ...(test.route === null ? {} : { route: test.route }),
    ...(test.reason === null ? {} : { reason: test.reason }),
    ...(test.upstreamHeaders.size === 0 ? {} : { upstreamHeaders: Object.fromEntries(test.upstreamHeaders) }),
  };
}
