/**
 * Applications with `rolegate/middleware`, one per framework. Each starts a server for every configuration in its
 * arguments, prints the ports, and returns what its handler sees of a request in `x-seen`. It ends with its input.
 */

const shared = `import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Authorizer, createAuthorizer, type Grant } from 'rolegate/middleware';

function seen({ method, url, rawHeaders, rolegate }: IncomingMessage): string {
  return Buffer.from(JSON.stringify({ method, url, rawHeaders, grant: rolegate ?? null })).toString('base64');
}

const authorizers: Authorizer[] = [];
const ports: number[] = [];
const closers: (() => Promise<unknown>)[] = [];
for (const file of process.argv.slice(2)) {
  const authorizer = createAuthorizer(file);
  authorizers.push(authorizer);
  ports.push(await start(authorizer));
}
console.log(\`ports \${ports.join(' ')}\`);
process.stdin.resume();
process.stdin.once('end', async () => {
  await Promise.all(closers.map((close) => close()));
  await Promise.all(authorizers.map((authorizer) => authorizer.close()));
  console.log('closed');
});

function portOf(server: { address(): AddressInfo | string | null }): number {
  return (server.address() as AddressInfo).port;
}
`;

export const middlewarePrograms: Readonly<Record<string, string>> = {
  'node-http': `import { createServer } from 'node:http';
${shared}
async function start(authorizer: Authorizer): Promise<number> {
  const server = createServer((request, response) => {
    response.writeHead(200, { 'x-seen': seen(request) }).end();
  });
  authorizer.protect(server).listen(0, '127.0.0.1');
  closers.push(async () => {
    server.close();
    server.closeAllConnections();
  });
  await new Promise((listening) => server.once('listening', listening));
  return portOf(server);
}
`,
  express: `import type { Server } from 'node:http';
import express from 'express';
${shared}
async function start(authorizer: Authorizer): Promise<number> {
  const app = express();
  app.use(authorizer.express());
  app.use((request, response) => {
    const grant: Grant | undefined = request.rolegate;
    response.set('x-seen', grant === undefined ? '' : seen(request)).end();
  });
  const server = await new Promise<Server>((listening) => {
    const made: Server = app.listen(0, '127.0.0.1', () => listening(made));
  });
  closers.push(async () => {
    server.close();
    server.closeAllConnections();
  });
  return portOf(server);
}
`,
  fastify: `import Fastify from 'fastify';
${shared}
async function start(authorizer: Authorizer): Promise<number> {
  const app = Fastify({ forceCloseConnections: true });
  app.register(authorizer.fastify);
  app.setNotFoundHandler((request, reply) => {
    reply.code(200).header('x-seen', seen(request.raw)).send();
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
  closers.push(() => app.close());
  return portOf(app.server);
}
`,
  hono: `import type { Server } from 'node:http';
import { createAdaptorServer, type HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
${shared}
async function start(authorizer: Authorizer): Promise<number> {
  const app = new Hono<{ Bindings: HttpBindings; Variables: { rolegate: Grant } }>();
  app.use(authorizer.hono());
  app.all('*', (context) => {
    const { userId } = context.get('rolegate').identity ?? { userId: null };
    if (userId !== (context.req.header('user-id') ?? null)) throw new Error('another identity');
    return context.body(null, 200, { 'x-seen': seen(context.env.incoming) });
  });
  const server = authorizer.protect(createAdaptorServer({ fetch: app.fetch }) as Server).listen(0, '127.0.0.1');
  closers.push(async () => {
    server.close();
    server.closeAllConnections();
  });
  await new Promise((listening) => server.once('listening', listening));
  return portOf(server);
}
`,
};
