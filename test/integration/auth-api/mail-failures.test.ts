/**
 * Mail servers that are down, crash, refuse, defer or stay silent: responses do not wait for them, and no code is lost
 * early.
 */
import { afterEach, describe, expect, test } from 'vitest';
import { freePort } from '../../support/free-port.ts';
import { type MailServerOptions, startBrokenMailServer, startMailServer } from '../../support/mail-server.ts';
import { startGateway } from '../../support/running-gateway.ts';
import { codeIn, eventually, mailConfig, startMailing } from './mail-support.ts';

const running: { close(): Promise<void> }[] = [];

function keep<Server extends { close(): Promise<void> }>(server: Server): Server {
  running.push(server);
  return server;
}

async function started(port: number, options: Parameters<typeof startMailing>[1] = {}) {
  const mailing = await startMailing(mailConfig(port), options);
  keep(mailing.api);
  return mailing;
}

afterEach(async () => {
  for (const server of running.splice(0).reverse()) await server.close();
});

test('a server that is down at the start gets the mail once it is up', async () => {
  const port = await freePort();
  const mailing = await started(port);
  const { status, body } = await mailing.signIn();
  expect(status).toBe(202);
  await eventually(() => expect(mailing.api.mailState()).toEqual({ queued: 1, failing: true }));
  const health = await fetch(`http://127.0.0.1:${mailing.port}/health/ready`);
  expect([health.status, await health.json()]).toEqual([
    200,
    { status: 'ok', checks: { store: 'ok', redis: 'not configured', mail: 'down' } },
  ]);
  const server = keep(await startMailServer({ port }));
  const json = { verificationCodeID: body['verificationCodeID'], code: codeIn(await server.arrived(1)) };
  expect((await mailing.call('PUT', '/session/verification', { json })).status).toBe(202);
  await eventually(() => expect(mailing.api.mailState()).toEqual({ queued: 0, failing: false }));
  expect(mailing.outcomes.at(-1)).toBe('sent');
});

test('a server that crashes in the middle of a mail gets it again', async () => {
  const dying = await startBrokenMailServer('dies');
  const mailing = await started(dying.port);
  await mailing.signIn();
  await eventually(() => expect(mailing.outcomes).toContain('retried'));
  await dying.close();
  const server = keep(await startMailServer({ port: dying.port }));
  await server.arrived(1);
  await eventually(() => expect(mailing.api.mailState()).toEqual({ queued: 0, failing: false }));
  expect(server.mails).toHaveLength(1);
});

test('every waiting mail arrives once the server is up', async () => {
  const port = await freePort();
  const mailing = await started(port);
  const accounts = ['a', 'b', 'c', 'd', 'e'].map((alias) => ({
    email: `${alias}@example.test`,
    fullName: alias,
    alias,
  }));
  for (const json of accounts) await mailing.call('POST', '/user', { json });
  await eventually(() => expect(mailing.api.mailState()).toEqual({ queued: 5, failing: true }));
  const server = keep(await startMailServer({ port }));
  await server.arrived(5);
  expect(server.mails.flatMap(({ to }) => to).sort()).toEqual(accounts.map(({ email }) => email));
});

describe("a server's response to a mail", () => {
  const refusing = (
    stage: 'recipient' | 'text',
    reply: number,
    times = Infinity,
  ): Required<MailServerOptions>['judge'] => {
    return (at, count) => (at === stage && count < times ? { reply, text: 'not ana@example.test' } : null);
  };

  test.each([
    ['the recipient', 'recipient', 550],
    ['the text', 'text', 554],
  ] as const)('refuses %s: not retried', async (_, stage, reply) => {
    const server = keep(await startMailServer({ judge: refusing(stage, reply, 1) }));
    const mailing = await started(server.port);
    await mailing.signIn();
    await eventually(() => expect(mailing.outcomes).toEqual(['refused']));
    expect(mailing.api.mailState()).toEqual({ queued: 0, failing: false });
    expect(mailing.lines.at(-1)).toMatchObject({ level: 'error', fields: { reply, outcome: 'refused', attempts: 1 } });
    expect(JSON.stringify(mailing.lines)).not.toContain('ana@example.test');
    await mailing.signIn();
    await server.arrived(1);
  });

  test.each([
    ['the recipient (greylisting)', 'recipient', 450],
    ['the text', 'text', 451],
  ] as const)('defers %s: retried', async (_, stage, reply) => {
    const server = keep(await startMailServer({ judge: refusing(stage, reply, 2) }));
    const mailing = await started(server.port);
    await mailing.signIn();
    await server.arrived(1);
    await eventually(() => expect(mailing.outcomes).toEqual(['retried', 'retried', 'sent']));
    expect(server.mails).toHaveLength(1);
  });

  test('one deferred mail does not delay another', async () => {
    const server = keep(await startMailServer({ judge: refusing('recipient', 450, 1) }));
    const mailing = await started(server.port, { limits: { firstPauseMs: 60_000, maxPauseMs: 60_000 } });
    await mailing.signIn();
    await eventually(() => expect(mailing.outcomes).toEqual(['retried']));
    await mailing.call('POST', '/user', { json: { email: 'eve@example.test', fullName: 'Eve', alias: 'eve' } });
    expect((await server.arrived(1)).to).toEqual(['eve@example.test']);
    await eventually(() => expect(mailing.api.mailState()).toEqual({ queued: 1, failing: false }));
  });

  test('a mail is dropped when its code expires', async () => {
    let laterMs = 0;
    const server = keep(await startMailServer({ judge: refusing('recipient', 450) }));
    const mailing = await started(server.port, { now: () => Date.now() + laterMs });
    await mailing.signIn();
    await eventually(() => expect(mailing.outcomes.length).toBeGreaterThan(1));
    laterMs = 600_000;
    await eventually(() => expect(mailing.outcomes.at(-1)).toBe('expired'));
    expect(mailing.api.mailState()?.queued).toBe(0);
  });
});

