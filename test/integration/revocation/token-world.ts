/** Gateways that verify one issuer's tokens themselves, and accept its events. Everything closes with the test. */
import { createHmac, randomUUID } from 'node:crypto';
import { type JWTPayload, SignJWT } from 'jose';
import { onTestFinished } from 'vitest';
import { startRecordingUpstream } from '../../support/recording-upstream.ts';
import { useRedis } from '../../support/redis.ts';
import { type RunningGateway, startGateway, untilConnected } from '../../support/running-gateway.ts';
import { type IssuerKey, nowS, startTokenIssuer, type TokenIssuer } from '../../support/token-issuer.ts';
import { redisClient } from './parts.ts';
import { adminToken, cacheSecret, webhookKey } from './world.ts';

export const logoutEvent = 'http://schemas.openid.net/event/backchannel-logout';
export const caep = 'https://schemas.openid.net/secevent/caep/event-type/';

/** Of a token; undefined: without this claim. */
export type Claims = Readonly<Record<string, unknown>>;

export interface TokenGateway extends RunningGateway {
  status(token: string): Promise<number>;
  /** Reloads with another name of the source. */
  rename(name: string): void;
  metricsText(): Promise<string>;
  /** `POST /revocations` with the operators' token. */
  revoke(body: object): Promise<number>;
  /** `POST /webhooks/revocations`, signed with that second as its time. */
  webhook(body: object, id: string, atS: number): Promise<number>;
  logout(token: string): Promise<Response>;
  securityEvent(token: string): Promise<Response>;
}

export interface TokenWorld {
  readonly issuer: TokenIssuer;
  /** A valid logout token except for these parts; undefined claims are omitted. */
  logoutToken(claims?: Claims, header?: object, key?: IssuerKey): Promise<string>;
  /** A valid security event token except for these parts. */
  eventToken(claims?: Claims, header?: object, key?: IssuerKey): Promise<string>;
  /** `redis`: of the cache section. `accepted`: how long verdicts live. `more`: keys of the source. `name`: of the source. */
  gateway(options?: {
    readonly redis?: { url: string; keyPrefix: string } | null;
    readonly accepted?: string;
    readonly whileDisconnected?: string;
    readonly ends?: string;
    readonly secret?: string;
    readonly more?: string;
    readonly name?: string;
  }): Promise<TokenGateway>;
}

/** A log that starts before the test's tokens were issued, like that of a Redis that has run for a while. */
export async function redisWithLog() {
  const redis = await useRedis();
  const id = `${Date.now() - 3_600_000 * 48}-0`;
  await redisClient(redis.url).xadd(`${redis.keyPrefix}{revocations}:log`, id, 'begin', '1');
  return redis;
}

export async function startTokenWorld(): Promise<TokenWorld> {
  const [issuer, upstream] = await Promise.all([startTokenIssuer(), startRecordingUpstream()]);
  onTestFinished(async () => {
    await Promise.all([issuer.close(), upstream.close()]);
  });
  const sign = (claims: Claims, header: object, key: IssuerKey) =>
    new SignJWT(JSON.parse(JSON.stringify(claims)) as JWTPayload)
      .setProtectedHeader({ alg: key.algorithm, kid: key.kid, ...header })
      .sign(key.privateKey);
  const base = () => ({ iss: issuer.issuer, iat: nowS(), jti: randomUUID() });
  return {
    issuer,
    logoutToken: (claims = {}, header = {}, key = issuer.key) =>
      sign(
        { ...base(), aud: 'web', exp: nowS() + 120, sid: 'session-1', events: { [logoutEvent]: {} }, ...claims },
        { typ: 'logout+jwt', ...header },
        key,
      ),
    eventToken: (claims = {}, header = {}, key = issuer.key) =>
      sign(
        {
          ...{ ...base(), aud: 'receiver', sub_id: { format: 'opaque', id: 'session-1' } },
          events: { [`${caep}session-revoked`]: { event_timestamp: nowS() } },
          ...claims,
        },
        { typ: 'secevent+jwt', ...header },
        key,
      ),
    async gateway({
      redis = null,
      accepted = '1h',
      whileDisconnected = '10s',
      ends = 'session',
      secret = cacheSecret,
      more = '',
      name = 'issuer',
    } = {}) {
      const shared =
        redis === null ? '' : `redis: { url: "${redis.url}", keyPrefix: "${redis.keyPrefix}", timeout: 1s },`;
      const textOf = (name: string) => `version: 1
server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0", adminToken: "${adminToken}" }
log: { level: trace }
sources:
  ${name}:
    kind: jwt
    issuer: "${issuer.issuer}"
    audience: [orders]
    logout: { audience: [web], ends: ${ends} }
    securityEvents: { audience: [receiver] }
    ${more}
cache: { secret: "${secret}", ${shared} accepted: ${accepted}, rejected: 1s, refreshAhead: false, whileDisconnected: ${whileDisconnected} }
revocations: { webhookSecret: "whsec_${webhookKey}" }
roles: { user: {} }
upstreams: { service: { targets: ["${upstream.origin}"] } }
routes:
  - { id: own, match: { path: "/own" }, upstream: service, access: [user] }
  - { id: logout, match: { path: "/logout" }, upstream: backchannel-logout, access: public }
  - { id: events, match: { path: "/events" }, upstream: security-events, access: public }
`;
      const gateway = await startGateway(textOf(name));
      onTestFinished(gateway.close);
      const authorization = `Bearer ${adminToken}`;
      const post = (path: string, type: string, body: string, more: object = {}) =>
        fetch(`${gateway.admin}${path}`, { method: 'POST', headers: { 'content-type': type, ...more }, body });
      const metricsText = async () => (await fetch(`${gateway.admin}/metrics`, { headers: { authorization } })).text();
      if (redis !== null) await untilConnected(metricsText);
      return Object.assign(gateway, {
        rename: (next: string) => gateway.apply(textOf(next)),
        status: async (token: string) => {
          const response = await fetch(`${gateway.origin}/own`, { headers: { authorization: `Bearer ${token}` } });
          await response.arrayBuffer();
          return response.status;
        },
        metricsText,
        revoke: async (body: object) => {
          const response = await post('/revocations', 'application/json', JSON.stringify(body), { authorization });
          await response.arrayBuffer();
          return response.status;
        },
        webhook: async (body: object, id: string, atS: number) => {
          const text = JSON.stringify(body);
          const hmac = createHmac('sha256', Buffer.from(webhookKey, 'base64')).update(`${id}.${atS}.${text}`);
          const signature = `v1,${hmac.digest('base64')}`;
          const headers = { 'webhook-id': id, 'webhook-timestamp': String(atS), 'webhook-signature': signature };
          const response = await post('/webhooks/revocations', 'application/json', text, headers);
          await response.arrayBuffer();
          return response.status;
        },
        logout: (token: string) =>
          post('/backchannel-logout', 'application/x-www-form-urlencoded', `logout_token=${token}`),
        securityEvent: (token: string) => post('/security-events', 'application/secevent+jwt', token),
      });
    },
  };
}
