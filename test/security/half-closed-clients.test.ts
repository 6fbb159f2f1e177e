/** A client that half-closes in the middle of a response: a truncated response does not look complete. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { expect, test, vi } from 'vitest';
import { closedAfterEach } from '../support/closed-after-each.ts';
import { startRecordingUpstream } from '../support/recording-upstream.ts';
import { startProxy } from '../support/running-proxy.ts';
import { startNodeServer } from './support/node-server.ts';

const running = closedAfterEach();

test('a response delimited by the connection is reset', async () => {
  const upstream = await startRecordingUpstream({
    answer: (_, { response }) => {
      response.write('half of ');
      return undefined;
    },
  });
  running.push(upstream);
  const proxy = await startProxy({ targets: [upstream.origin] });
  running.push(proxy);
  const client = connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true });
  client.write('GET /a HTTP/1.0\r\nHost: a\r\n\r\n');
  let received = '';
  client.on('data', (chunk) => {
    received += chunk.toString('latin1');
  });
  await vi.waitFor(() => expect(received).toContain('half of '));
  const failed = once(client, 'error');
  client.end();
  expect((await failed)[0]).toMatchObject({ code: 'ECONNRESET' });
  await vi.waitFor(() => expect(upstream.last().aborted).toBe(true));
  await vi.waitFor(() => expect(proxy.records.map(({ aborted }) => aborted)).toEqual([true]));
});

test('control: a gateway that also half-closes makes half a response look complete', async () => {
  const server = createServer((_, res) => res.write('half of '));
  const naive = await startNodeServer(server);
  running.push(naive);
  const client = connect({ port: naive.port, host: '127.0.0.1', allowHalfOpen: true });
  client.write('GET /a HTTP/1.0\r\nHost: a\r\n\r\n');
  let received = '';
  let failed: unknown = null;
  client.on('error', (error) => {
    failed = error;
  });
  client.on('data', (chunk) => {
    received += chunk.toString('latin1');
  });
  await vi.waitFor(() => expect(received).toContain('half of '));
  const ended = once(client, 'end');
  client.end();
  await ended;
  expect(failed).toBe(null);
  // Without a length, and closed cleanly: for the client it is complete (RFC 9112 section 6.3).
  expect(received).toMatch(/\r\n\r\nhalf of $/);
  expect(received).not.toMatch(/content-length|transfer-encoding/i);
});
