/** A whole gateway at which people sign in without a provider: the embedded Auth API, its mail, and a recording service. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuthApi } from '../../../src/auth-api/create-auth-api.ts';
import { authApiSettings } from '../../support/auth-api-settings.ts';
import { closedAfterEach } from '../../support/closed-after-each.ts';
import type { CookieBrowser, Visited } from '../../support/cookie-browser.ts';
import { freePort } from '../../support/free-port.ts';
import { startMailServer } from '../../support/mail-server.ts';
import { startRecordingUpstream } from '../../support/recording-upstream.ts';
import { startGateway } from '../../support/running-gateway.ts';

/** For one test file. */
export function accountWorlds() {
  const running = closedAfterEach();

  /** A new database, with a user who may administer others. */
  async function databaseWith(email: string): Promise<string> {
    const folder = mkdtempSync(join(tmpdir(), 'rolegate-accounts-'));
    running.push({ close: async () => rmSync(folder, { recursive: true }) });
    const database = `file:${join(folder, 'auth.db')}`;
    const log = { info() {}, warn() {}, error() {} };
    const authApi = await createAuthApi({ settings: { ...authApiSettings, database }, log });
    const [alias = ''] = email.split('@');
    await authApi.createUser({ email, fullName: alias, alias, roles: ['user', 'users_admin'], groups: [] });
    await authApi.close();
    return database;
  }

  return async function world({
    accounts = '',
    embedded = '',
    mail = false,
    registers = true,
    routes = '',
    passkeys = false,
    passkeyRules = '',
    sections = '',
    administrator = '',
    port: given = 0,
    origin: stated = '',
    database: shared = '',
  } = {}) {
    const port = given === 0 ? await freePort() : given;
    // Browsers accept no address as the domain of a passkey.
    const origin = stated === '' ? `http://${passkeys ? 'localhost' : '127.0.0.1'}:${port}` : stated;
    const offered = passkeys ? `    passkeys: { origin: "${origin}", name: Example${passkeyRules} }` : '';
    const service = await startRecordingUpstream();
    running.push(service);
    const mails = await startMailServer();
    running.push(mails);
    const created = administrator === '' ? ':memory:' : await databaseWith(administrator);
    const database = shared === '' ? created : shared;
    const outbox = mail
      ? `mail: { smtp: "smtp://localhost:${mails.port}", from: "Rolegate <no-reply@example.test>", requireTls: false }`
      : 'outbox: console';
    const gateway = await startGateway(`version: 1
server: { listen: "127.0.0.1:${port}", admin: false, trustedProxies: ["127.0.0.1/32"] }
cache: { secret: a secret of the gateway with 32 characters }
authApi:
  embedded:
    database: "${database}"
    secret: a secret for these tests, long enough
    selfRegistration: ${registers}
    revealUnknownEmail: false
    ${outbox}
${offered}
${embedded}
signIn:
  origin: ${origin}
${accounts}
${sections}
roles: { user: {}, admin: {}, users_admin: {} }
identityHeaders: { x-user: userId, x-name: fullName, x-roles: roles }
upstreams:
  pages: { targets: ['${service.origin}'] }
defaults: { signIn: authApi }
routes:
  - { id: api, match: { path: "/api/auth/v2/**" }, upstream: auth-api, access: public }
${routes}
  - { id: pages, match: { path: /** }, upstream: pages, credentials: [session, bearer], access: [user] }
`);
    running.push(gateway);
    return { origin, gateway, service, mails, database, ...accountSteps(origin) };
  };
}

const formHeaders = (origin: string) => ({
  'content-type': 'application/x-www-form-urlencoded',
  origin,
  'sec-fetch-site': 'same-origin',
});

/** Hidden fields of the form to `action`. */
export function fieldsOf(page: string, action: string): Record<string, string> {
  const form = new RegExp(`<form method="post" action="${action}"[^>]*>([^]*?)</form>`).exec(page)?.[1] ?? '';
  const hidden = form.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)">/g);
  return Object.fromEntries([...hidden].map(([, name = '', value = '']) => [name, value]));
}

/** What a browser does at these pages. */
export function accountSteps(origin: string) {
  const post = (
    browser: CookieBrowser,
    path: string,
    fields: Record<string, string>,
    headers: Record<string, string> = {},
  ): Promise<Visited> =>
    browser.visit(`${origin}${path}`, {
      method: 'POST',
      headers: { ...formHeaders(origin), ...headers },
      body: new URLSearchParams(fields).toString(),
    });
  const address = '/.rolegate/address';
  const code = '/.rolegate/code';
  const signUp = '/.rolegate/sign-up';
  return {
    post,
    session: (browser: CookieBrowser) => browser.cookies.get(new URL(origin).host)?.get('rolegate-session'),
    /** The page for the address. */
    open: (browser: CookieBrowser, target = '/') => browser.visit(`${origin}${target}`),
    askCode: (browser: CookieBrowser, page: Visited, email: string) =>
      post(browser, address, { ...fieldsOf(page.text, address), email }),
    enter: (browser: CookieBrowser, page: Visited, digits: string) =>
      post(browser, code, { ...fieldsOf(page.text, code), code: digits }),
    async askAccount(browser: CookieBrowser, page: Visited, email: string) {
      const [name = ''] = email.split('@');
      const opened = await browser.visit(
        `${origin}${signUp}?state=${encodeURIComponent(fieldsOf(page.text, address)['state']!)}`,
      );
      return await post(browser, signUp, {
        ...fieldsOf(opened.text, signUp),
        email,
        fullName: `${name} Example`,
        alias: name,
      });
    },
  };
}
