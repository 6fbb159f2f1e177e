/** Revoking through the admin port: by operators with a token, and by services that sign their messages. */
import { hash } from 'node:crypto';
import type { Replays } from '../identity/security-events/replays.ts';
import type { AdminRequest, Endpoint } from './endpoints.ts';
import { type AdminResponse, json } from './responses.ts';
import { type RevocationRequest, readRevocation } from './revocation-request.ts';
import { readSigned, type SignedWebhook } from './webhook-signature.ts';

export interface RevocationSources {
  /**
   * `by`: name of the operator's token, for the log; null: a webhook. Resolves when every connected replica has applied it (`delivered`), or
   * Redis did not accept it (`undelivered`).
   */
  revoke(
    revocation: RevocationRequest,
    source: 'admin' | 'webhook',
    by: string | null,
  ): Promise<'delivered' | 'undelivered'>;
  /** Names of the sources with the users of this one, itself included; empty: there is no such source. */
  sourcesAlike(source: string): readonly string[];
  /** Webhooks that have taken effect. */
  readonly replays: Pick<Replays, 'seen' | 'keep'>;
  /** Secrets of webhooks, read for each request; empty: there is no such endpoint. */
  webhookSecrets(): readonly string[];
  /** Milliseconds since the epoch. */
  now(): number;
}

/** Each waits for the other replicas: briefly, or for a second if one does not respond. */
const maxUnderWay = 64;
/** How far the clock of an issuer may be ahead of this one, and that of a sender behind the issuer's. */
const issuerAheadMs = 5_000;
const senderBehindMs = 30_000;
/** Senders repeat a message for hours if the response was lost. */
const rememberedMs = 86_400_000;

export function revocationEndpoints(sources: RevocationSources): ReadonlyMap<string, Endpoint> {
  let underWay = 0;

  async function revoke({ body, by }: AdminRequest, signed: SignedWebhook | null): Promise<AdminResponse> {
    const source = signed === null ? 'admin' : 'webhook';
    const read = readRevocation(body, signed !== null);
    if ('detail' in read) return { refused: 'revocation_invalid', members: { detail: read.detail } };
    const named = byEachSource(read, sources);
    if (named.length === 0) return { refused: 'revocation_invalid', members: { detail: noSource } };
    const revocations = named.map((one) => (signed === null ? one : upToSent(one, signed, sources.now())));
    // Without its time, because each attempt has its own; with its body, because a sender may give every message the same id.
    const name = signed === null ? null : `webhook\n${signed.id}\n${hash('sha256', body, 'base64url')}`;
    if (name !== null && (await sources.replays.seen(name))) return json({ message: 'revoked' }, 202);
    if (underWay >= maxUnderWay) return { refused: 'overloaded' };
    underWay += 1;
    try {
      const deliveries = await Promise.all(
        revocations.map((one) => sources.revoke(one, source, signed === null ? by : null)),
      );
      if (deliveries.includes('undelivered')) return { refused: 'revocation_undelivered' };
      if (name !== null) await sources.replays.keep(name, rememberedMs);
      return json({ message: 'revoked' }, 202);
    } finally {
      underWay -= 1;
    }
  }

  function webhook(request: AdminRequest): AdminResponse | Promise<AdminResponse> {
    const secrets = sources.webhookSecrets();
    if (secrets.length === 0) return { refused: 'route_not_found' };
    const { rawHeaders, body } = request;
    const signed = readSigned(rawHeaders, body, secrets, sources.now());
    return signed === null ? { refused: 'webhook_signature_invalid' } : revoke(request, signed);
  }

  return new Map<string, Endpoint>([
    ['/revocations', { method: 'POST', access: 'write', respond: (request) => revoke(request, null) }],
    ['/webhooks/revocations', { method: 'POST', access: 'signed', respond: webhook }],
  ]);
}

const noSource = 'source is the name of a source: "authApi", or a key under "sources"';

/** One for each source of the same users; empty: there is no source of that name. */
function byEachSource(
  revocation: RevocationRequest,
  { sourcesAlike }: Pick<RevocationSources, 'sourcesAlike'>,
): readonly RevocationRequest[] {
  if (!('source' in revocation) || revocation.source === undefined) return [revocation];
  return sourcesAlike(revocation.source).map((source) => ({ ...revocation, source }));
}

/** A webhook that arrives late, or is replayed, does not end sessions that began after it was sent. */
function upToSent(revocation: RevocationRequest, { sentAtMs }: SignedWebhook, nowMs: number): RevocationRequest {
  if (revocation.kind !== 'user' || revocation.issuedBeforeMs !== undefined) return revocation;
  return { ...revocation, issuedBeforeMs: Math.min(sentAtMs + senderBehindMs, nowMs + issuerAheadMs) };
}
