/**
 * Patterns of a route's `match`: host (exact, `*.example.test`, or none) and path (literal segments, `{name}` for one
 * segment, `**` at the end for any rest). Whole segments only, so `/public/**` never covers `/publicx`.
 */
export interface RoutePattern {
  /** In lower case. */
  readonly host: string | null;
  /** As written. */
  readonly path: string;
  readonly segments: readonly Segment[];
  /** Names of `{name}` in order. */
  readonly params: readonly string[];
}

export type Segment =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'param'; readonly name: string }
  /** Only as the last one: any number of segments, none included. */
  | { readonly kind: 'rest' };
