/**
 * The pages of sign-in, served before any route: which one a path leads to, and who may use it. A request that did not come for the public
 * origin, such as one without TLS, gets no cookie and is sent there.
 */
import type { SessionSettings } from '../core/credential/credential.ts';
import { isSameOrigin } from '../core/credential/same-origin.ts';
import { ownPaths } from '../core/credential/sign-in.ts';
import { clientFacts } from '../core/forwarding/client-facts.ts';
import { isNamed } from '../core/syntax/header-fields.ts';
import { plainAuthority } from '../core/url/plain-authority.ts';
import { SessionStoreUnavailable, SessionTooLarge } from '../identity/sessions/session-store.ts';
import type { OwnPages } from '../request-line/runtime.ts';
import type { AccountPages, Accounts } from './account/accounts.ts';
import { callback } from './callback.ts';
import { createPasses, handOver, takeOver } from './hand-over.ts';
import type { HostCookies } from './host-cookies.ts';
import { keptForm } from './kept-form.ts';
import { endSession, listSessions } from './own-sessions.ts';
import { pageLook } from './page-look.ts';
import { type PageReply, type PageRequest, redirect, refuse, show } from './page-request.ts';
import { signedInPage } from './pages/form-page.ts';
import { originPage } from './pages/message-pages.ts';
import { paths } from './paths.ts';
import type { Provider } from './provider.ts';
import { readForm } from './read-form.ts';
import { createRepeatedSignIns } from './repeated-sign-ins.ts';
import { returnAddress } from './return-address.ts';
import {
  currentSession,
  failure,
  outage,
  type Sessions,
  type SignInParts,
  signInAddress,
  startAddress,
} from './sign-in-parts.ts';
import { askToSignOut, signedOut, signOut } from './sign-out.ts';
import type { SpentTransactions } from './spent-transactions.ts';
import { choose, start } from './start.ts';
import { createTransactions } from './transaction.ts';
import { writeReply } from './write-reply.ts';

