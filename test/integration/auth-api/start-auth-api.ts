/** An in-memory Auth API for tests, with one user, the mail it sent and the lines it logged. */
import type { AuthApi, AuthApiOptions } from '../../../src/auth-api/auth-api.ts';
import { createAuthApi } from '../../../src/auth-api/create-auth-api.ts';
import type { CodeMail, OutgoingMail } from '../../../src/auth-api/outbox/outbox.ts';
import { authApiSettings } from '../../support/auth-api-settings.ts';

export interface StartedAuthApi {
  readonly api: AuthApi;
  readonly userId: string;
  readonly port: number;
  readonly mails: OutgoingMail[];
  readonly lines: { readonly level: string; readonly fields: object; readonly message: string }[];
  /** Code of the newest mail. */
  lastCode(): CodeMail;
}

export const testSettings = authApiSettings;

export async function startAuthApi(options: Partial<AuthApiOptions> = {}): Promise<StartedAuthApi> {
  const mails: OutgoingMail[] = [];
  const lines: StartedAuthApi['lines'] = [];
  const at = (level: string) => (fields: object, message: string) => lines.push({ level, fields, message });
  const api = await createAuthApi({
    settings: testSettings,
    log: { info: at('info'), warn: at('warn'), error: at('error') },
    printCode: (mail) => mails.push(mail),
    ...options,
  });
  const { userId } = await api.createUser({
    email: 'ana@example.test',
    fullName: 'Ana Example',
    alias: 'ana',
    roles: ['user'],
    groups: ['public'],
  });
  const { port } = await api.listen({ host: '127.0.0.1', port: 0 });
  const lastCode = () => {
    const mail = mails.at(-1);
    if (mail?.kind !== 'code') throw new Error('no mail with a code');
    return mail;
  };
  return { api, userId, port, mails, lines, lastCode };
}