test('a silent server delays neither a response nor closing', async () => {
  const silent = keep(await startBrokenMailServer('silent'));
  const mailing = await started(silent.port, { limits: { connectMs: 60_000, silenceMs: 60_000, attemptMs: 60_000 } });
  const answers = await Promise.all(Array.from({ length: 20 }, () => mailing.signIn()));
  expect(answers.map(({ status }) => status)).toEqual(new Array(20).fill(202));
  await eventually(() => expect(silent.connections()).toBeGreaterThan(0));
  // It would wait for a minute, longer than this test's timeout.
  await mailing.api.close();
  expect(mailing.outcomes).toEqual(new Array(20).fill('abandoned'));
  expect(mailing.lines.at(-1)).toMatchObject({ level: 'warn', fields: { mails: 20 } });
});

test('a silent server is given up after a while', async () => {
  const silent = keep(await startBrokenMailServer('silent'));
  const mailing = await started(silent.port, { limits: { connectMs: 100, attemptMs: 200 } });
  await mailing.signIn();
  await eventually(() => expect(mailing.outcomes.length).toBeGreaterThan(1));
  expect(mailing.api.mailState()).toEqual({ queued: 1, failing: true });
});

test('a full queue drops its oldest mail', async () => {
  const port = await freePort();
  const mailing = await started(port, { limits: { capacity: 3, firstPauseMs: 500, maxPauseMs: 500 } });
  for (const alias of ['a', 'b', 'c', 'd', 'e']) {
    await mailing.call('POST', '/user', { json: { email: `${alias}@example.test`, fullName: alias, alias } });
    expect(mailing.api.mailState()?.queued).toBeLessThanOrEqual(3);
  }
  expect(mailing.outcomes.filter((outcome) => outcome === 'dropped')).toHaveLength(2);
  const server = keep(await startMailServer({ port }));
  await server.arrived(3);
  expect(server.mails.flatMap(({ to }) => to)).toContain('e@example.test');
});

test('closing waits for mail that can be sent', async () => {
  const server = keep(await startMailServer());
  const mailing = await started(server.port, { limits: { graceMs: 5_000 } });
  await Promise.all(Array.from({ length: 10 }, () => mailing.signIn()));
  await mailing.api.close();
  expect(server.mails).toHaveLength(10);
  expect(mailing.outcomes).toEqual(new Array(10).fill('sent'));
});

test('closing does not wait for mail to a dead server', async () => {
  const mailing = await started(await freePort(), { limits: { graceMs: 60_000 } });
  await mailing.signIn();
  await eventually(() => expect(mailing.api.mailState()?.failing).toBe(true));
  // Its grace period exceeds this test's timeout.
  await mailing.api.close();
  expect(mailing.outcomes.at(-1)).toBe('abandoned');
});

test('a gateway with an embedded Auth API shows its mail in metrics and readiness', async () => {
  const port = await freePort();
  const gateway = keep(
    await startGateway(`version: 1
server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0" }
authApi:
  embedded:
    database: ":memory:"
    secret: "0123456789abcdef0123456789abcdef"
    selfRegistration: true
    mail: { smtp: "smtp://localhost:${port}", from: "Rolegate <no-reply@example.test>" }
routes: [{ id: auth, match: { path: "/api/auth/v2/**" }, upstream: auth-api, access: public }]
`),
  );
  const ready = async () =>
    (await (await fetch(`${gateway.admin}/health/ready`)).json()) as { checks: { mail: string } };
  expect((await ready()).checks.mail).toBe('ok');
  const answer = await fetch(`${gateway.origin}/api/auth/v2/user`, {
    method: 'POST',
    body: JSON.stringify({ email: 'ana@example.test', fullName: 'Ana', alias: 'ana' }),
  });
  expect(answer.status).toBe(202);
  await eventually(async () => expect((await ready()).checks.mail).toBe('down'));
  expect(await gateway.metrics()).toMatch(/^rolegate_auth_mail_queue 1$/m);
  const server = keep(await startMailServer({ port }));
  await server.arrived(1);
  await eventually(async () => {
    const metrics = await gateway.metrics();
    expect(metrics).toMatch(/^rolegate_auth_mails_total\{outcome="sent"\} 1$/m);
    expect(metrics).toMatch(/^rolegate_auth_mail_queue 0$/m);
    expect(metrics).toMatch(/^rolegate_auth_mail_failing 0$/m);
  });
  expect((await ready()).checks.mail).toBe('ok');
  expect(gateway.logText()).not.toContain('ana@example.test');
});
