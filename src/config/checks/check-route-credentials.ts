/** Credential settings of a route: the accepted kinds, its challenges, and its sign-in page. */
import { type Challenges, compileChallenges } from '../../core/credential/challenges.ts';
import { type CredentialKind, kindsOf } from '../../core/credential/credential.ts';
import type { SignIn } from '../../core/credential/sign-in.ts';
import { compileCredentials } from '../compile-credentials.ts';
import type { ConfigFile, RouteEntry } from '../schema.ts';
import type { ReadAccess } from './check-access.ts';
import type { Location } from './location.ts';

export interface RouteCredentials {
  readonly credentials: readonly CredentialKind[];
  readonly challenges: Challenges;
  readonly signIn: SignIn | null;
}

export type CredentialsReader = (entry: RouteEntry, access: ReadAccess, at: Location) => RouteCredentials;

/** Returns the reader of a route's keys. */
export function createCredentialsReader(file: ConfigFile): CredentialsReader {
  const sources = compileCredentials(file.credentials, 0);
  const shared = new Map<string, Challenges>();
  const challengesOf = (credentials: readonly CredentialKind[]): Challenges => {
    const key = String(credentials);
    const known = shared.get(key) ?? compileChallenges(sources, credentials);
    shared.set(key, known);
    return known;
  };
  return (entry, access, at) => {
    const asks = !access.isPublic;
    const credentials = readKinds(entry.credentials, kindsOf(sources), asks, at.at('credentials'));
    const own = at.at('signIn');
    const { signIn = file.defaults.signIn } = entry;
    if (own.isWritten) checkSignIn(signIn, entry, asks, own);
    // A return address may contain only a host that the route has matched.
    if (signIn !== null && !signIn.url.startsWith('/') && !hasHost(entry) && asks) {
      const hint = 'give it a "match.host", because the return address contains the host of the request';
      (own.isWritten ? own : at.at('match')).report('a sign-in page on another host needs a route with a host', hint);
    }
    const challenges = narrowed(challengesOf(credentials), entry.challenges, at.at('challenges'));
    return { credentials, challenges, signIn };
  };
}

function hasHost({ match }: RouteEntry): boolean {
  return match.host !== undefined || match.hosts !== undefined;
}

/** Without a list, every enabled kind. */
function readKinds(
  written: RouteEntry['credentials'],
  on: readonly CredentialKind[],
  asks: boolean,
  at: Location,
): readonly CredentialKind[] {
  if (written === undefined) return on;
  if (!asks) at.reportKey('"credentials" has no meaning where no credential is read', 'remove it');
  written.forEach((word, index) => {
    if (on.includes(word)) return;
    at.at(index).report('this kind is disabled', `see "credentials.${word}"`);
  });
  return on.filter((kind) => written.includes(kind));
}

/** A 401 challenges only for kinds that the route accepts. */
function narrowed(all: Challenges, written: RouteEntry['challenges'], at: Location): Challenges {
  if (written === undefined) return all;
  written.forEach((word, index) => {
    if (!all[word]) at.at(index).report('the route accepts no credential of this scheme', 'see "credentials"');
  });
  return { ...all, bearer: written.includes('bearer'), basic: written.includes('basic') };
}

function checkSignIn(signIn: SignIn | null, { match }: RouteEntry, asks: boolean, at: Location): void {
  if (signIn === null) return;
  if (!asks) at.reportKey('"signIn" has no meaning where no credential is required', 'remove it');
  const [page = ''] = signIn.url.split('?', 1);
  if (page !== match.path && match.paths?.includes(page) !== true) return;
  const hint = 'the sign-in page needs its own public route';
  at.at('url').report('this page is the route itself', hint);
}
