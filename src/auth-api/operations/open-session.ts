/** Creates a session, for every way to sign in, and for registrations. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Client } from '../../operations/operation.ts';
import { bearerLength, randomToken } from '../secrets/random-secret.ts';
import type { Services } from '../services.ts';
import type { NewCode } from '../store/code-store.ts';
import type { NewSession, OpenedBy } from '../store/session-store.ts';
import { expireAt, id, toSeconds } from './fields.ts';

/** `expireAt` is the expiry once the session is verified. */
export const openedSession = z.object({
  bearer: z.string().describe('The bearer, shown once'),
  sessionID: id,
  expireAt,
  ip: z.string(),
  userAgent: z.string(),
  kind: z.string(),
  verificationCodeID: id,
});

/** A session that is valid at once. */
export const verifiedSession = openedSession.omit({ kind: true, verificationCodeID: true });

export interface OpenedSession {
  readonly session: NewSession;
  /** Shown once; only its hash is in `session`. */
  readonly bearer: string;
}

/** `owner` null: a decoy, which takes the same work but can never be verified. */
export function openSession(
  owner: { readonly userId: string; readonly emailId: string | null } | null,
  openedBy: OpenedBy,
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
    openedBy,
    createdAtMs: nowMs,
    expireAtMs: nowMs + Math.min(rules.sessionLifetimeMs, rules.sessionCapMs),
    verifyByMs: nowMs + rules.unverifiedLifetimeMs,
  };
  return { session, bearer };
}

/** The response to a request for a session, once it is stored. */
export function openedResponse(opened: OpenedSession, code: NewCode, kind: string): z.infer<typeof openedSession> {
  return { ...verifiedResponse(opened), kind, verificationCodeID: code.id };
}

/** The response to a sign-in that needed no code. */
export function verifiedResponse({ session, bearer }: OpenedSession): z.infer<typeof verifiedSession> {
  return {
    bearer,
    sessionID: session.id,
    expireAt: toSeconds(session.expireAtMs),
    ip: session.ip,
    userAgent: session.userAgent,
  };
}
