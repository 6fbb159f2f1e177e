/** The requests to send: derived from the configuration, each with its decision by `decide`. */
import { randomBytes } from 'node:crypto';
import { managedNames } from '../../authorizer/managed-headers.ts';
import type { Config } from '../../config/config.ts';
import { decide } from '../../core/decide.ts';
import type { Decision } from '../../core/decision.ts';
import type { Identity, Resolution } from '../../core/identity/identity.ts';
import type { Route } from '../../core/routing/route.ts';
import { overrides } from '../../core/syntax/header-names.ts';
import { sampleCredential } from '../../policy-model/samples/sample-credential.ts';
import { hostileTargets } from '../../policy-tools/hostile-targets.ts';
import { policyOf } from '../../policy-tools/run-cases.ts';
import { headerCase } from '../proxy-config/proxy-settings.ts';
import { effectsOf } from './effects-of-rules.ts';
import type { Group, Probe } from './probe.ts';
import {
  addressNames,
  identityOfProxies,
  methodNames,
  newMarker,
  ofTrustedProxies,
  pathNames,
  secretsIn,
  spellingsOf,
} from './probed-headers.ts';
import { changing, type Place, placesOf, safe } from './probed-places.ts';

export interface Plan {
  readonly config: Config;
  /** Of the URL, for routes of every host. */
  readonly host: string;
  /** Valid credentials and their owners, by name; the groups that need only one take the first. */
  readonly owners: ReadonlyMap<string, Owner>;
  /** State-changing methods are also sent, if the rules refuse them. */
  readonly unsafe: boolean;
  /** Address of this machine as Rolegate sees it; null: not known. */
  readonly client: string | null;
}

export interface Owner {
  /** Header lines of the credential, names and values in turn. */
  readonly headers: readonly string[];
  readonly identity: Identity;
}

/** Maximum number of refused targets for hostile paths. */
const maxHostile = 3;

type Caller = 'anonymous' | 'unknown' | Owner;

/** Makes probes from requests. */
export class Planner {
  readonly #plan: Plan;
  /** The first of the valid credentials. */
  readonly good: Owner | null;
  readonly places: readonly Place[];
  /** Requests whose decision depends on an address or a sign-in that is not known. */
  skipped = 0;

  constructor(plan: Plan) {
    this.#plan = plan;
    this.good = plan.owners.values().next().value ?? null;
    this.places = placesOf(plan);
  }

  /** Of the rules themselves: each route by callers without, with an unknown and with a valid credential. */
  rules(): readonly Probe[] {
    return this.places.flatMap((place) =>
      this.#callers(place.route).map(([caller, headers]) => this.#probe('rules', place, caller, headers)),
    );
  }

