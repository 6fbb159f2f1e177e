/**
 * Clients that do not read: responses waiting for them are dropped after a while, however they were produced; clients
 * that merely wait are not affected.
 */
import { setTimeout } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { openRaw } from '../support/raw-client.ts';
import { startRecordingUpstream } from '../support/recording-upstream.ts';
import { startProxy } from '../support/running-proxy.ts';
import { get, unreadingClients } from './support/unreading-clients.ts';

const { running, open } = unreadingClients();

test('complete responses that are not read do not wait forever', async () => {
  const upstream = await startRecordingUpstream({ answer: () => ({ body: Buffer.alloc(60_000) }) });
  running.push(upstream);
  const proxy = await startProxy({ targets: [upstream.origin], unreadMs: 300 });
  running.push(proxy);
  const patient = await startProxy({ targets: [upstream.origin], unreadMs: 60_000 });
  running.push(patient);
  // Several connections of a hundred responses each: more than the system buffers for a client.
  for (const { port } of [patient, proxy, patient, proxy, patient, proxy, patient, proxy]) {
    open(port).write(get.repeat(100));
  }
  await vi.waitFor(() => expect(proxy.records.length).toBeGreaterThan(0));
  await vi.waitFor(() => expect(proxy.proxy.inFlight).toBe(0));
  expect(proxy.records.some(({ aborted }) => aborted)).toBe(true);
  // Control: with a long timeout for reading, responses of as many clients still wait.
  expect(patient.proxy.inFlight).toBeGreaterThan(0);
});

test('a connection of successive unread responses ends too, unlike one that is read', async () => {
  const upstream = await startRecordingUpstream({ answer: () => ({ body: Buffer.alloc(60_000) }) });
  running.push(upstream);
  const proxy = await startProxy({ targets: [upstream.origin], unreadMs: 300 });
  running.push(proxy);
  const socket = open(proxy.port);
  // Response after response, until the system accepts no more for the client.
  for (let sent = 1; sent <= 1_000 && proxy.records.at(-1)?.aborted !== true; sent += 1) {
    socket.write(get);
    await vi.waitFor(() => expect(proxy.records.length).toBe(sent), { interval: 1 });
  }
  expect(proxy.records.at(-1)).toMatchObject({ aborted: true });
  expect(proxy.proxy.connections()).toBe(0);
});

/** Read by `node:http`, while the first is read on the socket. */
const odd = get.replace('\r\n\r\n', '\r\nConnection: keep-alive, x\r\n\r\n');

test.each([
  [get, 'x'],
  [get, get],
  [odd, 'x'],
  [odd, get],
])('after %j, bytes from the client (%j) do not count as reading', async (asked, word) => {
  const upstream = await startRecordingUpstream({ answer: () => ({ body: Buffer.alloc(60_000) }) });
  running.push(upstream);
  const proxy = await startProxy({ targets: [upstream.origin], unreadMs: 4_000 });
  running.push(proxy);
  const socket = open(proxy.port);
  // Response after response, until the system accepts no more for the client.
  const taken = (sent: number) =>
    vi
      .waitFor(() => expect(proxy.records.length).toBe(sent), { timeout: 2_000, interval: 1 })
      .then(
        () => true,
        () => false,
      );
  let sent = 0;
  do {
    socket.write(asked);
    sent += 1;
  } while ((await taken(sent)) && sent < 1_000);
  expect(proxy.proxy.inFlight).toBe(1);
  const talking = setInterval(() => socket.write(word), 50);
  try {
    await vi.waitFor(() => expect(proxy.proxy.connections()).toBe(0));
  } finally {
    clearInterval(talking);
  }
  expect(proxy.records.at(-1)).toMatchObject({ aborted: true });
});

test('a client that waits for a slow response, or idles between two requests, is not affected', async () => {
  const upstream = await startRecordingUpstream({
    answer: async () => {
      await setTimeout(700);
      return { body: 'at last' };
    },
  });
  running.push(upstream);
  const proxy = await startProxy({ targets: [upstream.origin], unreadMs: 200 });
  running.push(proxy);
  const client = await openRaw(proxy.port);
  for (let i = 0; i < 2; i += 1) {
    client.write(get);
    expect((await client.answer()).text()).toBe('at last');
    await setTimeout(400);
  }
  client.destroy();
});

test('an idle connection still ends', async () => {
  const upstream = await startRecordingUpstream();
  running.push(upstream);
  const proxy = await startProxy({ targets: [upstream.origin], limits: { keepAliveTimeoutMs: 100 } });
  running.push(proxy);
  const client = await openRaw(proxy.port);
  client.write(get);
  await client.answer();
  expect(await client.closed()).toBe('end');
});
