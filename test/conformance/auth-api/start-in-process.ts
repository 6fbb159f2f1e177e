/** The Auth API in this process, over real sockets, with a clock that the suite moves. */

import { createAuthApi } from '../../../src/auth-api/create-auth-api.ts';
import type { OutgoingMail } from '../../../src/auth-api/outbox/outbox.ts';
import { authApiSettings } from '../../support/auth-api-settings.ts';
import { pageOrigin, type SeenMail, type StartTarget, suiteUsers } from './target.ts';

export const startInProcess: StartTarget = async (settings) => {
  const mails: OutgoingMail[] = [];
  let revoked: string[] = [];
  let elapsedMs = 0;
  const api = await createAuthApi({
    settings: {
      ...authApiSettings,
      selfRegistration: settings.selfRegistration ?? true,
      revealUnknownEmail: settings.revealUnknownEmail ?? true,
      passkeys: { origin: pageOrigin, rpId: new URL(pageOrigin).hostname, name: 'Example', requiredForRoles: null },
      trustedProxies: (address) => address === '127.0.0.1',
    },
    log: { info: () => {}, warn: () => {}, error: (fields, message) => console.error(message, fields) },
    printCode: (mail) => mails.push(mail),
    now: () => Date.now() + elapsedMs,
    onRevoked: ({ kind, id }) => revoked.push(`${kind} ${id}`),
  });
  for (const user of suiteUsers) await api.createUser(user);
  const { port } = await api.listen({ host: '127.0.0.1', port: 0 });
  return {
    baseUrl: `http://127.0.0.1:${port}`,
    mails: async () => mails.map(toSeen),
    advance: (durationMs) => {
      elapsedMs += durationMs;
    },
    takeRevoked: () => {
      const taken = revoked;
      revoked = [];
      return taken;
    },
    close: () => api.close(),
  };
};

function toSeen(mail: OutgoingMail): SeenMail {
  return mail.kind === 'code'
    ? { to: mail.to, purpose: mail.purpose, codeId: mail.codeId, code: mail.code }
    : { to: mail.to, purpose: mail.kind === 'welcome' ? mail.kind : mail.notice, codeId: '', code: '' };
}
