/**
 * `docs/examples/server/report.mjs` with a real key pair, through a gateway, with a service that fails now and then.
 */
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createConfigFolder } from '../../support/config-folder.ts';
import { type RecordingUpstream, startRecordingUpstream } from '../../support/recording-upstream.ts';
import { runCommand } from '../../support/running-command.ts';
import { type ExampleGateway, startExampleGateway } from './example-gateway.ts';

const uuid = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const folder = createConfigFolder();
let gateway: ExampleGateway;
let service: RecordingUpstream;
let pair: { readonly apiKey: string; readonly apiSecret: string };
/** The service's next responses; empty: 200. */
let failures: { status: number; rawHeaders?: string[] }[] = [];

beforeAll(async () => {
  service = await startRecordingUpstream({ answer: () => failures.shift() ?? { body: 'seven' } });
  gateway = await startExampleGateway(service.origin);
  pair = await makePair();
});
beforeEach(() => {
  failures = [];
  service.clear();
});
afterAll(async () => {
  await gateway.stop();
  await service.close();
  folder.remove();
});

async function makePair(): Promise<typeof pair> {
  let bearer: string | null = null;
  const call = async (method: string, path: string, body: object) => {
    const answer = await fetch(`${gateway.origin}/api/auth/v2${path}`, {
      method,
      headers: {
        'content-type': 'application/json',
        ...(bearer === null ? {} : { authorization: `Bearer ${bearer}` }),
      },
      body: JSON.stringify(body),
    });
    expect(answer.status, path).toBe(202);
    return (await answer.json()) as { bearer: string; verificationCodeID: string; apiKey: string; apiSecret: string };
  };
  const prove = async (path: string, id: string) =>
    call('PUT', path, { verificationCodeID: id, code: await gateway.codeOf(id) });
  const opened = await call('POST', '/user', { email: 'ann@example.test', fullName: 'Ann Example', alias: 'ann' });
  await prove('/session/verification', opened.verificationCodeID);
  bearer = opened.bearer;
  const made = await call('POST', '/keypair', { name: 'report', days: 1 });
  await prove('/keypair/verification', made.verificationCodeID);
  return made;
}

async function report(env: NodeJS.ProcessEnv = {}, ...args: string[]) {
  const command = runCommand(process.execPath, ['docs/examples/server/report.mjs', ...args], {
    ROLEGATE_URL: gateway.origin,
    ROLEGATE_API_KEY: pair.apiKey,
    ROLEGATE_API_SECRET: pair.apiSecret,
    ...env,
  });
  const code = await command.ended;
  expect(command.output()).not.toContain(pair.apiSecret);
  return { code, output: command.output() };
}

test('prints the response; the service receives the identity, and no secret', async () => {
  expect(await report()).toEqual({ code: 0, output: 'seven\n' });
  expect(service.last().header('user-id')[0]).toMatch(new RegExp(`^${uuid}$`));
  expect(service.last().rawHeaders.join()).not.toContain(pair.apiSecret);
});

test('reads the secret from a file', async () => {
  const file = folder.write('secret', '');
  writeFileSync(file, `${pair.apiSecret}\n`);
  expect((await report({ ROLEGATE_API_SECRET: '', ROLEGATE_API_SECRET_FILE: file })).code).toBe(0);
});

test.each([429, 502, 503, 504])('%i: waits as instructed, and retries', async (status) => {
  failures = [{ status, rawHeaders: ['retry-after', '0'] }, { status }];
  const { code, output } = await report();
  expect(code, output).toBe(0);
  expect(output).toMatch(new RegExp(`^${status} .*x-error-id ${uuid}; try 2 of 5 in 0\\.0 s$`, 'm'));
  expect(output).toMatch(/try 3 of 5 in (0\.[5-9]|1\.0) s$/m);
  expect(output).toMatch(/^seven$/m);
});

test('gives up after five tries', async () => {
  failures = Array.from({ length: 6 }, () => ({ status: 503, rawHeaders: ['retry-after', '0'] }));
  const { code, output } = await report();
  expect([code, service.requests.length]).toEqual([1, 5]);
  expect(output).toMatch(new RegExp(`^/orders/7: 503 .*x-error-id ${uuid}$`, 'm'));
});

test('does not wait longer than a minute', async () => {
  failures = [{ status: 503, rawHeaders: ['retry-after', '3600'] }];
  expect([(await report()).code, service.requests.length]).toEqual([1, 1]);
});

test.each([
  ['a wrong secret', { ROLEGATE_API_SECRET: 'wrong' }, '/orders/7', /: 401 The credential is not valid \(make a new/],
  ['no route', {}, '/nowhere', /: 404 There is no such resource,/],
] as const)('%s: no retry, and an error id that the log contains', async (_, env, path, says) => {
  const { code, output } = await report(env, path);
  expect([code, service.requests.length]).toEqual([1, 0]);
  expect(output).toMatch(says);
  expect(output).not.toContain('try 2');
  const id = new RegExp(`x-error-id (${uuid})`).exec(output)![1]!;
  await expect.poll(gateway.output).toContain(`"errorId":"${id}"`);
});

test('does not follow a redirect, which would forward the pair', async () => {
  failures = [{ status: 302, rawHeaders: ['location', `${service.origin}/elsewhere`] }];
  expect([(await report()).code, service.requests.length]).toEqual([1, 1]);
});

test('without a pair, it explains what to set', async () => {
  const { code, output } = await report({ ROLEGATE_API_KEY: '' });
  expect([code, output]).toEqual([2, expect.stringContaining('ROLEGATE_API_KEY')]);
});
