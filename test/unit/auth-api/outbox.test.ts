/** What the console outbox prints. */
import { describe, expect, it } from 'vitest';
import { openOutbox } from '../../../src/auth-api/open-outbox.ts';
import { drawMail } from '../../../src/auth-api/outbox/console-outbox.ts';
import type { OutgoingMail } from '../../../src/auth-api/outbox/outbox.ts';

const mail: OutgoingMail = {
  kind: 'code',
  to: 'ana@example.test',
  purpose: 'session',
  codeId: '11111111-2222-4333-8444-555555555555',
  code: '012345',
  lifetimeMs: 600_000,
  asked: { ip: '203.0.113.7', userAgent: 'client/1.0' },
};

describe('drawMail', () => {
  it('tells address, purpose, code, lifetime and id in one box', () => {
    const lines = drawMail(mail).split('\n');
    expect(new Set(lines.map((line) => line.length)).size).toBe(1);
    expect(lines.map((line) => line.replace(/^\| | +\|$/g, ''))).toEqual([
      expect.stringMatching(/^\+-+\+$/),
      'Mail to ana@example.test',
      'Code to sign in: 012345 (valid for 10 minutes)',
      'verificationCodeID: 11111111-2222-4333-8444-555555555555',
      expect.stringMatching(/^\+-+\+$/),
    ]);
  });
});

describe('openOutbox', () => {
  const parts = { log: { info() {}, warn() {}, error() {} }, now: Date.now };

  it('prints for `console` and drops for `none`', async () => {
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