export interface SignInOptions {
  /** Of the gateway, as people see it: scheme, host and port. */
  readonly origin: string;
  /** Further ones, to which it hands sessions over. */
  readonly otherOrigins: readonly string[];
  readonly cookies: SessionSettings;
  readonly hosts: HostCookies;
  readonly providers: readonly Provider[];
  readonly sessions: Sessions;
  /** Null: there is no sign-in at the embedded Auth API. */
  readonly accounts?: Accounts | null;
  /** The current secret and the previous ones. */
  readonly secrets: readonly string[];
  readonly spent: SpentTransactions;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

type Serve = (request: PageRequest) => Promise<PageReply> | PageReply;
type Methods = Readonly<Partial<Record<string, Serve>>>;

export function createSignIn(options: SignInOptions): OwnPages {
  const { origin, otherOrigins, sessions, spent, secrets, hosts, now } = options;
  const parts: SignInParts = {
    origin,
    otherOrigins,
    cookies: options.cookies,
    hosts,
    passes: createPasses(secrets, now),
    providers: new Map(options.providers.map((provider) => [provider.name, provider])),
    sessions,
    transactions: createTransactions(secrets, now),
    spent,
    repeated: createRepeatedSignIns(now),
    now,
  };
  const everywhere: [string, Methods][] = [
    [paths.choose, { GET: (request) => choose(parts, request) }],
    [paths.signOut, { GET: (request) => askToSignOut(parts, request), POST: (request) => signOut(parts, request) }],
    [paths.signedOut, { GET: signedOut }],
    [
      paths.signedIn,
      {
        GET: async (request) => show(signedInPage(pageLook(request), (await currentSession(parts, request)) !== null)),
      },
    ],
    [paths.sessions, { GET: (request) => listSessions(parts, request), POST: (request) => endSession(parts, request) }],
  ];
  const pages = new Map(everywhere);
  const pagesOfOthers = new Map(everywhere);
  for (const provider of options.providers) {
    const begin: Methods = { GET: (request) => start(parts, provider, request) };
    pages.set(paths.start(provider.name), begin);
    pages.set(paths.callback(provider.name), { GET: (request) => callback(parts, provider, request) });
    pages.set(paths.handOver(provider.name), { GET: (request) => handOver(parts, provider, request) });
    pagesOfOthers.set(paths.start(provider.name), begin);
    pagesOfOthers.set(paths.takeOver(provider.name), { GET: (request) => takeOver(parts, provider, request) });
  }

  /** Of an outage: to the own link, which the transaction names after the first page. */
  function againAfter({ origin: at, path, search, query }: PageRequest): string {
    const begun = parts.transactions.open(query.get('state') ?? '');
    if (begun === null) return signInAddress(parts, returnAddress(query.get('return_to'), at));
    // The link of a hand-over is one of another host.
    const target = begun.origin === at ? begun.target : returnAddress(path + search, at);
    return startAddress(begun.provider, target, begun);
  }

  const { accounts = null } = options;
  const brand = accounts?.settings ?? null;
  if (accounts !== null) {
    for (const [path, methods] of accountPages(parts, accounts, options.secrets)) pages.set(path, methods);
  }

  async function reply(request: PageRequest, serve: Serve): Promise<PageReply> {
    try {
      return await serve(request);
    } catch (error) {
      if (error instanceof SessionTooLarge) return failure(request, 'session_too_large', againAfter(request), error);
      if (!(error instanceof SessionStoreUnavailable)) throw error;
      return outage(request, againAfter(request), error);
    }
  }

  return {
    serves: (target) => target.startsWith(ownPaths),
    async serve(context, trustedProxies, forwardedHeaders) {
      const { request, peer } = context;
      const { rawHeaders, method } = request;
      const { target } = request;
      const pathEnd = target.includes('?') ? target.indexOf('?') : target.length;
      const [path, search] = [target.slice(0, pathEnd), target.slice(pathEnd)];
      const facts = clientFacts(peer, hostOf(rawHeaders), rawHeaders, trustedProxies, () => '', forwardedHeaders);
      const host = plainAuthority(facts.forwardedHost);
      const isOf = (one: string) => plainAuthority(new URL(one).host) === host;
      const at = otherOrigins.find(isOf) ?? origin;
      const methods = (at === origin ? pages : pagesOfOthers).get(path);
      const serve = methods?.[method];
      if (methods === undefined) return context.fail('route_not_found');
      if (serve === undefined) return writeReply(context, notAllowed(methods));
      context.proto = facts.proto;
      const query = new URLSearchParams(search);
      const isThere = isOf(at) && at.startsWith(`${facts.proto}:`);
      if (method !== 'GET' && !(isThere && isFromOwnPage(method, rawHeaders, at)))
        return context.fail('cross_site_request');
      if (!isThere) return writeReply(context, toOrigin(at, path, query, { brand, rawHeaders }));
      const pageRequest = {
        ...{ method, origin: at, path, search, query, rawHeaders, address: facts.client, userAgent: context.userAgent },
        brand,
        readForm: () => readForm(request.body),
      };
      writeReply(context, await reply(pageRequest, serve));
    },
    showForm(context, refused, body) {
      const page = keptForm(context, refused, body, origin, brand);
      if (page !== null) writeReply(context, page);
      return page !== null;
    },
  };
}

/** The pages are loaded when the first of them is opened. */
function accountPages(parts: SignInParts, accounts: Accounts, secrets: readonly string[]): Map<string, Methods> {
  let loaded: Promise<AccountPages> | null = null;
  const load = () => {
    loaded ??= import('./account/create-account-pages.ts').then(({ createAccountPages }) =>
      createAccountPages(parts, accounts, secrets),
    );
    return loaded;
  };
  const page = (name: keyof AccountPages) => async (request: PageRequest) => await (await load())[name](request);
  const signUp: [string, Methods] = [paths.signUp, { GET: page('showSignUp'), POST: page('signUp') }];
  const passkeys: [string, Methods][] = [
    [paths.passkeyScript, { GET: page('showScript') }],
    [paths.passkeyOptions, { POST: page('offerPasskey') }],
    [paths.passkey, { GET: page('beginAgain'), POST: page('checkPasskey') }],
    [paths.passkeys, { GET: page('showPasskeys'), POST: page('changePasskeys') }],
    [paths.newPasskeyOptions, { POST: page('offerNewPasskey') }],
    [paths.recovery, { GET: page('showRecovery'), POST: page('recover') }],
    [paths.link, { GET: page('showLink'), POST: page('useLink') }],
    [paths.recoveryCodes, { POST: page('createRecoveryCodes') }],
  ];
  return new Map([
    [paths.address, { GET: page('showAddress'), POST: page('sendCode') }],
    [paths.code, { GET: page('beginAgain'), POST: page('checkCode') }],
    [paths.account, { GET: page('showAccount'), POST: page('changeAccount') }],
    [paths.people, { GET: page('showPeople'), POST: page('changePeople') }],
    ...(accounts.settings.mayRegister ? [signUp] : []),
    ...(accounts.settings.passkeys ? passkeys : []),
  ]);
}

/** Marks a request that was sent to the origin before. */
const sentBefore = 'at_origin';

/** Without a cookie. A second time it would be an endless circle: the proxy in front is not trusted, or the origin is wrong. */
function toOrigin(
  origin: string,
  path: string,
  query: URLSearchParams,
  request: Pick<PageRequest, 'brand' | 'rawHeaders'>,
): PageReply {
  const page = (errorId: string) => originPage(origin, { look: pageLook(request), errorId });
  if (query.has(sentBefore)) return refuse('sign_in_failed', page);
  query.set(sentBefore, '1');
  return redirect(`${origin}${path}?${query}`);
}

/** A page of another site may post a form, too: browsers send the cookie if it is a sibling domain. */
function isFromOwnPage(method: string, rawHeaders: readonly string[], origin: string): boolean {
  const stated = valuesOf(rawHeaders, 'origin');
  if (stated.length > 0 && (stated.length > 1 || stated[0] !== origin)) return false;
  return isSameOrigin({ method, authority: new URL(origin).host }, rawHeaders);
}

function hostOf(rawHeaders: readonly string[]): string {
  const [host = '', ...others] = valuesOf(rawHeaders, 'host');
  return others.length > 0 ? '' : host;
}

function valuesOf(rawHeaders: readonly string[], name: string): string[] {
  return rawHeaders.filter((_, i) => i % 2 === 1 && isNamed(rawHeaders[i - 1]!, name));
}

function notAllowed(methods: Methods): PageReply {
  const allowed = Object.keys(methods).join(', ');
  return refuse('method_not_allowed', () => ({ body: '', headers: [] }), null, ['allow', allowed]);
}