  /** Also with each credential: a rule for one more method opens it to those who have a role. */
  methods(): readonly Probe[] {
    const byTarget = new Map(this.places.map((place) => [`${place.host} ${place.target}`, place]));
    const methods = [...safe, ...(this.#plan.unsafe ? changing : [])];
    const callers = ['anonymous' as const, ...this.#plan.owners.values()];
    return [...byTarget.values()].flatMap((place) =>
      methods
        .filter((method) => method !== place.method)
        .flatMap((method) =>
          callers.map((caller) => this.#probe('methods', { ...place, method }, caller, this.#headersOf(caller))),
        )
        .filter(isHarmless),
    );
  }

  effects(): { readonly probes: readonly Probe[]; readonly unchecked: readonly string[] } {
    const { requests, unchecked } = effectsOf(this.#plan);
    const probes = requests.map(({ owner, headers, ...request }) => {
      const caller = owner ?? 'anonymous';
      return this.#probe('effects', request, caller, [...headers, ...this.#headersOf(caller)]);
    });
    return { probes: probes.filter(isHarmless), unchecked };
  }

  paths(): readonly Probe[] {
    const open = this.#open()?.target.replace(/\/+$/, '') ?? '';
    return this.#closed().flatMap((place) =>
      hostileTargets(place.target, open).map((target) =>
        this.#probe('paths', { ...place, target, method: 'GET' }, 'anonymous', []),
      ),
    );
  }

  overrides(): readonly Probe[] {
    const open = this.#open()?.target ?? '/';
    return this.#closed().flatMap((place) =>
      [
        ...[...pathNames, ...overrides.filter((name) => /ur[li]$/.test(name))].map((name) => [name, open] as const),
        ...methodNames.map((name) => [name, 'OPTIONS'] as const),
        ...addressNames.map(
          (name) => [name, name === 'forwarded' ? 'for=127.0.0.1;host=localhost' : '127.0.0.1'] as const,
        ),
      ].map(([name, value]) =>
        this.#probe('overrides', { ...place, method: 'GET' }, 'anonymous', [headerCase(name), value]),
      ),
    );
  }

  credentials(): readonly Probe[] {
    const { credentials } = this.#plan.config;
    const kinds = [sampleCredential('bearer', credentials), sampleCredential('keyPair', credentials)];
    const [bearer = [], pair = []] = kinds;
    const good = this.good?.headers ?? [];
    const mixes = [
      [...bearer, ...bearer],
      [...bearer, ...pair],
      pair.slice(0, 2),
      ...(good.length === 0
        ? []
        : [
            [...good, ...good],
            [...good, ...bearer],
          ]),
    ].filter(({ length }) => length > 0);
    return this.#closed().flatMap((place) =>
      mixes.map((headers) => this.#probe('credentials', { ...place, method: 'GET' }, this.good ?? 'unknown', headers)),
    );
  }

  /** Finds where the service returns what it receives. */
  echoes(): readonly Probe[] {
    return this.#echoPlaces().map(([place, caller]) => {
      const marker = newMarker();
      return this.#probe('identity', place, caller, [...this.#headersOf(caller), 'X-Prove', marker], marker);
    });
  }

  /** For a probe of `echoes` that the service has returned. */
  forged(echo: Probe): readonly Probe[] {
    const names = managedNames(this.#plan.config)
      .filter(({ kind, name }) => kind === 'identity' && name !== 'x-request-id')
      .flatMap(({ name }) => spellingsOf(name));
    const headers = echo.headers.slice(0, -2);
    return [...names, ...overrides.map(headerCase), ...this.#ofProxies().map(headerCase)].map((name) => {
      const marker = newMarker();
      return { ...echo, headers: [...headers, name, marker], marker };
    });
  }

  /** A service that switches protocols shows that nothing in front removed the upgrade, although it was decided as an ordinary request. */
  upgrades(): readonly Probe[] {
    const places = [this.#open() ?? [], ...this.#closed()].flat().filter(({ route }) => !route.websocket);
    return places.flatMap((place) =>
      this.#callers(place.route).flatMap(([caller, credential]) =>
        ['websocket', 'h2c'].map((protocol) => {
          const headers = [...credential, 'Connection', 'Upgrade', 'Upgrade', protocol];
          return this.#probe('upgrades', { ...place, method: 'GET' }, caller, headers);
        }),
      ),
    );
  }

  /** Headers of the client that only a proxy in front may set; one that is trusted may be this machine. */
  #ofProxies(): readonly string[] {
    return [...identityOfProxies, ...(this.#plan.config.server.trustedRanges.length > 0 ? [] : ofTrustedProxies)];
  }

  leaks(echo: Probe): readonly Probe[] {
    const route = echo.decision?.route;
    return echo.secrets.length === 0 || route == null || route.forwardCredentials
      ? []
      : echo.secrets.map((secret) => ({ ...echo, group: 'leaks', marker: secret, headers: echo.headers.slice(0, -2) }));
  }

  outage(): readonly Probe[] {
    const { credentials } = this.#plan.config;
    return this.#closed(10).flatMap((place) => {
      const [name, value] = sampleCredential('bearer', credentials);
      if (name === undefined || value === undefined || !place.route.credentials.includes('bearer')) return [];
      // Unknown to every cache, if the shape of bearers permits it.
      const fresh = (credentials.bearer?.shapes.length ?? 0) > 0 ? value : `${value}-${randomBytes(8).toString('hex')}`;
      return [this.#probe('outage', { ...place, method: 'GET' }, 'unknown', [name, fresh])];
    });
  }

  #callers(route: Route): readonly (readonly [Caller, readonly string[]])[] {
    const { config } = this.#plan;
    const unknown = route.credentials
      .map((kind) => sampleCredential(kind, config.credentials))
      .find(({ length }) => length > 0);
    return [
      ['anonymous', []],
      ...(unknown === undefined ? [] : [['unknown', unknown] as const]),
      ...(this.good === null ? [] : [[this.good, this.good.headers] as const]),
    ];
  }

