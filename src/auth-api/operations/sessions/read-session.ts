/** S3: tells who is behind a bearer. Gateways ask this for every bearer that they do not know. */
import { z } from 'zod';
import { bearerOnly } from '../../credentials/credential-rule.ts';
import { expireAt, id, toSeconds } from '../fields.ts';
import { defineOperation } from '../operation.ts';

export const readSession = defineOperation({
  name: 'readSession',
  summary: 'Tells whose session it is, and which roles and groups count now',
  method: 'GET',
  paths: ['/session'],
  credential: bearerOnly,
  answer: z.object({
    sessionID: id,
    userID: id,
    alias: z.string(),
    fullName: z.string(),
    expireAt,
    ip: z.string(),
    userAgent: z.string(),
    verified: z.literal(true),
    roles: z.array(z.string()),
    groups: z.array(z.string()),
  }),
  async handle({ caller }) {
    return {
      sessionID: caller.sessionId,
      userID: caller.userId,
      alias: caller.alias,
      fullName: caller.fullName,
      expireAt: toSeconds(caller.expireAtMs),
      ip: caller.ip,
      userAgent: caller.userAgent,
      verified: true as const,
      roles: [...caller.roles],
      groups: [...caller.groups],
    };
  },
});
