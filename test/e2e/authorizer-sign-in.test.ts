/** Sign-in behind real proxies that call the authorizer, each with its printed configuration unchanged: they pass redirects, cookies and pages. */
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { parseConfig } from '../../src/config/parse-config.ts';
import { accountSteps } from '../integration/sign-in/accounts-world.ts';
import { checkPaths } from '../support/authorizer-checks.ts';
import { CookieBrowser } from '../support/cookie-browser.ts';
import { freePort } from '../support/free-port.ts';
import { startOpenidProvider, webSecret } from '../support/openid-provider.ts';
import { startRecordingUpstream } from '../support/recording-upstream.ts';
import { startGateway } from '../support/running-gateway.ts';
import { type ProductName, productNames, requireProduct, startAskingProxy } from './support/asking-proxy.ts';

/** `signIn`: the section without the origin, and others. */
async function start(product: ProductName, sectionsAt: (origin: string) => Promise<string>) {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const sections = await sectionsAt(origin);
  const service = await startRecordingUpstream();
  onTestFinished(() => service.close());
  const written = `
version: 1
server: { listen: "127.0.0.1:0", admin: false }
authorizer: { listen: "127.0.0.1:0", dialects: ${JSON.stringify(checkPaths)} }
cache: { secret: a secret of the gateway with 32 characters }
identityHeaders: { user-id: userId }
upstreams: { service: { targets: ["${service.origin}"] } }
signIn:
  origin: ${origin}
${sections}
routes:
  - { id: pages, match: { path: /** }, upstream: service, credentials: [session], access: authenticated }
`;
  const gateway = await startGateway(written);
  onTestFinished(() => gateway.close());
  const read = parseConfig(written, { file: 'gateway.yaml', env: {}, readSecret: () => '' });
  if (!read.ok) throw new Error('the configuration of this test has problems');
  const proxy = await startAskingProxy(product, read.config, { service: service.origin, ports: gateway, port });
  onTestFinished(() => proxy.stop());
  return { origin, service, gateway };
}

async function atProvider(origin: string): Promise<string> {
  const openid = await startOpenidProvider({}, { redirect_uris: [`${origin}/.rolegate/callback/corp`] });
  onTestFinished(() => openid.close());
  return `  providers:
    corp: { issuer: "${openid.issuer}", clientId: web, clientSecret: ${webSecret}, scopes: [openid, profile], fields: { userId: preferred_username } }
defaults: { signIn: corp }`;
}

const withoutProvider = async () => `defaults: { signIn: authApi }
roles: { user: {} }
authApi:
  embedded:
    database: ":memory:"
    secret: a secret for these tests, long enough
    selfRegistration: true
    revealUnknownEmail: false
    outbox: console`;

/** Over gRPC there are only checks. */
const overHttp = productNames.filter((name) => name !== 'envoy-grpc');

describe.each(overHttp)('%s', (product) => {
  beforeAll(() => requireProduct(product));

  test('a person signs in, arrives at the own link, and signs out', async () => {
    const { origin, service } = await start(product, atProvider);
    const person = new CookieBrowser();
    const page = await person.visit(`${origin}/page?a=b#c`);
    expect(page).toMatchObject({ url: `${origin}/page?a=b#c`, status: 200 });
    expect(service.requests.map(({ target }) => target)).toEqual(['/page?a=b']);
    expect(service.last().header('user-id')).toEqual(['ann']);
    // No service gets the cookies of sign-in.
    expect(service.last().header('cookie').join()).not.toContain('rolegate');
    const script = { headers: { accept: '*/*', 'sec-fetch-mode': 'cors' } };
    expect((await new CookieBrowser().open(`${origin}/page`, script)).status).toBe(401);
    expect((await person.visit(`${origin}/.rolegate/sessions`)).text).toContain('ann');
    const form = { method: 'POST', headers: { origin, 'sec-fetch-site': 'same-origin' } };
    expect((await person.open(`${origin}/.rolegate/sign-out`, form)).status).toBe(303);
    expect((await person.open(`${origin}/page`, script)).status).toBe(401);
  });

  test('a person signs up with a code, without a provider', async () => {
    const { origin, service, gateway } = await start(product, withoutProvider);
    const { open, askAccount, enter } = accountSteps(origin);
    const person = new CookieBrowser();
    const asked = await askAccount(person, await open(person, '/page?a=b'), 'ann@example.test');
    const page = await enter(person, asked, gateway.codes.at(-1)!.code);
    expect(page).toMatchObject({ url: `${origin}/page?a=b`, status: 200 });
    expect(service.last().header('user-id')).toHaveLength(1);
  });
});
