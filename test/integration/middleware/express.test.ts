/** Rolegate as a part of Express, and of frameworks like it, which have their own ideas of a path. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Authorizer, createAuthorizer } from '../../../src/app/create-in-process.ts';
import { sendRaw } from '../../support/raw-client.ts';

let authorizer: Authorizer;
let server: Server;
let logged: string;

beforeEach(() => {
  logged = '';
  const write = (lines: string) => {
    logged += lines;
  };
  const config = {
    version: 1,
    authApi: { url: 'http://127.0.0.1:9' },
    roles: { user: {} },
    routes: [
      { id: 'open', match: { path: '/**' }, access: 'public' },
      { id: 'closed', match: { path: '/closed/**' }, access: ['user'] },
    ],
  };
  authorizer = createAuthorizer(config, { env: {}, logTo: { write } });
});
afterEach(async () => {
  server.close();
  server.closeAllConnections();
  await authorizer.close();
});

const send = (line: string) =>
  sendRaw((server.address() as AddressInfo).port, `${line} HTTP/1.1\r\nHost: a.test\r\n\r\n`);

test('what the application has set before a refusal is not in it', async () => {
  const middleware = authorizer.express();
  server = createServer((request, response) => {
    response.setHeader('X-Powered-By', 'something').setHeader('Set-Cookie', 'a=1');
    middleware(request, response, () => response.end('passed'));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const refused = await send('GET /closed/x');
  expect([refused.status, refused.header('x-powered-by'), refused.header('set-cookie')]).toEqual([
    401,
    undefined,
    undefined,
  ]);
  const passed = await send('GET /open');
  expect([passed.text(), passed.header('x-powered-by')]).toEqual(['passed', 'something']);
});

test('below a path of Express it refuses everything', async () => {
  const middleware = authorizer.express();
  server = createServer((request, response) => {
    Object.assign(request, { baseUrl: '/api', originalUrl: `/api${request.url}` });
    middleware(request, response, () => response.end('passed'));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  expect((await send('GET /open')).status).toBe(500);
});

test('below a path of a framework that has no base URL it refuses everything, too', async () => {
  const middleware = authorizer.express();
  server = createServer((request, response) => {
    // As connect, and what Fastify takes its middleware with, have it: the path is put back behind the middleware.
    Object.assign(request, { url: request.url!.slice('/api'.length), originalUrl: request.url });
    middleware(request, response, () => response.end('passed'));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  expect((await send('GET /api/open')).status).toBe(500);
});

test('Express serves no path that is like the decided one but for letter case', async () => {
  const asked: number[][] = [];
  for (const when of ['never', 'after', 'before']) {
    const app = express();
    if (when === 'before') app.enable('case sensitive routing');
    app.use(authorizer.express());
    // Its router is made by then, and takes no notice.
    if (when === 'after') app.enable('case sensitive routing');
    app.get(['/open', '/closed/x'], (_, response) => void response.end());
    server?.close();
    server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const answers = [await send('GET /open'), await send('GET /closed/x'), await send('GET /CLOSED/x')];
    asked.push(answers.map(({ status }) => status));
  }
  expect(asked).toEqual([
    [500, 500, 500],
    [500, 500, 500],
    [200, 401, 404],
  ]);
  expect(logged).toContain("app.enable('case sensitive routing')");
});
