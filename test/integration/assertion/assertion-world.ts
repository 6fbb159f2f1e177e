/**
 * A gateway that signs identities for a service of the test, and everything the service needs to verify them on its
 * own.
 */
import { createPublicKey, verify, type webcrypto } from 'node:crypto';
import { type FakeAuthApi, startFakeAuthApi } from '../../support/fake-auth-api.ts';
import { type RecordingUpstream, startRecordingUpstream } from '../../support/recording-upstream.ts';
import { type RunningGateway, startGateway } from '../../support/running-gateway.ts';

export const issuer = 'https://gate.example.test';

export interface AssertionWorld {
  readonly gateway: RunningGateway;
  readonly authApi: FakeAuthApi;
  readonly service: RecordingUpstream;
  /** The configuration, with other keys under `identityAssertion`. */
  config(section: string): string;
  /** A bearer that the Auth API accepts. */
  readonly bearer: string;
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Response>;
  /** The last assertion that the service received; undefined: none. */
  assertion(): string | undefined;
  close(): Promise<void>;
}

/** `section`: keys under `identityAssertion` besides the issuer, in flow style. */
export async function startAssertionWorld(
  section = '{}',
  options: { readonly cache?: string; readonly readSecret?: (path: string) => string } = {},
): Promise<AssertionWorld> {
  const authApi = await startFakeAuthApi();
  const service = await startRecordingUpstream();
  const bearer = 'bearer-of-ana';
  authApi.addSession(bearer, { userId: 'ana', roles: ['user'], groups: ['acme', 'ops'], sessionId: 'session-1' });
  const config = (written: string) => `
version: 1
server: { listen: 127.0.0.1:0, admin: 127.0.0.1:0 }
log: { level: info, access: false }
authApi: { url: ${new URL(authApi.url).origin} }
${options.cache === undefined ? '' : `cache: ${options.cache}`}
identityAssertion: { issuer: ${issuer}, ${written.replace(/^\{|\}$/g, '')} }
roles: { user: {} }
upstreams:
  orders: { targets: [${service.origin}] }
routes:
  - { id: orders, match: { path: /orders }, upstream: orders, access: [user] }
  - { id: named, match: { path: /named }, upstream: orders, access: [user], identityAssertion: { audience: urn:named } }
  - { id: off, match: { path: /off }, upstream: orders, access: [user], identityAssertion: false }
  - { id: optional, match: { path: /optional }, upstream: orders, access: optional }
  - { id: open, match: { path: /open }, upstream: orders, access: public }
  - { id: keys, match: { path: /.well-known/jwks.json }, upstream: identity-keys, access: public }
`;
  const gateway = await startGateway(config(section), options.readSecret);
  return {
    gateway,
    authApi,
    service,
    config,
    bearer,
    get: (path, headers = { authorization: `Bearer ${bearer}` }) => fetch(`${gateway.origin}${path}`, { headers }),
    assertion: () => service.last().header('x-rolegate-identity')[0],
    async close() {
      await gateway.close();
      await service.close();
      await authApi.close();
    },
  };
}

export interface VerifiedJwt {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
}

/** Verifies the signature with `node:crypto` only; null: invalid. `keys`: those of a JWK Set. */
export function verifyByHand(
  token: string,
  keys: readonly (webcrypto.JsonWebKey & { readonly kid?: string })[],
): VerifiedJwt | null {
  const [head = '', payload = '', signature = ''] = token.split('.');
  const header = JSON.parse(Buffer.from(head, 'base64url').toString());
  const jwk = keys.find(({ kid }) => kid === header.kid);
  if (jwk === undefined) return null;
  const key = createPublicKey({ key: jwk, format: 'jwk' });
  const good = verify(
    header.alg === 'ES256' ? 'sha256' : null,
    Buffer.from(`${head}.${payload}`),
    { key, dsaEncoding: 'ieee-p1363' },
    Buffer.from(signature, 'base64url'),
  );
  return good ? { header, claims: JSON.parse(Buffer.from(payload, 'base64url').toString()) } : null;
}
