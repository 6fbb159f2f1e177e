/**
 * Literal segments that are written as other tools write a parameter or a pattern, and therefore match only themselves:
 * the route that was meant does not exist.
 */
import { type Finding, findingOf } from './finding.ts';
import { exampleOf, type Probes } from './probes.ts';

interface Slip {
  readonly looksLike: RegExp;
  /** The right spelling, from the text; null: there is none. */
  readonly right: (name: string) => string;
}

/** Literals of OData, which begin with "$" by its rules (OData 4.01, URL conventions). */
const odata = '(?!(?:all|batch|count|crossjoin|entity|metadata|ref|root|value)$)';

const slips: readonly Slip[] = [
  { looksLike: /^:([A-Za-z_]\w*)[*+]?$/, right: (name) => `{${name}}` },
  { looksLike: /^<(?:\w+:)?([A-Za-z_]\w*)>$/, right: (name) => `{${name}}` },
  { looksLike: new RegExp(`^\\$${odata}([A-Za-z_]\\w*)$`), right: (name) => `{${name}}` },
  { looksLike: /^\[([A-Za-z_]\w*)\]$/, right: (name) => `{${name}}` },
  // Regular expressions: an anchor, a class, alternatives, a repetition of anything.
  { looksLike: /^\^|\$$|\[[^\]]+\]|\([^)]*\|[^)]*\)|\.[+*]/, right: () => '{name}' },
];

export function patternSlips(probes: Probes): readonly Finding[] {
  return probes.table.routes.flatMap((route) => {
    for (const segment of route.pattern.segments) {
      const spelling = segment.kind === 'literal' ? spellingFor(segment.text) : null;
      if (segment.kind !== 'literal' || spelling === null) continue;
      const place = { kind: 'route', index: route.index, key: ['match', 'path'] } as const;
      const message = `the segment "${segment.text}" matches that text alone`;
      const hint = `write ${spelling} for a segment with any text; patterns have no regular expressions`;
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
