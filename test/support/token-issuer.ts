/**
 * An issuer of JWTs for tests: its own keys, published over HTTP, and tokens that are valid, or invalid in one respect.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';

export interface IssuerKey {
  readonly kid: string;
  readonly algorithm: string;
  readonly publicJwk: JWK;
  readonly privateKey: CryptoKey;
}

export interface TokenIssuer {
  /** The issuer in its tokens; also where its metadata is. */
  readonly issuer: string;
  /** Paths that were requested, in order. */
  readonly requested: readonly string[];
  /** Published. */
  keys: JWK[];
  /** Replaces the default response; null: the default. */
  respond: ((request: IncomingMessage, response: ServerResponse) => void) | null;
  /** Signed with the first key, and valid except for these parts. */
  token(claims?: JWTPayload, header?: Readonly<Record<string, unknown>>, key?: IssuerKey): Promise<string>;
  readonly key: IssuerKey;
  close(): Promise<void>;
}

export async function makeKey(kid: string, algorithm = 'ES256'): Promise<IssuerKey> {
  const { publicKey, privateKey } = await generateKeyPair(algorithm, { extractable: true });
  return {
    kid,
    algorithm,
    publicJwk: { ...(await exportJWK(publicKey)), kid, alg: algorithm, use: 'sig' },
    privateKey,
  };
}

export const nowS = () => Math.floor(Date.now() / 1000);

/** Claims of a valid token. */
export function goodClaims(issuer: string): JWTPayload {
  return {
    iss: issuer,
    aud: 'orders',
    sub: 'ann',
    roles: ['user'],
    sid: 'session-1',
    jti: 'token-1',
    iat: nowS(),
    exp: nowS() + 300,
  };
}

export async function startTokenIssuer(algorithm = 'ES256'): Promise<TokenIssuer> {
  const key = await makeKey('first', algorithm);
  const requested: string[] = [];
  const server = createServer((request, response) => {
    requested.push(request.url ?? '');
    if (made.respond !== null) {
      made.respond(request, response);
      return;
    }
    const json = (body: object) => response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
    if (request.url === '/.well-known/openid-configuration') json({ issuer, jwks_uri: `${issuer}/jwks` });
    else if (request.url === '/jwks') json({ keys: made.keys });
    else response.writeHead(404).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const made: TokenIssuer = {
    issuer,
    requested,
    keys: [key.publicJwk],
    respond: null,
    key,
    token: (claims = {}, header = {}, signer = key) =>
      new SignJWT({ ...goodClaims(issuer), ...claims })
        .setProtectedHeader({ alg: signer.algorithm, kid: signer.kid, typ: 'at+jwt', ...header })
        .sign(signer.privateKey),
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
  return made;
}
