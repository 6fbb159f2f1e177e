/** Texts and layout of the messages, and how text from outsiders is made harmless. */
import { describe, expect, it } from 'vitest';
import { composeMail, describeDuration } from '../../../src/auth-api/outbox/compose-mail.ts';
import { describeAgent, escapeHtml, oneLine } from '../../../src/auth-api/outbox/harmless-text.ts';
import type { CodeMail, Notice, OutgoingMail } from '../../../src/auth-api/outbox/outbox.ts';
import { english } from '../../../src/auth-api/outbox/texts/english.ts';
import { spanish } from '../../../src/auth-api/outbox/texts/spanish.ts';
import { cpuMs } from '../../support/cpu-time.ts';

const askedAtMs = Date.UTC(2026, 2, 1, 12, 5, 59);

const mail: CodeMail = {
  kind: 'code',
  to: 'ana@example.test',
  purpose: 'session',
  codeId: '11111111-2222-4333-8444-555555555555',
  code: '012345',
  lifetimeMs: 600_000,
  requester: { ip: '203.0.113.7', userAgent: 'client/1.0', language: 'en' },
};

describe('oneLine', () => {
  it.each([
    ['control characters', 'a\r\n\t\u0000b\u0085c', 'a b c'],
    ['line separators and unusual spaces', 'a\u2028b\u00a0c\u3000d', 'a b c d'],
    ['characters that reorder or hide text', 'a\u202eb\u200bc\u2066d\ufeffe', 'a b c d e'],
    ['lone surrogates', 'a\ud800b', 'a b'],
    ['ends', '  a ', 'a'],
    ['letters of any script', 'Ünï Ωmega 漢字', 'Ünï Ωmega 漢字'],
  ])('%s', (_, text, expected) => {
    expect(oneLine(text, 20)).toBe(expected);
  });

  it.each([
    ['text of exactly the limit', 'a'.repeat(10), 'a'.repeat(10)],
    ['text beyond the limit', 'a'.repeat(11), 'aaaaaaa...'],
    ['a cut at a space', 'aaaaaa bbbbbb', 'aaaaaa...'],
    ['a cut that keeps surrogate pairs', '😀'.repeat(11), `${'😀'.repeat(7)}...`],
  ])('%s', (_, text, expected) => {
    expect(oneLine(text, 10)).toBe(expected);
  });
});

describe('describeAgent', () => {
  it.each([
    ['curl/8.5.0', 'curl/8.5.0'],
    [
      'Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0',
      'Mozilla/5.0 (X11; Linux x86_64; 130.0) Gecko/20100101 Firefox/130.0',
    ],
    ['', ''],
    ['see https://evil.test/a?b=c', 'see evil test/a b c'],
    ['//evil.test', '/evil test'],
    ['HTTPS:evil.test', 'evil test'],
    ['javascript:alert(1)', 'alert(1)'],
    ['mailto:a@evil.test', 'a evil test'],
    ['<b>"bold"</b>', 'b bold /b'],
    ['a.b.c', 'a b c'],
    ['evil.xn--p1ai', 'evil xn--p1ai'],
    ['evil\u3002test ｅｖｉｌ．ｔｅｓｔ', 'evil test'],
  ])('%j', (agent, expected) => {
    expect(describeAgent(agent)).toBe(expected);
  });

  it('is short and fast', () => {
    const took = cpuMs(() => {
      for (const agent of ['a'.repeat(100_000), 'a:'.repeat(50_000), '.a'.repeat(50_000), '/'.repeat(100_000)])
        expect(describeAgent(agent.slice(0, 512)).length).toBeLessThanOrEqual(120);
    });
    expect(took).toBeLessThan(500);
  });
});

it('escapeHtml leaves no character that can open or close markup', () => {
  expect(escapeHtml(`<a href="x" id='y'>&amp;`)).toBe('&lt;a href=&quot;x&quot; id=&#39;y&#39;&gt;&amp;amp;');
});

it.each([
  [600_000, '10 minutes'],
  [60_000, '1 minute'],
  [90_000, '90 seconds'],
  [1_000, '1 second'],
  [400, '1 second'],
  [3_600_000, '1 hour'],
  [5_400_000, '90 minutes'],
  [86_400_000, '1 day'],
  [172_800_000, '2 days'],
])('%d ms are %s', (durationMs, expected) => {
  expect(describeDuration(durationMs, english)).toBe(expected);
});

