/** Hosts and segments of patterns that are most likely misspelled. */

import { exampleOf, type Probes } from '../../policy-model/probes.ts';
import { type Finding, findingOf } from './finding.ts';

interface Slip {
  readonly looksLike: RegExp;
  /** The right spelling for the text; null if there is none. */
  readonly right: (name: string) => string;
}

/** Literals of OData, which begin with "$" (OData 4.01, URL conventions). */
const odata = '(?!(?:all|batch|count|crossjoin|entity|metadata|ref|root|value)$)';

const slips: readonly Slip[] = [
  { looksLike: /^:([A-Za-z_]\w*)[*+]?$/, right: (name) => `{${name}}` },
  { looksLike: /^<(?:\w+:)?([A-Za-z_]\w*)>$/, right: (name) => `{${name}}` },
  { looksLike: new RegExp(`^\\$${odata}([A-Za-z_]\\w*)$`), right: (name) => `{${name}}` },
  { looksLike: /^\[([A-Za-z_]\w*)\]$/, right: (name) => `{${name}}` },
  // Regular expressions: an anchor, a class, alternatives, a repetition of anything.
  { looksLike: /^\^|\$$|\[[^\]]+\]|\([^)]*\|[^)]*\)|\.[+*]/, right: () => '{name}' },
];

/**
 * Literal segments that look like a parameter or pattern of another tool. They match only themselves, so the intended route does
 * not exist.
 */
export function patternSlips(probes: Probes): readonly Finding[] {
  return probes.table.routes.flatMap((route) => {
    for (const segment of route.pattern.segments) {
      const spelling = segment.kind === 'literal' ? spellingFor(segment.text) : null;
      if (segment.kind !== 'literal' || spelling === null) continue;
      const place = { kind: 'route', index: route.index, key: ['match', 'path'] } as const;
      const message = `the segment "${segment.text}" matches only that text`;
      const hint = `write ${spelling} for a segment with any text; patterns do not support regular expressions`;
      return [
        findingOf('literal_like_pattern', route.id, place, message, { hint, example: exampleOf(probes.first(route)) }),
      ];
    }
    return [];
  });
}

/** Null: it looks like a literal. */
function spellingFor(text: string): string | null {
  for (const { looksLike, right } of slips) {
    const read = looksLike.exec(text);
    if (read !== null) return right(read[1] ?? '');
  }
  return null;
}

/** Maximum pairs of hosts to compare; with more, nothing is reported. */
const maxPairs = 200_000;
/** Shorter labels differ by one letter on purpose, such as `eu` and `us`. */
const minLabel = 4;

/** Hosts of routes that differ by one letter. Most likely one of them is misspelled, and its routes never match. */
export function likeHosts(probes: Probes): readonly Finding[] {
  const { routes } = probes.table;
  const uses = new Map<string, number>();
  for (const { pattern } of routes) {
    if (pattern.host !== null) uses.set(pattern.host, (uses.get(pattern.host) ?? 0) + 1);
  }
  const hosts = [...uses.keys()];
  if (hosts.length ** 2 / 2 > maxPairs) return [];
  return hosts.flatMap((host, index) => {
    const earlier = hosts.slice(0, index).find((other) => isLike(host, other));
    if (earlier === undefined) return [];
    // The rarer spelling is more likely the mistake.
    const [slip, right] = uses.get(host)! <= uses.get(earlier)! ? [host, earlier] : [earlier, host];
    const route = routes.find(({ pattern }) => pattern.host === slip)!;
    const place = { kind: 'route', index: route.index, key: ['match', 'host'] } as const;
    const message = `the host "${slip}" differs by one letter from "${right}" of other routes`;
    const example = exampleOf(probes.first(route));
    return [findingOf('hosts_alike', route.id, place, message, { hint: `did you mean "${right}"?`, example })];
  });
}

/** Whether a long enough label has one letter added, missing, changed or swapped. Numbered hosts differ on purpose. */
function isLike(a: string, b: string): boolean {
  const [labelsA, labelsB] = [a.split('.'), b.split('.')];
  if (labelsA.length !== labelsB.length) return false;
  const differing = labelsA.flatMap((label, index) =>
    label === labelsB[index] ? [] : [[label, labelsB[index]!] as const],
  );
  const [pair] = differing;
  if (pair === undefined || differing.length > 1) return false;
  const [shorter, longer] = pair[0].length <= pair[1].length ? pair : [pair[1], pair[0]];
  if (shorter.length < minLabel || longer.length - shorter.length > 1) return false;
  let at = 0;
  while (at < shorter.length && shorter[at] === longer[at]) at += 1;
  const [restA, restB] = [shorter.slice(at), longer.slice(at)];
  if (/\d/.test(restA[0] ?? '') || /\d/.test(restB[0] ?? '')) return false;
  if (restA === restB.slice(1)) return true;
  if (restA.slice(1) === restB.slice(1)) return true;
  return restA[0] === restB[1] && restA[1] === restB[0] && restA.slice(2) === restB.slice(2);
}
