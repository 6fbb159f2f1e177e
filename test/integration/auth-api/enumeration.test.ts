/** With `revealUnknownEmail: false`, nothing distinguishes a known address from an unknown one. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, onTestFinished, test } from 'vitest';
import { startAuthApi, testSettings } from './start-auth-api.ts';

/** Sends requests from a separate thread, which continues while the Auth API's thread is blocked. */
const client = `
const { request } = require('node:http');
const { workerData } = require('node:worker_threads');
const seen = new Int32Array(workerData.seen);
const options = { port: workerData.port, path: '/api/auth/v2/session', method: 'POST' };
request(options, (response) => response.resume().on('end', () => {
  Atomics.store(seen, 0, response.statusCode);
  Atomics.notify(seen, 0);
})).end('{"email":"ana@example.test"}');
`;

test('mail is handed over after the client has its response, however long that takes', async () => {
  const seen = new Int32Array(new SharedArrayBuffer(4));
  const mailed = Promise.withResolvers<string>();
  const { api, port } = await startAuthApi({
    settings: { ...testSettings, revealUnknownEmail: false },
    mailDelayMs: 1,
    printCode: () => mailed.resolve(Atomics.wait(seen, 0, 0, 10_000)),
  });
  onTestFinished(() => api.close());
  const worker = new Worker(client, { eval: true, workerData: { port, seen: seen.buffer } });
  const ended = once(worker, 'exit');
  expect(await mailed.promise).not.toBe('timed-out');
  expect(Atomics.load(seen, 0)).toBe(202);
  await ended;
});

test('mail waiting to be handed over leaves when the Auth API closes', async () => {
  const { api, port, mails } = await startAuthApi({ mailDelayMs: 3_600_000 });
  const response = await fetch(`http://127.0.0.1:${port}/api/auth/v2/session`, {
    method: 'POST',
    body: '{"email":"ana@example.test"}',
  });
  expect(response.status).toBe(202);
  expect(mails).toEqual([]);
  await api.close();
  expect(mails).toHaveLength(1);
});

test.each(['/session', '/session/device', '/user', '/user/verification'])(
  'a request beyond the budget of its client does not wait for a step: POST %s',
  async (path) => {
    const limits = { ...testSettings.limits, requestsPerClient: 0 };
    const { api, port } = await startAuthApi({ settings: { ...testSettings, revealUnknownEmail: false, limits } });
    onTestFinished(() => api.close());
    const account = { email: 'ben@example.test', fullName: 'Ben', alias: 'ben', verificationCodeID: randomUUID() };
    const ms: number[] = [];
    for (let at = 0; at < 30; at += 1) {
      const startMs = performance.now();
      const { status } = await fetch(`http://127.0.0.1:${port}/api/auth/v2${path}`, {
        method: 'POST',
        body: JSON.stringify(account),
      });
      ms.push(performance.now() - startMs);
      expect(status).toBe(429);
    }
    // The fastest, because other work on the machine can only make them slower.
    expect(Math.min(...ms)).toBeLessThan(10);
  },
);