  /** Places that require a credential. */
  #closed(most = maxHostile): readonly Place[] {
    return this.places
      .filter((place) => place.method === 'GET' && !place.target.includes('?') && place.target !== '/')
      .filter((place) => {
        const { decision } = this.#probe('rules', place, 'anonymous', []);
        return decision?.outcome === 'refuse' && decision.stage !== 'match';
      })
      .slice(0, most);
  }

  #open(): Place | undefined {
    return this.places.find(
      (place) => place.method === 'GET' && this.#probe('rules', place, 'anonymous', []).decision?.outcome === 'allow',
    );
  }

  /** Places where the service may return what it receives: open ones, and with a good credential closed ones. */
  #echoPlaces(): readonly (readonly [Place, Caller])[] {
    const callers: readonly Caller[] = this.good === null ? ['anonymous'] : ['anonymous', this.good];
    return callers.flatMap((caller) =>
      this.places
        .filter(({ method }) => method === 'GET')
        .filter((place) => {
          const { decision } = this.#probe('rules', place, caller, this.#headersOf(caller));
          return decision?.outcome === 'allow' && (caller === 'anonymous' || decision.identity !== null);
        })
        .slice(0, 5)
        .map((place) => [place, caller] as const),
    );
  }

  #headersOf(caller: Caller): readonly string[] {
    return typeof caller === 'string' ? [] : caller.headers;
  }

  #probe(
    group: Group,
    place: Omit<Place, 'route'>,
    caller: Caller,
    headers: readonly string[],
    marker: string | null = null,
  ): Probe {
    const { method, target, host } = place;
    const secrets = secretsIn(this.#headersOf(caller));
    const decision = this.#decide(group, { method, target, host, headers }, caller);
    return { group, method, target, host, headers, secrets, decision, marker };
  }

  /** Null: the decision depends on the address of this machine, or on a sign-in, which is not known. */
  #decide(
    group: Group,
    request: Pick<Probe, 'method' | 'target' | 'host' | 'headers'>,
    caller: Caller,
  ): Decision | null {
    const { config, client } = this.#plan;
    const view = {
      method: request.method,
      target: request.target,
      rawHeaders: ['Host', request.host, ...request.headers],
      httpVersion: '1.1' as const,
      address: client,
      now: Date.now,
    };
    const decision = decide(view, policyOf(config), () =>
      resolutionOf(group, typeof caller === 'string' ? null : caller.identity),
    );
    if (decision instanceof Promise) throw new Error('the decision is made at once');
    const { reason, route } = decision;
    const byAddress = client === null && reason === 'condition_failed' && readsAddress(route);
    // Nor is it known when the user signed in.
    if (!byAddress && reason !== 'sign_in_too_old' && reason !== 'sign_in_too_weak') return decision;
    this.skipped += 1;
    return null;
  }
}

/** A request that changes something is sent only if the rules refuse it. */
function isHarmless({ method, decision }: Probe): boolean {
  return safe.includes(method) || decision?.outcome === 'refuse';
}

function resolutionOf(group: Group, identity: Identity | null): Resolution {
  if (group === 'outage') return { identity: null, reason: 'auth_unavailable', retryAfterS: null, source: 'auth-api' };
  if (identity !== null) return { identity, reason: null, stale: false, source: 'auth-api' };
  return { identity: null, reason: 'credential_rejected', retryAfterS: null, source: 'auth-api' };
}

function readsAddress(route: Route | null): boolean {
  return (route?.conditions ?? []).some(({ steps }) => steps.some(({ kind }) => kind === 'address'));
}
