/** Creates a session, for every way to sign in, and for registrations. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Client } from '../../operations/operation.ts';
import { Reply } from '../../operations/responses.ts';
import { type Carrier, sessionCookie } from '../credentials/session-cookie.ts';
import { bearerLength, randomToken } from '../secrets/random-secret.ts';
import type { Rules, Services } from '../services.ts';
import type { NewCode } from '../store/code-store.ts';
import type { NewSession, OpenedBy } from '../store/session-store.ts';
import { expireAt, id, toSeconds } from './fields.ts';

/** `expireAt` is the expiry once the session is verified. */
export const openedSession = z.object({
  bearer: z.string().optional().describe('The bearer, shown once; absent when the cookie carries it'),
  sessionID: id,
  expireAt,
  ip: z.string(),
  userAgent: z.string(),
  kind: z.string(),
  verificationCodeID: id,
});

/** A session that is valid at once. */
export const verifiedSession = openedSession.omit({ kind: true, verificationCodeID: true });

interface OpenedSession {
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

/** How the client wants to receive its bearer. */
export const carrier = z
  .enum(['header', 'cookie'])
  .default('header')
  .describe('`header`: the bearer is in the response. `cookie`: it is in a cookie only, where that is configured');

/** The response to a request for a session, once it is stored. */
export function openedResponse(
  opened: OpenedSession,
  code: NewCode,
  wanted: { readonly kind: string; readonly carrier: Carrier },
  services: Services,
): z.infer<typeof openedSession> | Reply<z.infer<typeof openedSession>> {
  const described = { ...describeSession(opened.session), kind: wanted.kind, verificationCodeID: code.id };
  return carry(described, opened, wanted.carrier, services.rules.webSession);
}

/** The response to a sign-in that needed no code. */
export function verifiedResponse(
  { session, bearer }: OpenedSession,
  wanted: Carrier,
  { rules: { webSession } }: Services,
): z.infer<typeof verifiedSession> | Reply<z.infer<typeof verifiedSession>> {
  return carry(describeSession(session), { session, bearer }, wanted, webSession);
}

function carry<Described extends object>(
  described: Described,
  { session, bearer }: OpenedSession,
  wanted: Carrier,
  webSession: Rules['webSession'],
): (Described & { readonly bearer: string }) | Reply<Described> {
  if (wanted === 'header' || webSession === null) return { bearer, ...described };
  // For the whole life of the session: verification sets no new cookie.
  const setCookie = sessionCookie(webSession.cookie, bearer, session.expireAtMs, session.createdAtMs);
  return new Reply(described, { setCookie });
}

function describeSession(session: NewSession) {
  return {
    sessionID: session.id,
    expireAt: toSeconds(session.expireAtMs),
    ip: session.ip,
    userAgent: session.userAgent,
  };
}
