/**
 * Everything that one configuration creates: how requests are decided and where they go. Created as a whole, swapped in one assignment, and
 * released once its requests have ended.
 */
import { type AssertionInUse, createAssertion } from '../assertion/create-assertion.ts';
import type { KeyEvents } from '../assertion/rotating-keys.ts';
import type { CheckRuntime } from '../authorizer/checks.ts';
import { managedNames } from '../authorizer/managed-headers.ts';
import { authApiUpstream } from '../config/compile-config.ts';
import type { Config, RemoteAuthApiConfig, UpstreamConfig } from '../config/config.ts';
import type { SourcesConfig } from '../config/source-config.ts';
import { decide, type Policy } from '../core/decide.ts';
import { compileForwarding } from '../core/forwarding/compile-forwarding.ts';
import { eventUpstreams } from '../core/routing/route.ts';
import type { IdentityEvents } from '../identity/events.ts';
import { createIdentityResolver, type IdentityResolver } from '../identity/resolver.ts';
import type { Siblings } from '../identity/revocation/create-revocations.ts';
import { createTakeEvent, type TakeEvent } from '../identity/security-events/event-exchange.ts';
import { connectRedis } from '../redis/connect-redis.ts';
import type { Evictions } from '../request-line/runtime.ts';
import { createUpstreams, type ServiceEvents } from '../upstream/create-upstreams.ts';
import { mayBeRevoked, type SourcesSince } from './revoked-streams.ts';
import { createSignInInUse, openSessions, type SignInInUse, signsInAlike, storesAlike } from './sign-in-in-use.ts';

export interface Runtime extends CheckRuntime {
  readonly config: Config;
  readonly resolver: IdentityResolver;
  readonly takeEvent: TakeEvent;
  readonly sourcesSince: SourcesSince;
  /** Null: no identities are signed. */
  readonly signing: AssertionInUse | null;
  /** Null: there is no sign-in with a browser. */
  readonly signIn: SignInInUse | null;
}

/** Where the Auth API is, embedded or not, and the secret that is shared with it. */
export type AuthApiAccess = Pick<RemoteAuthApiConfig, 'urls' | 'gatewaySecret'>;

export interface RuntimeOptions {
  readonly authApi: AuthApiAccess;
  /** The other processes of this gateway; unset: there are none. */
  readonly siblings?: Siblings;
  readonly identityEvents: IdentityEvents;
  readonly upstreamEvents: ServiceEvents;
  readonly keyEvents: KeyEvents;
  readonly evictions: Evictions;
}

/** Takes over the resolver of `previous`, with what it has cached, if nothing that concerns it has changed. */
export function createRuntime(config: Config, options: RuntimeOptions, previous: Runtime | null): Runtime {
  const signIn = signInOf(config, options, previous);
  const kept = previous !== null && asksAlike(previous.config, config) ? previous.resolver : null;
  const resolver =
    kept ??
    createIdentityResolver({
      sources: sourcesOf(config, options.authApi),
      cache: signIn === null ? config.cache : { ...config.cache, secret: signIn.secret },
      sessions: signIn?.sessions ?? null,
      failedAuthentications: config.failedAuthentications,
      connectRedis,
      ...(options.siblings === undefined ? {} : { siblings: options.siblings }),
      events: options.identityEvents,
      now: Date.now,
    });
  if (previous !== null && kept === null) resolver.revocations.takeOver(previous.resolver.revocations);
  const { routes, roleMapping, via } = config;
  const credentials = signIn === null ? config.credentials : { ...config.credentials, session: signIn.cookies };
  const policy: Policy = { routes, credentials, roleMapping, via };
  const signing = signingOf(config, options.keyEvents, previous);
  const sourcesSince = sinceOf(config, previous);
  const takeEvent = createTakeEvent(() => resolver.eventReceiver);
  signIn?.endBy(resolver.revocations);
  return {
    config,
    policy,
    resolver,
    signing,
    signIn,
    ownPages: signIn?.pages ?? null,
    takeEvent,
    sourcesSince,
    assertion: signing?.assertion ?? null,
    events: routes.routes.some(({ upstream }) => eventUpstreams.has(upstream)) ? takeEvent : null,
    decide,
    resolve: resolver.resolve,
    tokens: resolver.tokens,
    mayBeRevoked: mayBeRevoked(resolver, credentials, sourcesSince),
    rules: compileForwarding(config),
    managed: managedNames(config),
    upstreams: createUpstreams(withAuthApi(config, options.authApi), options.upstreamEvents),
    annotate: config.errors.annotate,
    evictions: options.evictions,
  };
}

