/** Credential settings of a route: the accepted kinds, its challenges, and its sign-in page. */
import { type Challenges, compileChallenges } from '../../core/credential/challenges.ts';
import { type CredentialKind, isAmbient, kindsOf } from '../../core/credential/credential.ts';
import { type SignIn, signInAt } from '../../core/credential/sign-in.ts';
import { compileCredentials } from '../compile-credentials.ts';
import { namesOfSignIn } from '../compile-sources.ts';
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
  const sources = compileCredentials(file, 0);
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
    const signIn = readSignIn(entry, file, asks && credentials.includes('session'), own);
    if (own.isWritten) checkSignIn(signIn, entry, asks, own);
    // A return address may contain only a host that the route has matched. The gateway's own sign-in accepts only its origin.
    if (signIn?.origins === null && !signIn.url.startsWith('/') && !hasHost(entry) && asks) {
      const hint = 'give it a "match.host", because the return address contains the host of the request';
      (own.isWritten ? own : at.at('match')).report('a sign-in page on another host needs a route with a host', hint);
    }
    if (signIn?.origins != null) {
      checkHosts(entry, signIn.origins, at.at('match'));
      for (const name of providersOf(entry.signIn ?? file.defaults.signIn!)!)
        checkProvable(entry, file.signIn!.providers[name], at);
    }
    const challenges = narrowed(challengesOf(credentials), entry.challenges, at.at('challenges'));
    return { credentials, challenges, signIn };
  };
}

/** `takesSession`: otherwise the default does not apply if it names a provider, and the browser would be redirected forever. */
function readSignIn(entry: RouteEntry, file: ConfigFile, takesSession: boolean, at: Location): SignIn | null {
  const { signIn = file.defaults.signIn } = entry;
  if (signIn === null) return null;
  const names = providersOf(signIn);
  if (names === null) return { ...(signIn as SignInPage), origins: null };
  const unknown = unknownProviders(names, file);
  if (file.signIn === undefined || unknown.length > 0) {
    if (at.isWritten) for (const name of unknown) reportProvider(name, file, at);
    return null;
  }
  const { origin, otherOrigins } = file.signIn;
  if (takesSession) return signInAt([origin, ...otherOrigins], names);
  if (at.isWritten) at.report('the route accepts no session', 'list it: "credentials: [session]"');
  return null;
}

type Provider = NonNullable<ConfigFile['signIn']>['providers'][string];

/** What the provider of a route's users never states: they could sign in again and again. */
function checkProvable(
  { maxAuthAge, acr, forwardToken }: RouteEntry,
  provider: Provider | undefined,
  at: Location,
): void {
  if (provider?.kind !== 'github') return;
  const hint = 'remove it, or name another provider under "signIn"';
  if (maxAuthAge !== undefined) at.at('maxAuthAge').reportKey('GitHub does not state when a user signed in', hint);
  if (acr !== undefined) at.at('acr').reportKey('GitHub does not state how a user signed in', hint);
  if (forwardToken === 'id') at.at('forwardToken').report('GitHub returns no ID token', 'forward the access token');
}

type WrittenSignIn = NonNullable<ConfigFile['defaults']['signIn']>;
type SignInPage = Exclude<WrittenSignIn, string | readonly string[]>;

/** Null: it is the page of another. */
export function providersOf(signIn: WrittenSignIn): readonly string[] | null {
  if (typeof signIn === 'string') return [signIn];
  return Array.isArray(signIn) ? signIn : null;
}

export function unknownProviders(names: readonly string[], file: ConfigFile): readonly string[] {
  const known = namesOfSignIn(file);
  return names.filter((name) => !known.includes(name));
}

/** `at`: of the name. */
export function reportProvider(name: string, file: ConfigFile, at: Location): void {
  const hint = file.signIn === undefined ? 'providers are under "signIn"' : at.nearest(name, namesOfSignIn(file));
  at.report(`there is no provider ${at.quote(name)}`, hint);
}

/** Browsers would be sent to sign in forever. A pattern must stand for one host at least that has a session. */
function checkHosts({ match: { host, hosts } }: RouteEntry, origins: readonly string[], at: Location): void {
  const own = origins.map((origin) => new URL(origin).hostname);
  const report = (name: string | undefined, there: Location) => {
    const ending = name?.startsWith('*') ? name.slice(1).toLowerCase() : null;
    if (
      name === undefined ||
      own.some((one) => one === name.toLowerCase() || (ending !== null && one.endsWith(ending)))
    )
      return;
    there.report('no session is for this host', 'add its origin to "signIn.otherOrigins"');
  };
  report(host, at.at('host'));
  for (const [index, name] of hosts?.entries() ?? []) report(name, at.at('hosts', index));
}

function hasHost({ match }: RouteEntry): boolean {
  return match.host !== undefined || match.hosts !== undefined;
}

function enabledBy(kind: CredentialKind): string {
  if (kind === 'session') return 'see "signIn"';
  return kind === 'certificate' ? 'it needs a source of kind "certificate"' : `see "credentials.${kind}"`;
}

/** Without a list, every enabled kind that clients send on purpose: cookies and certificates are sent with every request. */
function readKinds(
  words: RouteEntry['credentials'],
  on: readonly CredentialKind[],
  asks: boolean,
  at: Location,
): readonly CredentialKind[] {
  if (words === undefined) return on.filter((kind) => !isAmbient(kind));
  if (!asks) at.reportKey('"credentials" has no meaning where no credential is read', 'remove it');
  words.forEach((word, index) => {
    if (on.includes(word)) return;
    at.at(index).report('this kind is disabled', enabledBy(word));
  });
  return on.filter((kind) => words.includes(kind));
}

/** A 401 challenges only for kinds that the route accepts. */
function narrowed(all: Challenges, words: RouteEntry['challenges'], at: Location): Challenges {
  if (words === undefined) return all;
  words.forEach((word, index) => {
    if (!all[word]) at.at(index).report('the route accepts no credential of this scheme', 'see "credentials"');
  });
  return { ...all, bearer: words.includes('bearer'), basic: words.includes('basic') };
}

function checkSignIn(signIn: SignIn | null, { match }: RouteEntry, asks: boolean, at: Location): void {
  if (signIn === null) return;
  if (!asks) at.reportKey('"signIn" has no meaning where no credential is required', 'remove it');
  const [page = ''] = signIn.url.split('?', 1);
  if (page !== match.path && match.paths?.includes(page) !== true) return;
  const hint = 'the sign-in page needs its own public route';
  at.at('url').report('this page is the route itself', hint);
}
