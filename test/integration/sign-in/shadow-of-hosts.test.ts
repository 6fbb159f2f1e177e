/** A candidate reads the sessions of further hosts as the running configuration does. */
import { expect, test, vi } from 'vitest';
import { closedAfterEach } from '../../support/closed-after-each.ts';
import { CookieBrowser } from '../../support/cookie-browser.ts';
import { startOpenidProvider, webSecret } from '../../support/openid-provider.ts';
import { startRecordingUpstream } from '../../support/recording-upstream.ts';
import { startGateway } from '../../support/running-gateway.ts';
import { origin } from './https-world.ts';

const running = closedAfterEach();
const wiki = 'https://wiki.example.com';
const adminToken = 'abcdefghijklmnopqrstuvwxyz0123456789';

test('the same rules decide the same at every host', async () => {
  const openid = await startOpenidProvider({}, { redirect_uris: [`${origin}/.rolegate/callback/corp`] });
  running.push(openid);
  const service = await startRecordingUpstream();
  running.push(service);
  const yaml = `version: 1
server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0", adminToken: ${adminToken}, trustedProxies: [127.0.0.1/32] }
cache: { secret: a secret of the gateway with 32 characters }
upstreams: { pages: { targets: ['${service.origin}'] } }
signIn:
  origin: ${origin}
  otherOrigins: [${wiki}]
  providers:
    corp: { issuer: "${openid.issuer}", clientId: web, clientSecret: ${webSecret}, scopes: [openid, profile] }
routes:
  - { id: pages, match: { path: /** }, upstream: pages, signIn: corp, credentials: [session], access: authenticated }
`;
  const gateway = await startGateway(yaml);
  running.push(gateway);
  const person = new CookieBrowser({ origins: [origin, wiki], port: gateway.port });
  await person.visit(`${wiki}/x`);
  gateway.useCandidate(yaml);
  for (const at of [origin, wiki]) expect((await person.open(`${at}/y`)).status).toBe(200);
  await vi.waitFor(async () => {
    const report = await fetch(`${gateway.admin}/shadow`, { headers: { authorization: `Bearer ${adminToken}` } });
    const { decisions } = (await report.json()) as { decisions: Record<string, number> };
    expect(decisions).toMatchObject({ same: 2, newly_refused: 0 });
  });
});