/** Releases what `next` has not taken over. Its remaining requests finish. */
export async function closeRuntime(runtime: Runtime, next: Runtime | null): Promise<void> {
  await runtime.upstreams.close();
  if (next?.assertion?.keys !== runtime.assertion?.keys) runtime.assertion?.keys.close();
  if (next?.resolver !== runtime.resolver) await runtime.resolver.close();
  if (next?.signIn !== runtime.signIn) await runtime.signIn?.close();
  if (next?.signIn?.open !== runtime.signIn?.open) await runtime.signIn?.open.close();
}

function signInOf(
  config: Config,
  { identityEvents: events, authApi }: RuntimeOptions,
  previous: Runtime | null,
): SignInInUse | null {
  if (config.signIn === null) return null;
  const before = previous?.signIn ?? null;
  if (before !== null && signsInAlike(previous!.config, config)) return before;
  const kept = before !== null && storesAlike(previous!.config, config) ? before.open : null;
  const open = kept ?? openSessions(config.signIn, config.cache, { events, now: Date.now });
  return createSignInInUse(config.signIn, config, open, Date.now, authApi);
}

function signingOf(config: Config, events: KeyEvents, previous: Runtime | null): AssertionInUse | null {
  const { identityAssertion: assertion, cache } = config;
  if (assertion === null) return null;
  return createAssertion({ assertion, cache, connectRedis, events, now: Date.now }, previous?.signing ?? null);
}

/** The sources of a configuration; null: the address of an embedded Auth API is irrelevant. */
export function sourcesOf({ authApi, sources, sourceRule: rule }: Config, access: AuthApiAccess | null): SourcesConfig {
  if (authApi === null) return { list: sources, rule };
  const { kind, ...contract } = authApi;
  const { urls, gatewaySecret } = access ?? { urls: [], gatewaySecret: null };
  const short = {
    ...contract,
    kind: 'authApi',
    name: 'authApi',
    short: true,
    urls,
    gatewaySecret,
    embedded: kind === 'embedded',
  } as const;
  return { list: [short, ...sources], rule };
}

function sinceOf(config: Config, previous: Runtime | null): SourcesSince {
  const sources = (of: Config) => sourcesOf(of, null).list.map((one) => [one.name, usersOf(one)] as const);
  const nowMs = previous === null ? Number.NEGATIVE_INFINITY : Date.now();
  const before = new Map(previous === null ? [] : sources(previous.config));
  return new Map(
    sources(config).map(([name, as]) => {
      const since = before.get(name) === as ? previous?.sourcesSince.get(name) : undefined;
      return [name, since ?? nowMs];
    }),
  );
}

/** What decides which users a source names; equal for the same users. */
function usersOf(one: SourcesConfig['list'][number]): string {
  return JSON.stringify([one.kind, one.users, 'issuer' in one ? one.issuer : null, 'urls' in one ? one.urls : []]);
}

/** Whether both configurations call the same sources in the same way and cache their verdicts alike. */
function asksAlike(a: Config, b: Config): boolean {
  return JSON.stringify(resolutionSettings(a)) === JSON.stringify(resolutionSettings(b));
}

const resolutionSettings = ({ authApi, sources, sourceRule, signIn, cache, failedAuthentications: bounds }: Config) => [
  ...[authApi, sources, sourceRule, signIn, cache, bounds],
];

/** The embedded Auth API is an upstream like others; its address is known once it listens. */
function withAuthApi(config: Config, { urls, gatewaySecret }: AuthApiAccess): ReadonlyMap<string, UpstreamConfig> {
  const used = config.routes.routes.some(({ upstream }) => upstream === 'auth-api');
  if (!used || config.upstreams.has('auth-api')) return config.upstreams;
  return new Map([...config.upstreams, ['auth-api', authApiUpstream(urls, null, gatewaySecret)]]);
}
