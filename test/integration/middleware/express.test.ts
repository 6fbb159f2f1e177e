/** Rolegate as a part of Express, and of similar frameworks with their own notion of a path. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import Fastify, { type FastifyPluginCallback, type FastifyServerOptions } from 'fastify';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Authorizer, createAuthorizer } from '../../../src/app/create-in-process.ts';
import { sendRaw } from '../../support/raw-client.ts';

let authorizer: Authorizer;
let server: Server;

beforeEach(() => {
  const config = {
    version: 1,
    authApi: { url: 'http://127.0.0.1:9' },
    roles: { user: {} },
    routes: [
      { id: 'open', match: { path: '/**' }, access: 'public' },
      { id: 'closed', match: { path: '/closed/**' }, access: ['user'] },
      { id: 'loud', match: { path: '/Loud/**' }, access: ['user'] },
    ],
  };
  authorizer = createAuthorizer(config, { env: {}, logTo: { write: () => {} } });
});
afterEach(async () => {
  server.close();
  server.closeAllConnections();
  await authorizer.close();
});

const send = (line: string) =>
  sendRaw((server.address() as AddressInfo).port, `${line} HTTP/1.1\r\nHost: a.test\r\n\r\n`);

test('a refusal contains nothing that the application set before', async () => {
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

test('refuses everything below a mount path in Express', async () => {
  const middleware = authorizer.express();
  server = createServer((request, response) => {
    Object.assign(request, { baseUrl: '/api', originalUrl: `/api${request.url}` });
    middleware(request, response, () => response.end('passed'));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  expect((await send('GET /open')).status).toBe(500);
});

test('also refuses everything below a mount path in a framework without a base URL', async () => {
  const middleware = authorizer.express();
  server = createServer((request, response) => {
    // As connect and Fastify's middleware support do: the path is restored after the middleware.
    Object.assign(request, { url: request.url!.slice('/api'.length), originalUrl: request.url });
    middleware(request, response, () => response.end('passed'));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  expect((await send('GET /api/open')).status).toBe(500);
});

type Pages = Pick<express.Router, 'get'>;
const addPages = (router: Pages, below = '') =>
  router.get([`${below}/open`, `${below}/closed/x`, `${below}/Loud/x`], (request, response) => {
    response.end(request.rolegate?.route);
  });

/** Applications whose letter case differs from that of the rules. */
const applications: Readonly<Record<string, () => Server | Promise<Server>>> = {
  'Express as it is by default'() {
    const app = express();
    app.use(authorizer.express());
    addPages(app);
    return createServer(app);
  },
  'a router of Express below one that counts case'() {
    const app = express();
    app.enable('case sensitive routing');
    app.use(authorizer.express());
    const router = express.Router();
    addPages(router);
    app.use('/', router);
    return createServer(app);
  },
  'an application of Express in another'() {
    const app = express();
    app.enable('case sensitive routing');
    app.use(authorizer.express());
    const inner = express();
    addPages(inner);
    app.use('/', inner);
    return createServer(app);
  },
  'Express on a server that is protected'() {
    const app = express();
    addPages(app);
    return authorizer.protect(createServer(app));
  },
  'Express that is added to a server that is protected'() {
    const made = authorizer.protect(createServer());
    const app = express();
    addPages(app);
    made.on('request', app);
    return made;
  },
  'another router on a server that is protected'() {
    const pages = express.Router();
    addPages(pages);
    const listener = (request: IncomingMessage, response: ServerResponse) =>
      pages(request as express.Request, response as express.Response, () => response.writeHead(404).end());
    return authorizer.protect(createServer(listener));
  },
  async 'Fastify without case'() {
    return await startFastify({ caseSensitive: false });
  },
  async 'Fastify without case, by the options of its router'() {
    return await startFastify({ routerOptions: { caseSensitive: false } });
  },
};

async function startFastify(options: FastifyServerOptions): Promise<Server> {
  const app = Fastify(options);
  await app.register(authorizer.fastify as FastifyPluginCallback);
  for (const path of ['/open', '/closed/x', '/Loud/x'])
    app.get(path, (request, reply) => reply.send(request.raw.rolegate?.route));
  await app.ready();
  return app.server;
}

test.each(Object.keys(applications))("%s serves no path under another path's rule", async (name) => {
  server = (await applications[name]!()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const answers: Record<string, readonly [number, string]> = {};
  for (const path of [
    '/open',
    '/Open',
    '/closed/x',
    '/CLOSED/x',
    '/closed/X',
    '/%43losed/x',
    '/Loud/x',
    '/loud/x',
    '/lou%44/x',
  ]) {
    const answer = await send(`GET ${path}`);
    answers[path] = [answer.status, answer.status === 200 ? answer.text() : JSON.parse(answer.text()).code];
  }
  expect(answers).toEqual({
    '/open': [200, 'open'],
    '/Open': [200, 'open'],
    '/closed/x': [401, 'credential_missing'],
    '/CLOSED/x': [400, 'path_ambiguous'],
    '/closed/X': [401, 'credential_missing'],
    '/%43losed/x': [400, 'path_ambiguous'],
    '/Loud/x': [401, 'credential_missing'],
    '/loud/x': [400, 'path_ambiguous'],
    '/lou%44/x': [400, 'path_ambiguous'],
  });
});
