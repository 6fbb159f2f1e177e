/** What the console outbox logs. */
import { describe, expect, it } from 'vitest';
import { openOutbox } from '../../../src/auth-api/open-outbox.ts';
import type { CodeMail, OutgoingMail } from '../../../src/auth-api/outbox/outbox.ts';

const mail: CodeMail = {
  kind: 'code',
  to: 'ana@example.test',
  purpose: 'session',
  codeId: '11111111-2222-4333-8444-555555555555',
  code: '012345',
  lifetimeMs: 600_000,
  requester: { ip: '203.0.113.7', userAgent: 'client/1.0', language: 'en' },
};

describe('openOutbox', () => {
  const parts = { log: { info() {}, warn() {}, error() {} }, now: Date.now };

  it('for `console`, logs what a person needs to use a code, and the recipients of other mails', async () => {
    const lines: object[] = [];
    const line = (level: string) => (fields: object, msg: string) => lines.push({ level, msg, ...fields });
    const log = { info: line('info'), warn: line('warn'), error: line('error') };
    const outbox = await openOutbox({ ...parts, log, settings: { outbox: 'console', mail: null } });
    const { to, requester } = mail;
    outbox.send(mail);
    outbox.send({ kind: 'welcome', to, fullName: 'Ana Example', language: 'en' });
    outbox.send({ kind: 'notice', to, notice: 'address_added', address: 'ana@other.test', requester });
    const logged = { level: 'info', msg: 'mail is logged and not sent', to };
    expect(lines).toEqual([
      {
        level: 'warn',
        msg: 'a code is logged and not mailed',
        to,
        purpose: 'session',
        code: '012345',
        codeId: mail.codeId,
      },
      { ...logged, purpose: 'welcome' },
      { ...logged, purpose: 'address_added', address: 'ana@other.test' },
    ]);
  });

  it('for `console`, logs mails; for `none`, drops them', async () => {
    const printed: OutgoingMail[] = [];
    const printCode = (sent: OutgoingMail) => printed.push(sent);
    for (const kind of ['console', 'none'] as const) {
      const outbox = await openOutbox({ ...parts, settings: { outbox: kind, mail: null }, printCode });
      outbox.send(mail);
      expect(outbox.state()).toBeNull();
      await outbox.close();
    }
    expect(printed).toEqual([mail]);
  });

  it('sends no mail without a server', async () => {
    await expect(openOutbox({ ...parts, settings: { outbox: 'mail', mail: null } })).rejects.toThrow(RangeError);
  });
});
