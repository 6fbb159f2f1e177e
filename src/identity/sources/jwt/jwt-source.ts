/**
 * A source of tokens that the gateway verifies itself, by the keys of their issuer. With `introspect`, a verified token is also
 * introspected, and both must accept it.
 */
import type { JwtSourceConfig } from '../../../config/source-config.ts';
import type { Identity, SourceFailure } from '../../../core/identity/identity.ts';
import { readIdentity } from '../../../core/identity/read-fields.ts';
import type { Clocks } from '../../clock.ts';
import { bindingOf, isIdToken, isOfSignIn, otherTokenRejected } from '../claims.ts';
import { invalid, rejected, type Unidentified, unavailable } from '../remote/judgment.ts';
import { createProbe, type SourceEvents } from '../remote/remote-source.ts';
import { type Source, type SourceResult, tokenOf } from '../source.ts';
import { createKeyFetcher } from './fetch-keys.ts';
import { fetchedKeys, fixedKeys, type IssuerKeys } from './issuer-keys.ts';
import { verifyToken } from './verify-token.ts';

export interface JwtSourceOptions extends Clocks {
  readonly name: string;
  readonly config: JwtSourceConfig;
  /** The source of `introspection`; null with `introspect: never`. */
  readonly introspection: Source | null;
  readonly events: SourceEvents;
}

export interface JwtSource extends Source {
  /** Keys of the issuer. */
  readonly keys: IssuerKeys;
}

export function createJwtSource({ name, config, introspection, events, now, steady }: JwtSourceOptions): JwtSource {
  const keys =
    config.keys.from === 'files'
      ? fixedKeys(config.keys.keys)
      : fetchedKeys(createKeyFetcher(name, config, events.traceCall), { now, steady });
  const rules = { ...config, endRequired: true };

  /** `keepableMs`: for a rejection; the configuration determines how long an identity is kept. */
  async function verify(token: string, kind: Identity['kind'], nowMs: number): Promise<Identity | Refused> {
    const verified = await verifyToken(token, rules, keys, nowMs);
    if ('failure' in verified) {
      const { failure } = verified;
      return { refused: unavailable('auth_unavailable', failure), failure, keepableMs: Infinity, outage: true };
    }
    if ('rejection' in verified) {
      return { refused: rejected(verified.rejection), failure: null, keepableMs: verified.forMs, outage: false };
    }
    const { claims } = verified;
    const binding = bindingOf(claims);
    const isId = config.idTokens === 'refuse' && (isIdToken(claims) || isOfSignIn(claims));
    const other = isId ? 'type' : otherTokenRejected(claims);
    if (other !== null || binding === 'bound') {
      return { refused: rejected(other ?? 'bound'), failure: null, keepableMs: Infinity, outage: false };
    }
    const { fields, issuer, users } = config;
    const settings = `sources.${name}`;
    const result = readIdentity(claims, {
      source: name,
      users,
      settings,
      fields,
      kind,
      fractions: true,
      events,
    });
    if ('identity' in result) return Object.freeze({ ...result.identity, ...binding });
    const failure = { source: name, url: issuer, ...result.failure };
    return { refused: invalid(failure), failure, keepableMs: Infinity, outage: false };
  }

  const check: Source['check'] = async (credential, client, known) => {
    const askedAtMs = now();
    const result = await verify(tokenOf(credential), credential.kind, askedAtMs);
    if ('refused' in result) {
      const { refused, failure, keepableMs, outage } = result;
      return { ...refused, failure, askedAtMs, keepableMs, outage };
    }
    const keepableMs = config.introspect === 'always' ? 0 : Infinity;
    if (introspection === null) return { identity: result, failure: null, askedAtMs, keepableMs, outage: false };
    const introspected = await introspection.check(credential, client, known);
    if (introspected.identity === null)
      return { ...introspected, keepableMs: Math.min(keepableMs, introspected.keepableMs) };
    const bound = [result.boundTo, introspected.identity.boundTo].filter((one) => one !== undefined);
    const [boundTo, other = boundTo] = bound;
    if (boundTo !== other) return { ...rejected('bound'), failure: null, askedAtMs, keepableMs, outage: false };
    const expireAtMs = Math.min(result.expireAtMs, introspected.identity.expireAtMs);
    return {
      ...introspected,
      identity: Object.freeze({ ...result, ...(boundTo === undefined ? {} : { boundTo }), expireAtMs }),
      keepableMs: Math.min(keepableMs, introspected.keepableMs),
    };
  };

  return {
    name,
    kind: 'jwt',
    keys,
    unaware: introspection === null && config.whileDisconnected === 'refuse',
    async check(credential, client, known) {
      const startedAtMs = performance.now();
      const result: SourceResult = await check(credential, client, known);
      const outcome = result.identity === null ? result.reason : 'accepted';
      const seconds = (performance.now() - startedAtMs) / 1000;
      events.sourceCall(name, credential.kind, outcome, result.failure?.kind ?? null, seconds);
      return result;
    },
    status: createProbe(async () => {
      const { reachable, failure } = await keys.status();
      return { reachable, failures: failure === null ? [] : [failure] };
    }, steady),
    close: () => keys.close(),
  };
}

interface Refused {
  readonly refused: Unidentified;
  readonly failure: SourceFailure | null;
  readonly keepableMs: number;
  readonly outage: boolean;
}
