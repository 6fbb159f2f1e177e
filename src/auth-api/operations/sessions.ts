/** Sessions: requested, verified, read by gateways, extended, listed and ended. */
import { z } from 'zod';
import { bearerOnly, noCredential } from '../credentials/credential-rule.ts';
import { refusalOf } from '../limits/limiter.ts';
import { Refusal } from '../outcome/refusals.ts';
import { signInMethods } from '../passkeys/sign-in-methods.ts';
import type { LiveSession } from '../store/session-store.ts';
import { checkCode, codeRefusals } from './check-code.ts';
import {
  acknowledged,
  acknowledgement,
  emailAddress,
  expireAt,
  id,
  idParam,
  label,
  moment,
  toSeconds,
  verification,
} from './fields.ts';
import { openedResponse, openedSession } from './open-session.ts';
import { defineOperation } from './operation.ts';
import { requestSession } from './request-session.ts';

/** S1: requests a session. The bearer works once the code that is sent to the address has been verified. */
export const createSession = defineOperation({
  name: 'createSession',
  summary: 'Requests a session; a code is mailed to the address',
  method: 'POST',
  paths: ['/session'],
  credential: noCredential,
  body: z.object({ email: emailAddress, kind: label(64).default('standard') }),
  response: openedSession,
  refusals: ['email_unknown', 'attempts_exceeded'],
  async handle({ body, client }, services) {
    const requested = await requestSession({ email: body.email, kept: null }, client, services);
    if (requested instanceof Refusal) return requested;
    return openedResponse(requested.opened, requested.code, body.kind);
  },
});

/** S2: verifies the code of a session, which makes its bearer valid. */
export const verifySession = defineOperation({
  name: 'verifySession',
  summary: 'Verifies a session by its code',
  method: 'PUT',
  paths: ['/session/verification'],
  credential: noCredential,
  body: verification,
  response: acknowledgement,
  refusals: codeRefusals,
  async handle({ body, client }, services) {
    const seen = { ip: client.ip, kept: null };
    const checked = await checkCode({ ...body, purpose: 'session', userId: null, client: seen }, services);
    if (checked instanceof Refusal) return checked;
    const sessionId = await services.store.sessions.verify(body.verificationCodeID, services.now());
    if (sessionId === null) return new Refusal('code_unknown');
    // A gateway may have cached an earlier rejection.
    services.revoked({ kind: 'session', id: sessionId });
    return acknowledged;
  },
});

/** S3: identifies the owner of a bearer. Gateways call it for every unknown bearer. */
export const readSession = defineOperation({
  name: 'readSession',
  summary: 'Returns the owner of the session, with current roles and groups',
  method: 'GET',
  paths: ['/session'],
  credential: bearerOnly,
  response: z.object({
    sessionID: id,
    userID: id,
    alias: z.string(),
    fullName: z.string(),
    authenticatedAt: expireAt,
    auth_time: moment.optional().describe('As `authenticatedAt`; only with passkeys, as are `acr` and `amr`'),
    acr: z.string().optional().describe('How the user signed in'),
    amr: z.array(z.string()).optional().describe('Methods of the sign-in (RFC 8176)'),
    expireAt,
    ip: z.string(),
    userAgent: z.string(),
    verified: z.literal(true),
    roles: z.array(z.string()),
    withheldRoles: z
      .array(z.string())
      .optional()
      .describe('Roles that the user has only in a session opened by a passkey'),
    groups: z.array(z.string()),
  }),
  async handle({ caller }, { rules }) {
    return {
      sessionID: caller.sessionId,
      userID: caller.userId,
      alias: caller.alias,
      fullName: caller.fullName,
      authenticatedAt: toSeconds(caller.createdAtMs),
      ...(rules.passkeys === null ? {} : describeSignIn(caller)),
      expireAt: toSeconds(caller.expireAtMs),
      ip: caller.ip,
      userAgent: caller.userAgent,
      verified: true as const,
      roles: [...caller.roles],
      ...(caller.withheldRoles.length === 0 ? {} : { withheldRoles: [...caller.withheldRoles] }),
      groups: [...caller.groups],
    };
  },
});

function describeSignIn({ createdAtMs, openedBy }: LiveSession) {
  const { acr, amr } = signInMethods[openedBy];
  return { auth_time: toSeconds(createdAtMs), acr, amr: [...amr] };
}

/** S4: moves the expiry of the caller's session, never beyond its absolute cap. */
export const extendSession = defineOperation({
  name: 'extendSession',
  summary: 'Extends the session by its lifetime from now, up to the absolute cap',
  method: 'PUT',
  paths: ['/session/extend'],
  credential: bearerOnly,
  response: acknowledgement,
  refusals: ['attempts_exceeded'],
  async handle({ caller }, services) {
    const { store, rules, now, limiter } = services;
    const limited = await refusalOf(limiter.charge(['extensionsPerSession', caller.sessionId]));
    if (limited !== null) return limited;
    const nowMs = now();
    const expireAtMs = Math.min(nowMs + rules.sessionLifetimeMs, caller.createdAtMs + rules.sessionCapMs);
    if (!(await store.sessions.extend(caller.sessionId, expireAtMs, nowMs))) return new Refusal('credential_rejected');
    // Gateways get no event: their cached results end at the old expiry, and then they call again. An event would also void every cached
    // rejection, so that one session could cause a call for each.
    return acknowledged;
  },
});

const entry = z.object({ sessionID: id, ip: z.string(), userAgent: z.string(), expireAt, current: z.boolean() });

/** S5: lists the caller's verified, live sessions. */
export const listSessions = defineOperation({
  name: 'listSessions',
  summary: "Lists the caller's sessions, with the current one marked",
  method: 'GET',
  paths: ['/sessions'],
  credential: bearerOnly,
  response: z.object({ sessions: z.array(entry) }),
  async handle({ caller }, services) {
    const sessions = await services.store.sessions.listLive(caller.userId, services.now());
    return {
      sessions: sessions.map((session) => ({
        sessionID: session.sessionId,
        ip: session.ip,
        userAgent: session.userAgent,
        expireAt: toSeconds(session.expireAtMs),
        current: session.sessionId === caller.sessionId,
      })),
    };
  },
});

/** S6: ends one of the caller's sessions, the current one or another. */
export const revokeSession = defineOperation({
  name: 'revokeSession',
  summary: 'Ends a session of the caller at once',
  method: 'DELETE',
  paths: ['/session/{id}'],
  credential: bearerOnly,
  params: idParam,
  response: acknowledgement,
  refusals: ['session_unknown'],
  async handle({ caller, params }, { store, now, revoked }) {
    // A session of another user looks like one that never existed, so ids cannot be probed.
    if (!(await store.sessions.remove(params.id, caller.userId, now()))) return new Refusal('session_unknown');
    revoked({ kind: 'session', id: params.id });
    return acknowledged;
  },
});
