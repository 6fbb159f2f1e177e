/**
 * Mail as it arrives at a real server: both methods of authentication with the code from the mail, TLS, and the
 * contents.
 */
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { certificate } from '../../support/localhost-certificate.ts';
import { type MailServer, startMailServer } from '../../support/mail-server.ts';
import { codeIn, eventually, type MailingAuthApi, mailConfig, startMailing, user } from './mail-support.ts';

const running: { close(): Promise<void> }[] = [];

function keep<Server extends { close(): Promise<void> }>(server: Server): Server {
  running.push(server);
  return server;
}

async function started(
  server: MailServer,
  ...rest: Parameters<typeof mailConfig> extends [number, ...infer R] ? R : never
) {
  const mailing = await startMailing(mailConfig(server.port, ...rest));
  keep(mailing.api);
  return mailing;
}

afterEach(async () => {
  for (const server of running.splice(0).reverse()) await server.close();
});

describe('with a server that accepts everything', () => {
  let server: MailServer;
  let mailing: MailingAuthApi;

  beforeEach(async () => {
    server = keep(await startMailServer());
    mailing = await started(server);
  });

  async function verifiedBearer(): Promise<string> {
    const { body } = await mailing.signIn();
    const code = codeIn(await server.arrived(1));
    const json = { verificationCodeID: body['verificationCodeID'], code };
    expect((await mailing.call('PUT', '/session/verification', { json })).status).toBe(202);
    return String(body['bearer']);
  }

  test('a session is opened with the code from the mail', async () => {
    const bearer = await verifiedBearer();
    const session = await mailing.call('GET', '/session', { headers: { authorization: `Bearer ${bearer}` } });
    expect(session).toMatchObject({ status: 200, body: { alias: 'ana', verified: true } });
    expect(server.mails).toHaveLength(1);
    expect(server.mails[0]).toMatchObject({ from: 'no-reply@example.test', to: [user.email] });
    expect(mailing.outcomes).toEqual(['sent']);
  });

  test('a key pair is opened with the code from the second mail', async () => {
    const authorization = `Bearer ${await verifiedBearer()}`;
    const made = await mailing.call('POST', '/keypair', {
      headers: { authorization },
      json: { name: 'Robot', days: 1 },
    });
    const json = { verificationCodeID: made.body['verificationCodeID'], code: codeIn(await server.arrived(2)) };
    expect((await mailing.call('PUT', '/keypair/verification', { headers: { authorization }, json })).status).toBe(202);
    const headers = { 'api-key': String(made.body['apiKey']), 'api-secret': String(made.body['apiSecret']) };
    expect(await mailing.call('GET', '/keypair', { headers })).toMatchObject({
      status: 200,
      body: { keyName: 'Robot' },
    });
    expect(server.mails[1]?.parsed.subject).toBe('Your code to create an API key');
  });

  test('another address is verified with the code sent to it', async () => {
    const authorization = `Bearer ${await verifiedBearer()}`;
    const added = await mailing.call('POST', '/email', {
      headers: { authorization },
      json: { address: 'ana@work.example.test' },
    });
    const mail = await server.arrived(2);
    expect(mail.to).toEqual(['ana@work.example.test']);
    const json = { verificationCodeID: added.body['verificationCodeID'], code: codeIn(mail) };
    expect((await mailing.call('PUT', '/email/verification', { headers: { authorization }, json })).status).toBe(202);
  });

  test('creating an account as an administrator notifies its owner', async () => {
    const { userId } = await mailing.api.createUser({
      ...user,
      email: 'ada@example.test',
      alias: 'ada',
      roles: ['users_admin'],
    });
    const { bearer } = await mailing.api.createVerifiedSession(userId);
    const json = { email: 'new@example.test', fullName: 'New <b>User</b>', alias: 'new', notify: true };
    await mailing.call('POST', '/admin/user', { headers: { authorization: `Bearer ${bearer}` }, json });
    const { to, parsed } = await server.arrived(1);
    expect([to, parsed.subject]).toEqual([['new@example.test'], 'Your new account']);
    expect(parsed.text).toContain('Hello New <b>User</b>,');
    expect(parsed.html).toContain('Hello New &lt;b&gt;User&lt;/b&gt;,');
  });

  test("the mail contains text and HTML, the client's origin, and the lifetime of the code", async () => {
    await mailing.signIn();
    const { parsed, raw } = await server.arrived(1);
    const code = codeIn(server.mails[0]!);
    expect(parsed.from?.text).toBe('"Example Service" <no-reply@example.test>');
    expect(parsed.subject).toBe('Your code to sign in');
    expect(parsed.headers.get('auto-submitted')).toBe('auto-generated');
    expect(parsed.messageId).toMatch(/^<[0-9a-f-]{36}@example\.test>$/);
    for (const part of [parsed.text ?? '', String(parsed.html)]) {
      expect(part).toContain(code);
      expect(part).toContain('valid for 10 minutes');
      expect(part).toContain('127.0.0.1');
      expect(part).toContain('client/1.0');
    }
    expect(raw.slice(0, raw.indexOf('\r\n\r\n'))).not.toContain(code);
    expect(parsed.html).not.toMatch(/<(?:img|script|link|a)\b/i);
  });

  test('the log contains no code, address or name', async () => {
    await verifiedBearer();
    await eventually(() => expect(mailing.lines.map(({ message }) => message)).toContain('mail sent'));
    const text = JSON.stringify(mailing.lines);
    for (const secret of [codeIn(server.mails[0]!), user.email, 'Ana']) expect(text).not.toContain(secret);
    const { fields } = mailing.lines.find(({ message }) => message === 'mail sent')!;
    expect(server.mails[0]?.parsed.messageId).toContain(String(fields['mailId']));
  });

  test('one connection serves successive mails', async () => {
    for (let count = 1; count <= 5; count += 1) {
      await mailing.signIn();
      await server.arrived(count);
      await eventually(() => expect(mailing.outcomes).toHaveLength(count));
    }
    expect(server.connections()).toBe(1);
  });

  test.each([
    ['a line break', 'ana@example.test\r\nBcc: eve@evil.test'],
    ['a bare line feed', 'ana@example.test\nBcc: eve@evil.test'],
    ['two addresses', 'ana@example.test, eve@evil.test'],
    ['a name and an address', 'ana@example.test <eve@evil.test>'],
    ['a quoted local part', '"ana@example.test\r\nRCPT TO:<eve@evil.test>"@example.test'],
    ['a group', 'x:ana@example.test,eve@evil.test;'],
    ['a zero byte', 'ana@example.test\u0000'],
    ['an encoded word', '=?utf-8?q?eve=40evil.test?=@example.test@evil.test'],
  ])('an address with %s is refused, and nothing is sent', async (_, email) => {
    expect((await mailing.signIn(email)).status).toBe(400);
    const account = { email, fullName: 'Eve', alias: 'eve' };
    expect((await mailing.call('POST', '/user', { json: account })).status).toBe(400);
    await mailing.signIn();
    await server.arrived(1);
    expect(server.mails.map(({ to }) => to)).toEqual([[user.email]]);
  });

  test('an address full of allowed punctuation is still one recipient', async () => {
    const email = "o'neil+a=b?c{d}|e~f*g#h$i%j!k/l&m^n_p`@example.test";
    await mailing.call('POST', '/user', { json: { email, fullName: 'O', alias: 'o' } });
    const { to, parsed } = await server.arrived(1);
    expect(to).toEqual([email]);
    expect([parsed.to].flat().flatMap((list) => list?.value.map(({ address }) => address))).toEqual([email]);
  });

  test('alias and name cannot reach a header or add markup', async () => {
    const account = { email: 'eve@example.test', fullName: 'Eve\r\nBcc: x@evil.test', alias: 'eve' };
    expect((await mailing.call('POST', '/user', { json: account })).status).toBe(400);
    const other = { email: 'eve@example.test', fullName: 'Eve', alias: 'eve\r\n.\r\nMAIL FROM:<x@evil.test>' };
    expect((await mailing.call('POST', '/user', { json: other })).status).toBe(400);
    await mailing.call('POST', '/user', { json: { email: 'eve@example.test', fullName: '</title><b>', alias: '<i>' } });
    const { parsed } = await server.arrived(1);
    expect(parsed.html).not.toMatch(/<[bi]>/);
  });

  test.each([
    ['markup', '<img src=x onerror=alert(1)>', /<img/],
    ['a link', 'Please call https://evil.test/now?a=b or www.evil.test', /evil\.test|https:/],
    ['an address', 'write to help@evil.test', /@evil/],
    ['a header', 'x\tBcc: eve@evil.test', /^Bcc/m],
    ['a very long text', 'a'.repeat(500), /a{125}/],
    ['a change of text direction', 'abc\u00e2\u0080\u00ae', /\u202e/],
  ])('a user agent with %s does no harm', async (_, agent, forbidden) => {
    await mailing.call('POST', '/session', { json: { email: user.email }, headers: { 'user-agent': agent } });
    const { parsed, to } = await server.arrived(1);
    expect(to).toEqual([user.email]);
    expect(parsed.headers.has('bcc')).toBe(false);
    for (const part of [parsed.text ?? '', String(parsed.html)]) expect(part).not.toMatch(forbidden);
    expect(codeIn(server.mails[0]!)).toMatch(/^\d{6}$/);
  });
});

