/** Makes an unverified session with its code: what a sign-in and a registration have in common. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { bearerLength, randomToken } from '../../secrets/random-secret.ts';
import type { Services } from '../../services.ts';
import type { NewCode } from '../../store/code-store.ts';
import type { NewSession } from '../../store/session-store.ts';
import { expireAt, id, toSeconds } from '../fields.ts';
import type { Client } from '../operation.ts';

/** `expireAt` is the expiry that holds once the session is verified. */
export const openedSession = z.object({
  bearer: z.string(),
  sessionID: id,
  expireAt,
  ip: z.string(),
  userAgent: z.string(),
  kind: z.string(),
  verificationCodeID: id,
});

interface OpenedSession {
  readonly session: NewSession;
  /** Shown once; only its hash is in `session`. */
  readonly bearer: string;
}

/** `owner` null: a decoy, which takes the same work and which nothing opens. */
export function openSession(
  owner: { readonly userId: string; readonly emailId: string | null } | null,
  client: Client,
  services: Services,
): OpenedSession {
  const { hashes, rules, now } = services;
  const bearer = randomToken(bearerLength);
  const nowMs = now();
  const session = {
    id: randomUUID(),
    userId: owner?.userId ?? null,
    emailId: owner?.emailId ?? null,
    bearerHash: hashes.bearer(bearer),
    ip: client.ip,
    userAgent: client.userAgent,
    createdAtMs: nowMs,
    expireAtMs: nowMs + Math.min(rules.sessionLifetimeMs, rules.sessionCapMs),
    verifyByMs: nowMs + rules.unverifiedLifetimeMs,
  };
  return { session, bearer };
}

export function describeOpened(opened: OpenedSession, code: NewCode, kind: string): z.infer<typeof openedSession> {
  const { session, bearer } = opened;
  return {
    bearer,
    sessionID: session.id,
    expireAt: toSeconds(session.expireAtMs),
    ip: session.ip,
    userAgent: session.userAgent,
    kind,
    verificationCodeID: code.id,
  };
}
