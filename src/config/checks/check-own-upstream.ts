/** Routes that the gateway serves itself: the public keys of signed identities, and tokens of issuers about their users. */
import { endsHere, eventUpstreams } from '../../core/routing/route.ts';
import type { ConfigFile, RouteEntry } from '../schema.ts';
import type { ReadAccess } from './check-access.ts';
import type { Location } from './location.ts';

/** What such routes need from the rest of the file. */
export interface OwnUpstreams {
  /** Whether identities are signed for services. */
  readonly signs: boolean;
  /** Kinds of tokens that some source accepts. */
  readonly events: ReadonlySet<'logout' | 'security-event'>;
}

const sections = { logout: 'logout', 'security-event': 'securityEvents' } as const;
const without = ['rewrite', 'websocket', 'evict', 'identityAssertion'] as const;

export function readOwnUpstreams({ sources, signIn, identityAssertion }: ConfigFile): OwnUpstreams {
  const issuers = Object.values(sources).filter((source) => source.kind === 'jwt');
  const signsIn = Object.keys(signIn?.providers ?? {}).length > 0;
  const accepted = [...eventUpstreams.values()].filter(
    (kind) => (kind === 'logout' && signsIn) || issuers.some((source) => source[sections[kind]] !== undefined),
  );
  return { signs: identityAssertion !== undefined, events: new Set(accepted) };
}

/** The only method of such a route; null: it leads to a service. */
export function checkOwnUpstream(
  { upstream = '', match }: RouteEntry,
  { signs, events }: OwnUpstreams,
  access: ReadAccess,
  at: Location,
): 'GET' | 'POST' | null {
  if (!endsHere(upstream)) return null;
  const kind = eventUpstreams.get(upstream) ?? null;
  const method = kind === null ? 'GET' : 'POST';
  if (kind === null) {
    const hint = 'add "identityAssertion" to the main file';
    if (!signs) at.at('upstream').report('there are no public keys, as no identities are signed', hint);
  } else {
    const hint = `a source of kind "jwt" with "${sections[kind]}"`;
    if (!events.has(kind)) at.at('upstream').report('no source accepts such tokens', hint);
    // The signature of a token is its only credential.
    if (!access.isPublic) at.at('access').report('an issuer has no credential here', 'write "access: public"');
  }
  const what = kind === null ? 'public keys can only be read' : 'tokens of issuers can only be sent';
  if (match.methods?.some((one) => one !== method))
    at.at('match', 'methods').report(what, `remove it, or write [${method}]`);
  for (const key of without.filter((name) => at.at(name).isWritten))
    at.at(key).reportKey(`"${key}" has no meaning where the gateway itself responds`, 'remove it');
  return method;
}
