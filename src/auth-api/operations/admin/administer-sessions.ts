/** A5: an administrator lists and ends sessions of anybody. */
import { z } from 'zod';
import { administrator } from '../../credentials/credential-rule.ts';
import { Refusal } from '../../outcome/refusals.ts';
import { acknowledged, acknowledgement, expireAt, id, idParam, pagesOf, paging, toSeconds } from '../fields.ts';
import { defineOperation } from '../operation.ts';

const entry = z.object({
  sessionID: id,
  userID: id,
  ip: z.string(),
  userAgent: z.string(),
  expireAt,
  verified: z.boolean(),
});

export const listAllSessions = defineOperation({
  name: 'listAllSessions',
  summary: 'Lists live sessions of everybody in pages, newest first',
  method: 'GET',
  paths: ['/admin/sessions'],
  credential: administrator,
  query: z.object(paging),
  answer: z.object({ pages: z.int(), items: z.int(), sessions: z.array(entry) }),
  async handle({ query }, { store, now }) {
    const { rows, total } = await store.sessions.page(query, now());
    const sessions = rows.map((session) => ({
      sessionID: session.sessionId,
      userID: session.userId,
      ip: session.ip,
      userAgent: session.userAgent,
      expireAt: toSeconds(session.expireAtMs),
      verified: session.verified,
    }));
    return { pages: pagesOf(total, query.limit), items: total, sessions };
  },
});

export const revokeAnySession = defineOperation({
  name: 'revokeAnySession',
  summary: 'Ends a session of anybody at once',
  method: 'DELETE',
  paths: ['/admin/session/{id}'],
  credential: administrator,
  params: idParam,
  answer: acknowledgement,
  async handle({ params }, { store, now, revoked }) {
    if (!(await store.sessions.remove(params.id, null, now()))) return new Refusal('session_unknown');
    revoked({ kind: 'session', id: params.id });
    return acknowledged;
  },
});
