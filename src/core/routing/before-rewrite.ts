/** Policies for a service apply to the paths that it receives. Here, to those of requests, before a route rewrites them. */
import type { PathRewrite } from '../forwarding/rewrite-path.ts';
import type { RoutePattern, Segment } from '../url/path-pattern.ts';
import { segmentBelow, textOf } from './below-policy.ts';

/** A rewrite of routes, and the prefix of a policy before it. */
export interface BeforeRewrite {
  readonly pattern: RoutePattern;
  /** Parameters of the policy for which `addPrefix` contains a text. */
  readonly fixed: readonly string[];
}

/** Null: no request is below the prefix after this rewrite. Letter case of `addPrefix` is ignored, as the service may ignore it. */
export function beforeRewrite(prefix: RoutePattern, { stripPrefix, addPrefix }: PathRewrite): BeforeRewrite | null {
  const added = literalsOf(addPrefix);
  const wanted = prefix.segments.slice(0, -1);
  const covered = wanted.slice(0, added.length);
  if (!covered.every((segment, at) => segment.kind !== 'rest' && segmentBelow(segment, added[at]!, true) === 'all')) {
    return null;
  }
  const segments = [...literalsOf(stripPrefix), ...prefix.segments.slice(covered.length)];
  const fixed = covered.flatMap((segment) => (segment.kind === 'param' ? [segment.name] : []));
  const params = prefix.params.filter((name) => !fixed.includes(name));
  return { pattern: { host: prefix.host, path: textOf(segments), segments, params }, fixed };
}

function literalsOf(prefix: string): readonly (Segment & { readonly kind: 'literal' })[] {
  const parts = prefix.split('/').slice(1);
  return parts.map((part) => ({ kind: 'literal', text: decodeURIComponent(part) }));
}