describe('TLS and passwords', () => {
  const known = getCACertificates('default');
  const login = { user: 'ann@example.test', password: 'p/w d:@' };

  beforeAll(() => setDefaultCACertificates([...known, certificate]));
  afterAll(() => setDefaultCACertificates(known));

  test.each([
    ['STARTTLS if offered', { tls: 'starttls' }, {}],
    ['STARTTLS if required', { tls: 'starttls' }, { requireTls: true }],
    ['implicit TLS', { tls: 'implicit' }, { implicitTls: true }],
    ['STARTTLS and a password', { tls: 'starttls', login }, { requireTls: true, credentials: login }],
    ['implicit TLS and a password', { tls: 'implicit', login }, { implicitTls: true, credentials: login }],
  ] as const)('%s', async (_, offered, wanted) => {
    const server = keep(await startMailServer(offered));
    const mailing = await started(server, wanted);
    await mailing.signIn();
    expect(await server.arrived(1)).toMatchObject({ secure: true, user: 'login' in offered ? login.user : null });
  });

  test('without TLS, neither required-TLS mail nor a password is sent', async () => {
    const server = keep(await startMailServer({ tls: 'none', login }));
    const mailing = await started(server, { requireTls: true, credentials: login });
    await mailing.signIn();
    await eventually(() => expect(mailing.outcomes.length).toBeGreaterThan(2));
    expect(new Set(mailing.outcomes)).toEqual(new Set(['retried']));
    expect(mailing.api.mailState()).toEqual({ queued: 1, failing: true });
    expect(server.mails).toEqual([]);
  });

  test('a wrong password is a fault of the server, not of the mail, and is not shown', async () => {
    const server = keep(await startMailServer({ tls: 'starttls', login }));
    const mailing = await started(server, { credentials: { ...login, password: 'hunter2hunter2' } });
    await mailing.signIn();
    await eventually(() => expect(mailing.outcomes).toContain('retried'));
    expect(mailing.api.mailState()).toEqual({ queued: 1, failing: true });
    const line = mailing.lines.find(({ message }) => message === 'mail could not be sent yet');
    expect(line?.fields).toMatchObject({ error: 'EAUTH', reply: 535 });
    expect(JSON.stringify(mailing.lines)).not.toContain('hunter2hunter2');
  });
});

test.each([
  ['STARTTLS', { tls: 'starttls' }, {}],
  ['implicit TLS', { tls: 'implicit' }, { implicitTls: true }],
] as const)('an untrusted certificate is refused: %s', async (_, offered, wanted) => {
  const server = keep(await startMailServer(offered));
  const mailing = await started(server, wanted);
  await mailing.signIn();
  await eventually(() => expect(mailing.outcomes).toContain('retried'));
  expect(mailing.api.mailState()).toEqual({ queued: 1, failing: true });
  expect(server.mails).toEqual([]);
});
