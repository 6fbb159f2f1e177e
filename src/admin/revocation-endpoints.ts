/** Revoking through the admin port: by operators with the token, and by services that sign what they send. */

import type { AdminRequest, Endpoint } from './endpoints.ts';
import { type AdminResponse, json } from './responses.ts';
import { type RevocationRequest, readRevocation } from './revocation-request.ts';
import { isSigned } from './webhook-signature.ts';

export interface RevocationSources {
  /** Resolves when every connected replica has applied it (`delivered`), or Redis did not take it (`undelivered`). */
  revoke(revocation: RevocationRequest, source: 'admin' | 'webhook'): Promise<'delivered' | 'undelivered'>;
  /** Secrets of webhooks, asked for each request; empty: there is no such endpoint. */
  webhookSecrets(): readonly string[];
  /** Milliseconds since the epoch. */
  now(): number;
}

/** Each waits for the other replicas, for a moment or, when one is silent, for a second. */
const mostUnderWay = 64;

export function revocationEndpoints(sources: RevocationSources): ReadonlyMap<string, Endpoint> {
  let underWay = 0;

  async function revoke(body: Buffer, source: 'admin' | 'webhook'): Promise<AdminResponse> {
    const revocation = readRevocation(body, source === 'webhook');
    if ('detail' in revocation) return { refused: 'revocation_invalid', members: { detail: revocation.detail } };
    if (underWay >= mostUnderWay) return { refused: 'overloaded' };
    underWay += 1;
    try {
      const delivery = await sources.revoke(revocation, source);
      return delivery === 'delivered' ? json({ message: 'revoked' }, 202) : { refused: 'revocation_undelivered' };
    } finally {
      underWay -= 1;
    }
  }

  function webhook({ rawHeaders, body }: AdminRequest): AdminResponse | Promise<AdminResponse> {
    const secrets = sources.webhookSecrets();
    if (secrets.length === 0) return { refused: 'route_not_found' };
    if (!isSigned(rawHeaders, body, secrets, sources.now())) return { refused: 'webhook_signature_invalid' };
    return revoke(body, 'webhook');
  }

  return new Map<string, Endpoint>([
    ['/revocations', { method: 'POST', access: 'write', respond: ({ body }) => revoke(body, 'admin') }],
    ['/webhooks/revocations', { method: 'POST', access: 'signed', respond: webhook }],
  ]);
}
