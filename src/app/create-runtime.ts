/**
 * Everything that one configuration brings to life: how requests are decided and where they go. Made whole, swapped in
 * one assignment, and let go once its requests are over.
 */
import { authApiUpstream } from '../config/compile-config.ts';
import type { Config, UpstreamConfig } from '../config/config.ts';
import { decide, type Policy } from '../core/decide.ts';
import { compileForwarding } from '../core/forwarding/request-headers.ts';
import type { Gateway as Deciding } from '../entrypoints/proxy/create-proxy.ts';
import type { IdentityEvents } from '../identity/events.ts';
import { createIdentityResolver, type IdentityResolver } from '../identity/resolver.ts';
import type { HealthEvents } from '../upstream/check-health.ts';
import { createUpstreams } from '../upstream/create-upstreams.ts';

export interface Runtime extends Deciding {
  readonly config: Config;
  readonly resolver: IdentityResolver;
}

export interface RuntimeOptions {
  /** Where the Auth API is, embedded or not. */
  readonly authApiUrl: string;
  readonly identityEvents: IdentityEvents;
  readonly healthEvents: HealthEvents;
}

/** Takes over the resolver of `previous`, with what it has cached, when nothing that concerns it has changed. */
export function createRuntime(config: Config, options: RuntimeOptions, previous: Runtime | null): Runtime {
  const kept = previous !== null && asksAlike(previous.config, config) ? previous.resolver : null;
  const resolver =
    kept ??
    createIdentityResolver({
      authApi: { ...config.authApi, url: options.authApiUrl },
      cache: config.cache,
      events: options.identityEvents,
      now: Date.now,
    });
  const policy: Policy = { routes: config.routes, credentials: config.credentials };
  return {
    config,
    resolver,
    decide: (view) => decide(view, policy, resolver.resolve),
    rules: compileForwarding(config.identityHeaders, config.credentials),
    upstreams: createUpstreams(withAuthApi(config, options.authApiUrl), { events: options.healthEvents }),
    annotate: config.errors.annotate,
  };
}

/** Lets go of what `next` has not taken over. Requests that are still with it finish. */
export async function closeRuntime(runtime: Runtime, next: Runtime | null): Promise<void> {
  await runtime.upstreams.close();
  if (next?.resolver !== runtime.resolver) await runtime.resolver.close();
}

/** Whether both configurations ask the same Auth API in the same way and keep its verdicts alike. */
function asksAlike(a: Config, b: Config): boolean {
  return JSON.stringify([a.authApi, a.cache]) === JSON.stringify([b.authApi, b.cache]);
}

/** The embedded Auth API is an upstream like others, at an address that is known only once it listens. */
function withAuthApi(config: Config, url: string): ReadonlyMap<string, UpstreamConfig> {
  const used = config.routes.routes.some(({ upstream }) => upstream === 'auth-api');
  if (!used || config.upstreams.has('auth-api')) return config.upstreams;
  return new Map([...config.upstreams, ['auth-api', authApiUpstream(url)]]);
}
