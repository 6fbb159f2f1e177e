/** Names of upstreams, as routes and policies use them. */
import type { Location } from './location.ts';

export function checkUpstream(upstream: string | undefined, at: Location, known: ReadonlySet<string>): void {
  if (upstream === undefined || known.has(upstream)) return;
  const declare = at.isOwn ? `declare it under "upstreams": "${upstream}: { targets: [...] }"` : null;
  at.report(`there is no upstream ${at.quote(upstream)}`, at.didYouMean(upstream, known) ?? declare);
}
