/** `signIn`: names of providers, cookies, and a store that every process of the gateway can use. */
import { compileCredentials } from '../compile-credentials.ts';
import { hasAccounts } from '../compile-sources.ts';
import type { ConfigFile } from '../schema.ts';
import { providersOf, reportProvider, unknownProviders } from './check-route-credentials.ts';
import type { Location } from './location.ts';

/** `at`: of the file. */
export function checkSignIn(file: ConfigFile, at: Location): void {
  const { signIn, defaults, sources } = file;
  const page = defaults.signIn;
  const named = page === null ? null : providersOf(page);
  for (const name of unknownProviders(named ?? [], file)) reportProvider(name, file, at.at('defaults', 'signIn'));
  if (signIn === undefined) return;
  const there = at.at('signIn');
  checkAccounts(file, at);
  for (const name of Object.keys(signIn.providers)) {
    if (!Object.hasOwn(sources, name) && name !== 'authApi') continue;
    there.at('providers', name).reportKey('a source has this name', 'choose another one');
  }
  const { session } = compileCredentials(file, 0);
  const { bearerCookie } = file.credentials;
  if (bearerCookie !== null && [session?.cookie, session?.browserCookie].includes(bearerCookie)) {
    at.at('credentials', 'bearerCookie').report('sessions have this cookie', 'choose another name');
  }
  checkStore(
    file,
    there.at('sessions', 'store'),
    at.at('server', 'workers').isWritten ? at.at('server', 'workers') : there,
  );
}

/** `at`: of the file. */
function checkAccounts(file: ConfigFile, at: Location): void {
  const { signIn, authApi } = file;
  const embedded = authApi?.embedded;
  const there = at.at('signIn');
  if (embedded === undefined) {
    const hint = 'or "authApi.embedded", at which people sign in without one';
    if (signIn!.accounts !== undefined) there.at('accounts').reportKey('there is no "authApi.embedded"', 'remove it');
    else if (Object.keys(signIn!.providers).length === 0)
      there.at('providers').report('expected at least one provider', hint);
    return;
  }
  if (!hasAccounts(file) || !embedded.revealUnknownEmail) return;
  const message = 'the pages of "signIn" would show which addresses have users';
  at.at('authApi', 'embedded').report(message, 'add "revealUnknownEmail: false"');
}

/** `otherwise`: where the processes are configured. */
function checkStore({ signIn, cache, server }: ConfigFile, at: Location, otherwise: Location): void {
  const { store = cache.redis === undefined ? 'memory' : 'redis' } = signIn!.sessions;
  if (store === 'redis') {
    if (cache.redis === undefined) at.report('there is no Redis', 'set "cache.redis"');
    return;
  }
  if (server.workers === 1) return;
  const what = store === 'memory' ? 'memory' : 'a file';
  const message = `sessions in ${what} are for one process, and there are several workers`;
  (at.isWritten ? at : otherwise).report(message, 'set "cache.redis", or "server.workers: 1"');
}
