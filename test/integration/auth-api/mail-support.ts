/** An Auth API that sends mail, with one user, and helpers for the mail tests. */
import { vi } from 'vitest';
import type { AuthApi, AuthApiOptions } from '../../../src/auth-api/auth-api.ts';
import { createAuthApi } from '../../../src/auth-api/create-auth-api.ts';
import type { AuthApiSettings, MailConfig } from '../../../src/config/config.ts';
import { deepFreeze } from '../../../src/config/deep-freeze.ts';
import type { SmtpConfig } from '../../../src/config/units/mail.ts';
import type { MailOutcome } from '../../../src/telemetry/auth-api-events.ts';
import { authApiSettings } from '../../support/auth-api-settings.ts';
import type { ArrivedMail } from '../../support/mail-server.ts';

export interface LogLine {
  readonly level: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

export interface MailingAuthApi {
  readonly api: AuthApi;
  readonly port: number;
  readonly outcomes: MailOutcome[];
  readonly lines: LogLine[];
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
  /** Requests a session of the user, which sends a mail. */
  signIn(email?: string): Promise<Answer>;
}

export interface CallOptions {
  readonly json?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly headers: Headers;
}

export const user = { email: 'ana@example.test', fullName: 'Ana Example', alias: 'ana', roles: ['user'], groups: [] };

export function mailConfig(port: number, smtp: Partial<SmtpConfig> = {}): MailConfig {
  return deepFreeze({
    smtp: { host: 'localhost', port, implicitTls: false, requireTls: false, credentials: null, ...smtp },
    from: { name: 'Example Service', address: 'no-reply@example.test' },
  });
}

/** Short pauses, so a test sees several attempts, with server timeouts that a busy machine can meet. */
export const quick = {
  connectMs: 5_000,
  silenceMs: 5_000,
  attemptMs: 8_000,
  firstPauseMs: 20,
  maxPauseMs: 100,
  graceMs: 300,
};

export async function startMailing(
  mail: MailConfig,
  options: { settings?: Partial<AuthApiSettings>; limits?: AuthApiOptions['mail']; now?: () => number } = {},
): Promise<MailingAuthApi> {
  const outcomes: MailOutcome[] = [];
  const lines: LogLine[] = [];
  const at = (level: string) => (fields: object, message: string) =>
    lines.push({ level, fields: { ...fields }, message });
  const api = await createAuthApi({
    settings: {
      ...authApiSettings,
      outbox: 'mail',
      mail,
      limits: {
        ...authApiSettings.limits,
        mailsPerAddressAndClient: 1_000,
        mailsPerAddress: 1_000,
        mailsPerClient: 1_000,
      },
      ...options.settings,
    },
    log: { info: at('info'), warn: at('warn'), error: at('error') },
    onMail: (outcome) => outcomes.push(outcome),
    mail: { ...quick, ...options.limits },
    mailDelayMs: 0,
    ...(options.now === undefined ? {} : { now: options.now }),
  });
  await api.createUser(user);
  const { port } = await api.listen({ host: '127.0.0.1', port: 0 });
  const call: MailingAuthApi['call'] = async (method, path, { json, headers } = {}) => {
    const answer = await fetch(`http://127.0.0.1:${port}/api/auth/v2${path}`, {
      method,
      headers: { 'user-agent': 'client/1.0', ...headers },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown>, headers: answer.headers };
  };
  const signIn = (email = user.email) => call('POST', '/session', { json: { email } });
  return { api, port, outcomes, lines, call, signIn };
}

/** The code as a person reads it: the only line of six digits in the text. */
export function codeIn(mail: ArrivedMail): string {
  const code = /^ *(\d{6})$/m.exec(mail.parsed.text ?? '')?.[1];
  if (code === undefined) throw new Error(`no code in: ${mail.parsed.text}`);
  return code;
}

/** Waits as long as a busy machine may need. */
export function eventually(check: () => unknown): Promise<unknown> {
  return vi.waitFor(check, { timeout: 8_000, interval: 10 });
}
