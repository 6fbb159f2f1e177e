/** Bodies through nginx with its printed configuration: as large as the routes of Rolegate accept, and no larger. */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { parseConfig } from '../../src/config/parse-config.ts';
import { startGateway } from '../support/running-gateway.ts';
import { requireProduct, startAskingProxy } from './support/asking-proxy.ts';

const mebibyte = 1024 * 1024;

beforeAll(() => requireProduct('nginx'));

/** Sends a body through nginx; returns the status and whether the service received all of it. */
async function post(bytes: number, { maxBody = '', edit = (printed: string) => printed } = {}) {
  const received = createHash('sha256');
  const service = createServer(async (request, response) => {
    for await (const part of request) received.update(part);
    response.end('served');
  });
  await once(service.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => void service.close());
  const origin = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
  const text = `version: 1
server: { listen: "127.0.0.1:0", admin: false }
authorizer: { listen: "127.0.0.1:0", dialects: { nginx: /nginx } }
authApi: { url: "http://127.0.0.1:9" }
upstreams: { service: { targets: ["${origin}"] } }
routes:
  - { id: files, match: { path: "/files/**" }, access: public, upstream: service${maxBody} }
  - { id: small, match: { path: "/small" }, access: public, upstream: service, maxBody: 1kb }
`;
  const gateway = await startGateway(text);
  onTestFinished(() => gateway.close());
  const read = parseConfig(text, { file: 'gateway.yaml', env: {}, readSecret: () => '' });
  if (!read.ok) throw new Error('the configuration of this test has problems');
  const nginx = await startAskingProxy('nginx', read.config, { service: origin, ports: gateway }, edit);
  onTestFinished(() => nginx.stop());
  const body = randomBytes(bytes);
  const { status } = await fetch(`http://127.0.0.1:${nginx.port}/files/x`, { method: 'POST', body });
  return { status, whole: received.digest('hex') === createHash('sha256').update(body).digest('hex') };
}

test('one of 5 MiB arrives, if no route limits it', async () => {
  expect(await post(5 * mebibyte)).toEqual({ status: 200, whole: true });
});

test('one beyond the largest limit of the routes is refused', async () => {
  expect(await post(2 * mebibyte, { maxBody: ', maxBody: 3mb' })).toEqual({ status: 200, whole: true });
  expect(await post(5 * mebibyte, { maxBody: ', maxBody: 3mb' })).toEqual({ status: 413, whole: false });
});

test('control: without the line, nginx refuses one of 2 MiB', async () => {
  const edit = (printed: string) => printed.replace(/^ *client_max_body_size .*\n/m, '');
  expect(await post(2 * mebibyte, { edit })).toEqual({ status: 413, whole: false });
});