describe('composeMail', () => {
  it('names the device in plain words, whatever else its User-Agent says', () => {
    const of = (userAgent: string) =>
      composeMail({ ...mail, requester: { ...mail.requester, userAgent } }, askedAtMs).text;
    const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
    expect(of(firefox)).toContain('With: Firefox on Linux\n');
    expect(of(`${firefox} call +49 30 1234, https://evil.example`)).toContain('With: Firefox on Linux\n');
    expect(of('')).not.toContain('With:');
  });

  it('shows a long code in groups, with the reason for its length', () => {
    const { text, html } = composeMail({ ...mail, code: '0123456789ABCDEF' }, askedAtMs);
    expect(text).toContain('\n    0123-4567-89AB-CDEF\n');
    expect(text).toContain('It is long because many wrong codes were entered for this account');
    expect(html).toContain('font-size:20px');
  });

  it('is in Spanish for a request that prefers it', () => {
    const requester = { ...mail.requester, language: 'es' } as const;
    const { subject, text, html } = composeMail({ ...mail, requester, code: '0123456789ABCDEF' }, askedAtMs);
    expect(subject).toBe('Su código para iniciar sesión');
    expect(text).toContain('El código vale durante 10 minutos, hasta 2026-03-01 12:15 UTC');
    expect(text).toContain('No se lo diga a nadie');
    expect(html).toContain('<html lang="es">');
  });

  it('says in Spanish, whatever it reports, what the English mail says, and nothing in English', () => {
    const inBoth = (make: (language: 'en' | 'es') => OutgoingMail) =>
      (['en', 'es'] as const).map((language) => composeMail(make(language), askedAtMs));
    const codes = (Object.keys(english.codes) as CodeMail['purpose'][]).map((purpose) =>
      inBoth((language) => ({ ...mail, purpose, requester: { ...mail.requester, language } })),
    );
    const notices = (Object.keys(english.notices) as Notice[]).map((notice) =>
      inBoth((language) => {
        const requester = { ...mail.requester, language };
        return { kind: 'notice', to: mail.to, notice, address: 'new@b.test', requester };
      }),
    );
    const welcome = inBoth((language) => ({ kind: 'welcome', to: mail.to, fullName: 'Ana', language }));
    for (const [plain, translated] of [...codes, ...notices, welcome]) {
      expect(translated!.subject).not.toBe(plain!.subject);
      const facts = (text: string) =>
        text.match(/012345|new@b\.test|\d{4}-\d\d-\d\d \d\d:\d\d UTC|client\/1\.0|\bAna\b/g);
      expect(facts(translated!.text)).toEqual(facts(plain!.text));
      expect(translated!.text).not.toMatch(/\b(?:the|your|you|was|With|From|Requested)\b/);
    }
    expect(Object.keys(spanish.notices)).toEqual(Object.keys(english.notices));
  });

  it('states the purpose of the code, its lifetime and who requested it', () => {
    const { subject, text } = composeMail(mail, askedAtMs);
    expect(subject).toBe('Your code to sign in');
    expect(text).toBe(`Enter this code to sign in:

    012345

The code is valid for 10 minutes, until 2026-03-01 12:15 UTC, and works once.

Requested: 2026-03-01 12:05 UTC
From address: 203.0.113.7
With: client/1.0

It works only where it was requested. If you did not ask to sign in, ignore this mail: without the code, no one can sign in as you. Never pass it on, to anyone.
`);
  });

  it.each(['session', 'keypair', 'email'] as const)(
    'has its own text for %s, and no code in the subject',
    (purpose) => {
      const { subject, text, html } = composeMail({ ...mail, purpose }, askedAtMs);
      expect(subject).toMatch(/^Your code to [\x20-\x7e]+$/);
      expect(subject).not.toMatch(/\d/);
      expect(text).toContain('Never pass it on, to anyone.');
      expect(html).toContain(`<title>${subject}</title>`);
    },
  );

  it('omits unknown or impossible facts', () => {
    const { text, html } = composeMail(
      { ...mail, requester: { ...mail.requester, ip: 'x\r\nBcc: y', userAgent: '\u0000' } },
      askedAtMs,
    );
    for (const part of [text, html]) expect(part).not.toMatch(/From address|^With:|>With<|Bcc/m);
  });

  it('escapes user-chosen text in HTML', () => {
    const { html, text } = composeMail(
      { kind: 'welcome', to: 'a@b.test', fullName: '<b>&\r\nBcc: x', language: 'en' },
      askedAtMs,
    );
    expect(html).toContain('Hello &lt;b&gt;&amp; Bcc: x,');
    expect(text).toContain('Hello <b>& Bcc: x, an account');
  });

  it.each([
    ['address_added', 'The address new@b.test was added to your account.'],
    [
      'address_preferred',
      'The address new@b.test is now the preferred one of your account: codes for API keys go there.',
    ],
    ['address_removed', 'The address new@b.test was removed from your account.'],
  ] as const)('reports a change of addresses and who made it: %s', (notice, sentence) => {
    const about = { kind: 'notice', to: 'a@b.test', notice, address: 'new@b.test', requester: mail.requester } as const;
    const { subject, text } = composeMail(about, askedAtMs);
    expect(subject).toBe('The addresses of your account have changed');
    expect(text).toContain(sentence);
    expect(text).toContain('From address: 203.0.113.7');
    expect(text).toContain('If it was not you, sign in');
  });

  it('notifies the owner of an address of an attempt to register it', () => {
    const about = {
      kind: 'notice',
      notice: 'registration_refused',
      to: 'a@b.test',
      address: 'a@b.test',
      requester: mail.requester,
    } as const;
    const { subject, text } = composeMail(about, askedAtMs);
    expect(subject).toBe('You have an account already');
    expect(text).toContain('A new account was requested with the address a@b.test');
  });

  it('has well-formed HTML that loads and runs nothing', () => {
    const { html } = composeMail(mail, askedAtMs);
    expect(html).not.toMatch(/<(?:img|script|link|a|form|iframe)\b|https?:|url\(/i);
    const open: string[] = [];
    for (const [, close, tag = ''] of html.matchAll(/<(\/?)([a-z][a-z0-9]*)\b[^>]*>/g)) {
      if (tag === 'meta') continue;
      if (close === '/') expect(open.pop()).toBe(tag);
      else open.push(tag);
    }
    expect(open).toEqual([]);
    // RFC 5322 section 2.1.1 limits the bytes of a line; the encoding wraps longer ones, and short ones stay readable.
    for (const line of composeMail(mail, askedAtMs).text.split('\n')) expect(line.length).toBeLessThan(200);
  });
});
