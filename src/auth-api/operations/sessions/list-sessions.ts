/** S5: lists the caller's verified, live sessions. */
import { z } from 'zod';
import { bearerOnly } from '../../credentials/credential-rule.ts';
import { expireAt, id, toSeconds } from '../fields.ts';
import { defineOperation } from '../operation.ts';

const entry = z.object({ sessionID: id, ip: z.string(), userAgent: z.string(), expireAt, current: z.boolean() });

export const listSessions = defineOperation({
  name: 'listSessions',
  summary: 'Lists the own sessions; exactly one is the current one',
  method: 'GET',
  paths: ['/sessions'],
  credential: bearerOnly,
  answer: z.object({ sessions: z.array(entry) }),
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
