/** How the gateway authenticates as a client of an authorization server: by Basic, in the form, or by a signed assertion. */
import { createPrivateKey, type KeyObject, randomUUID } from 'node:crypto';
import type { ClientConfig } from '../../../config/source-config.ts';

export interface ClientAuthentication {
  /** Alternating names and values. */
  readonly headers: readonly string[];
  readonly parameters: readonly (readonly [name: string, value: string])[];
}

/** How long an assertion may be used; each request has its own. */
const assertionLifeS = 60;

/** Authenticates one request to this endpoint. */
export type Authenticate = (endpoint: URL) => Promise<ClientAuthentication>;

export function createAuthenticate(client: ClientConfig): Authenticate {
  switch (client.auth) {
    case 'basic': {
      // RFC 6749 section 2.3.1: both are form-encoded before they are joined by a colon.
      const pair = `${formEncoded(client.id)}:${formEncoded(client.secret)}`;
      const headers = ['authorization', `Basic ${Buffer.from(pair).toString('base64')}`];
      return async () => ({ headers, parameters: [] });
    }
    case 'post': {
      const parameters = [
        ['client_id', client.id],
        ['client_secret', client.secret],
      ] as const;
      return async () => ({ headers: [], parameters });
    }
    case 'privateKeyJwt': {
      // Only once: parsing the key takes as long as signing.
      const key = createPrivateKey(client.key);
      return async (endpoint) => ({
        headers: [],
        parameters: [
          ['client_id', client.id],
          ['client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'],
          ['client_assertion', await assertion(client, key, endpoint)],
        ],
      });
    }
  }
}

type AssertingClient = Extract<ClientConfig, { auth: 'privateKeyJwt' }>;

/** RFC 7523 section 2.2. */
async function assertion(client: AssertingClient, key: KeyObject, endpoint: URL): Promise<string> {
  const { SignJWT } = await import('jose');
  const nowS = Math.floor(Date.now() / 1000);
  return new SignJWT()
    .setProtectedHeader({ alg: client.algorithm, ...(client.keyId === null ? {} : { kid: client.keyId }) })
    .setIssuer(client.id)
    .setSubject(client.id)
    .setAudience(client.audience ?? endpoint.href)
    .setJti(randomUUID())
    .setIssuedAt(nowS)
    .setExpirationTime(nowS + assertionLifeS)
    .sign(key);
}

/** Encodes for `application/x-www-form-urlencoded`: a space is "+", and only letters, digits and "*-._" are unchanged. */
export function formEncoded(text: string): string {
  return new URLSearchParams({ '': text }).toString().slice(1);
}
