/** Revoking through the admin port: by operators with a token, and by services that sign their messages. */
import { hash } from 'node:crypto';
import type { Replays } from '../identity/security-events/replays.ts';
import { Refusal } from '../operations/refusal.ts';
import { byCaller, defineOperation, json, type Operation, signed, withToken } from './operation.ts';
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
  /** Secrets of webhooks, read for each request; empty: there is no such operation. */
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

export function revocationOperations(sources: RevocationSources): readonly Operation[] {
  let underWay = 0;

  /** `by`: name of the operator's token; `message`: of a webhook, null for an operator. */
  async function revoke(bytes: Buffer, by: string | null, message: SignedWebhook | null) {
    const read = readRevocation(bytes, message !== null);
    if ('detail' in read) return new Refusal('revocation_invalid', { members: { detail: read.detail } });
    const named = byEachSource(read, sources);
    if (named.length === 0) return new Refusal('revocation_invalid', { members: { detail: noSource } });
    const revocations = named.map((one) => (message === null ? one : upToSent(one, message, sources.now())));
    // Without its time, because each attempt has its own; with its body, because a sender may give every message the same id.
    const name = message === null ? null : `webhook\n${message.id}\n${hash('sha256', bytes, 'base64url')}`;
    if (name !== null && (await sources.replays.seen(name))) return json({ message: 'revoked' });
    if (underWay >= maxUnderWay) return new Refusal('overloaded');
    underWay += 1;
    try {
      const source = message === null ? 'admin' : 'webhook';
      const deliveries = await Promise.all(revocations.map((one) => sources.revoke(one, source, by)));
      if (deliveries.includes('undelivered')) return new Refusal('revocation_undelivered');
      if (name !== null) await sources.replays.keep(name, rememberedMs);
      return json({ message: 'revoked' });
    } finally {
      underWay -= 1;
    }
  }

  const common = { method: 'POST', returns: 'Every connected replica has applied it.' } as const;
  const refusals = ['revocation_invalid', 'revocation_undelivered', 'overloaded'] as const;
  return [
    defineOperation({
      ...common,
      name: 'postRevocations',
      summary: 'Revokes the session, key, user or credential in the body.',
      paths: ['/revocations'],
      credential: withToken('write'),
      bodyText:
        'One of sessionID, keyID, userID, tokenID, bearer, certificate (its SHA-256 fingerprint), or apiKey with or without apiSecret.',
      refusals,
      handle: ({ bytes, caller }) => revoke(bytes, caller.by, null),
      changed: byCaller,
    }),
    defineOperation({
      ...common,
      name: 'postWebhooksRevocations',
      summary: 'The same for services that sign their messages (Standard Webhooks).',
      paths: ['/webhooks/revocations'],
      credential: signed,
      bodyText: 'An id, as for /revocations; no credential.',
      refusals: ['route_not_found', 'webhook_signature_invalid', ...refusals],
      async handle({ bytes, rawHeaders }) {
        const secrets = sources.webhookSecrets();
        if (secrets.length === 0) return new Refusal('route_not_found');
        const message = readSigned(rawHeaders, bytes, secrets, sources.now());
        return message === null ? new Refusal('webhook_signature_invalid') : revoke(bytes, null, message);
      },
      changed: () => ({ by: null }),
    }),
  ];
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
