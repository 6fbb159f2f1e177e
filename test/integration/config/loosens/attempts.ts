/** What clients attempt, and the parts of configurations that several rows share. */
import { expect } from 'vitest';
import { sendRaw } from '../../../support/raw-client.ts';
import type { Running, Values, World } from './world.ts';

export interface Row {
  /** Where it is in the configuration. */
  readonly key: string;
  readonly strict: unknown;
  readonly loose: unknown;
  /** Other values, which both configurations have. */
  readonly beside?: (world: World) => Values;
  /** Whether more got in. */
  readonly attempt: (running: Running) => Promise<boolean>;
}

export type Headers = Readonly<Record<string, string>>;

export const ann = { authorization: 'Bearer ann' };
/** A request is allowed. */
export const allowed =
  (target = '/r/x', headers: Headers = ann) =>
  async ({ request }: Running) =>
    (await request(target, headers)).status === 200;
/** A credential that was accepted once is accepted after something ends it. */
export const stillAllowed =
  (end: (running: Running) => unknown, headers: Headers = ann) =>
  async (running: Running) => {
    expect(await allowed('/r/x', headers)(running)).toBe(true);
    await end(running);
    return allowed('/r/x', headers)(running);
  };
/** The service receives a header. */
export const reaches =
  (name: string, headers: Headers = ann) =>
  async ({ request, service }: Running) => {
    await request('/r/x', headers);
    return (service.requests.at(-1)?.header(name).length ?? 0) > 0;
  };
export const token =
  (claims: (world: World) => object, header: Readonly<Record<string, string | undefined>> = {}) =>
  async (running: Running) =>
    allowed('/r/x', {
      authorization: `Bearer ${await running.issuer.token({ ...claims(running) }, { ...header })}`,
    })(running);
/** A header of the response to a preflight, or to a request of a page, has some text. */
export const permits =
  (name: string, text: RegExp, headers: Headers) =>
  async ({ request }: Running) =>
    text.test((await request('/r/x', { origin: 'https://a.test', ...headers }, 'OPTIONS')).headers.get(name) ?? '');
export const preflight = { 'access-control-request-method': 'GET' };

/** A GET for a host is allowed. */
export const rawAllowed =
  (portOf: (running: Running) => number, host: string, target: string) =>
  async (running: Running): Promise<boolean> => {
    const bytes = `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
    return (await sendRaw(portOf(running), bytes)).status === 200;
  };

export const jwt =
  (more: Values = {}) =>
  ({ issuer }: World): Values => ({
    authApi: undefined,
    'credentials.keyPair': false,
    'sources.issuer': { kind: 'jwt', issuer: issuer.issuer, audience: ['orders'], ...more },
  });
export const cors = (more: Values = {}) => ({ 'routes.0.cors': { origins: ['https://a.test'], ...more } });
export const far = { client: 'address', cidr: ['10.0.0.0/8'], reason: 'far' };
export const near = { client: 'address', cidr: ['127.0.0.0/8'], reason: 'far' };
export const plan = { header: 'x-plan', equals: 'gold', reason: 'plan' };
export const readsPlan = { conditions: { headers: { 'x-plan': 'any' } } };
export const forged = { ...ann, 'x-forwarded-for': '10.1.2.3' };
export const embedded = { database: ':memory:', secret: 's'.repeat(40), selfRegistration: true, outbox: 'console' };
export const ownAuthApi = {
  authApi: { embedded },
  'routes.0': { id: 'auth', match: { path: '/api/auth/v2/**' }, upstream: 'auth-api', access: 'public' },
};
export const call = async ({ gateway }: Running, method: string, path: string, body: object) =>
  fetch(`${gateway.origin}/api/auth/v2${path}`, { method, body: JSON.stringify(body) });
export const register = (running: Running) =>
  call(running, 'POST', '/user', { email: 'eve@example.test', fullName: 'Eve', alias: 'eve' });
export const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().replace(/\.\d+/, '');

export const removeAnn = ({ authApi }: Running) => authApi.remove('ann');
export const endAuthApi = ({ authApi }: Running) => authApi.behave({ kind: 'down' });

export const notSuspended = { any: ['user'], none: ['suspended'] };

/** A source whose server says that every token is active, without a type. */
export const introspected = ({ introspection }: World): Values => ({
  authApi: undefined,
  'credentials.keyPair': false,
  'sources.corp': {
    kind: 'introspection',
    url: `${new URL(introspection.url).origin}/introspect`,
    client: { id: 'gateway', secret: 'c'.repeat(40) },
  },
});
