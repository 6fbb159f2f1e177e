/** Sign-in inside an application: the middleware serves its pages itself, and the application sees only requests with a session. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import express from 'express';
import { expect, test } from 'vitest';
import { createAuthorizer } from '../../../src/app/create-in-process.ts';
import { closedAfterEach } from '../../support/closed-after-each.ts';
import { CookieBrowser } from '../../support/cookie-browser.ts';
import { freePort } from '../../support/free-port.ts';
import { startOpenidProvider, webSecret } from '../../support/openid-provider.ts';

const running = closedAfterEach();

test('a person signs in, uses the application, and signs out', async () => {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const openid = await startOpenidProvider({}, { redirect_uris: [`${origin}/.rolegate/callback/corp`] });
  running.push(openid);
  const corp = { issuer: openid.issuer, clientId: 'web', clientSecret: webSecret, scopes: ['openid', 'profile'] };
  const authorizer = createAuthorizer(
    {
      version: 1,
      cache: { secret: 'a secret of the gateway with 32 characters' },
      signIn: { origin, providers: { corp: { ...corp, fields: { userId: 'preferred_username' } } } },
      defaults: { signIn: 'corp' },
      routes: [{ id: 'pages', match: { path: '/**' }, credentials: ['session'], access: 'authenticated' }],
    },
    { env: {}, logTo: { write: () => {} } },
  );
  running.push(authorizer);
  const seen: string[] = [];
  const app = express();
  app.use(authorizer.express());
  app.use((request, response) => {
    seen.push(request.url);
    response.end(`hello ${request.rolegate?.identity?.userId}`);
  });
  const server = createServer(app).listen(port, '127.0.0.1');
  await once(server, 'listening');
  running.push({
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
  const person = new CookieBrowser();
  const page = await person.visit(`${origin}/page?a=b#c`);
  expect(page).toMatchObject({ url: `${origin}/page?a=b#c`, status: 200, text: 'hello ann' });
  const script = { headers: { accept: '*/*', 'sec-fetch-mode': 'cors' } };
  expect((await new CookieBrowser().open(`${origin}/page`, script)).status).toBe(401);
  const form = { method: 'POST', headers: { origin, 'sec-fetch-site': 'same-origin' } };
  expect((await person.open(`${origin}/.rolegate/sign-out`, form)).status).toBe(303);
  expect((await person.open(`${origin}/page`, script)).status).toBe(401);
  expect(seen).toEqual(['/page?a=b']);
});
