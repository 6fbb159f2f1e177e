/** Routes that demand a kind of sign-in (`acr`): who is sent to the provider, and what its answers lead to. */
import { expect, test } from 'vitest';
import { closedAfterEach } from '../../support/closed-after-each.ts';
import { CookieBrowser } from '../../support/cookie-browser.ts';
import { freePort } from '../../support/free-port.ts';
import { type OnAcr, startOpenidProvider, webSecret } from '../../support/openid-provider.ts';
import { startRecordingUpstream } from '../../support/recording-upstream.ts';
import { startGateway } from '../../support/running-gateway.ts';
import { startTokenIssuer } from '../../support/token-issuer.ts';

const running = closedAfterEach();

async function world(onAcr: OnAcr) {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const openid = await startOpenidProvider({}, { redirect_uris: [`${origin}/.rolegate/callback/corp`] }, onAcr);
  running.push(openid);
  const service = await startRecordingUpstream();
  running.push(service);
  const gateway = await startGateway(`version: 1
server: { listen: "127.0.0.1:${port}", admin: false }
cache: { secret: a secret of the gateway with 32 characters }
upstreams: { pages: { targets: ['${service.origin}'] } }
identity: { claims: { acr: { field: acr, type: string, optional: true } } }
signIn:
  origin: ${origin}
  providers:
    corp: { issuer: "${openid.issuer}", clientId: web, clientSecret: "${webSecret}", scopes: [openid, profile] }
defaults: { signIn: corp, access: authenticated }
routes:
  - { id: any, match: { path: /any }, upstream: pages, credentials: [session] }
  - { id: strong, match: { path: /strong }, upstream: pages, credentials: [session], acr: [two-factors, hardware] }
  - { id: strongest, match: { path: /strongest }, upstream: pages, credentials: [session], acr: [hardware], maxAuthAge: 1h }
`);
  running.push(gateway);
  const browser = new CookieBrowser();
  const session = () => browser.cookies.get(new URL(origin).host)?.get('rolegate-session');
  const script = async (path: string, method = 'GET') => {
    const headers = { accept: '*/*', 'sec-fetch-mode': 'cors', 'sec-fetch-site': 'same-origin', origin };
    return await browser.open(`${origin}${path}`, { method, headers });
  };
  return { origin, openid, service, browser, session, script };
}

test('a session of a weaker sign-in is sent to the provider, and gets a new id with the stronger one', async () => {
  const { origin, browser, session, script } = await world('grants');
  expect((await browser.visit(`${origin}/any`)).status).toBe(200);
  const weak = session();
  for (const method of ['GET', 'POST']) {
    const refused = await script('/strong', method);
    expect(refused.status).toBe(401);
    expect(refused.headers.get('x-error')).toBe('A stronger sign-in is required');
    expect(refused.headers.get('www-authenticate')).toBe(
      `Session realm="rolegate", error="insufficient_user_authentication", acr_values="two-factors hardware", sign_in="${origin}/.rolegate/sign-in/corp"`,
    );
  }
  const seen = await browser.visit(`${origin}/strong?a=b#c`);
  expect(seen).toMatchObject({ status: 200, url: `${origin}/strong?a=b#c` });
  const asked = new URL(seen.way.find((one) => one.includes('/sign-in/corp?'))!).searchParams;
  expect(asked.get('acr_values')).toBe('two-factors hardware');
  expect(session()).not.toBe(weak);
  expect((await script('/strong')).status).toBe(200);
  expect((await script('/any')).status).toBe(200);
});

test('a browser without a session signs in as strongly as the page needs, at once', async () => {
  const { origin, browser, service } = await world('grants');
  const seen = await browser.visit(`${origin}/strong`);
  expect(seen.status).toBe(200);
  expect(service.requests).toHaveLength(1);
});

test.each<[string, OnAcr]>([
  ['refuses it', 'grants'],
  ['ignores the demand', 'ignores'],
])('there is an explaining page and no loop if the provider %s, and the session is kept', async (_name, onAcr) => {
  const { origin, browser, session, script } = await world(onAcr);
  await browser.visit(`${origin}/any`);
  const before = session();
  const seen = await browser.visit(`${origin}/strongest`);
  expect(seen.status).toBe(403);
  expect(seen.text).toContain('stronger sign-in');
  expect(seen.text).toContain('unmet_authentication_requirements');
  expect(seen.way.filter((one) => one.includes('/.rolegate/callback/'))).toHaveLength(2);
  expect(session()).toBe(before);
  expect((await script('/any')).status).toBe(200);
  // Both demands of the route are in one challenge.
  const { headers } = await script('/strongest');
  expect(headers.get('www-authenticate')).toContain('acr_values="hardware", max_age="3600"');
});

test('a form that needs a stronger sign-in is held, and its page leads to that', async () => {
  const { origin, browser, service } = await world('grants');
  await browser.visit(`${origin}/any`);
  const headers = { origin, 'sec-fetch-site': 'same-origin', 'content-type': 'application/x-www-form-urlencoded' };
  const send = () => browser.open(`${origin}/strong`, { method: 'POST', headers, body: 'a=b' });
  const refused = await send();
  expect(refused.status).toBe(401);
  const signIn = /href="([^"]*sign-in[^"]*)"/.exec(await refused.text())![1]!.replaceAll('&#38;', '&');
  expect((await browser.visit(origin + signIn)).url).toBe(`${origin}/.rolegate/signed-in`);
  expect((await send()).status).toBe(200);
  expect(service.last().body.toString()).toBe('a=b');
});

test('a bearer needs the claim, too', async () => {
  const issuer = await startTokenIssuer();
  running.push(issuer);
  const service = await startRecordingUpstream();
  running.push(service);
  const gateway = await startGateway(`version: 1
server: { listen: "127.0.0.1:0", admin: false }
upstreams: { pages: { targets: ['${service.origin}'] } }
identity: { claims: { acr: { field: acr, type: string, optional: true } } }
sources: { tokens: { kind: jwt, issuer: "${issuer.issuer}", audience: [orders] } }
routes:
  - { id: strong, match: { path: /strong }, upstream: pages, access: authenticated, acr: [two-factors] }
`);
  running.push(gateway);
  for (const [acr, status, challenge] of [
    [{ acr: 'two-factors' }, 200, ''],
    [{ acr: 'password' }, 401, 'acr_values="two-factors"'],
    [{}, 401, 'Bearer realm="rolegate", error="insufficient_user_authentication", acr_values="two-factors"'],
  ] as const) {
    const headers = { authorization: `Bearer ${await issuer.token(acr)}` };
    const response = await fetch(`${gateway.origin}/strong`, { headers });
    expect(response.status).toBe(status);
    expect(response.headers.get('www-authenticate') ?? '').toContain(challenge);
  }
});
