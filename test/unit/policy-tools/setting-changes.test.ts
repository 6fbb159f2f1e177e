/** Every change of a setting that decides or exposes something is a difference, even if no rule decides differently. */
import { describe, expect, it, test } from 'vitest';
import { diffMarkdown } from '../../../src/cli/diff/diff-markdown.ts';
import { diffReport } from '../../../src/cli/diff/diff-report.ts';
import { diffText } from '../../../src/cli/diff/diff-text.ts';
import { parseConfig } from '../../../src/config/parse-config.ts';
import { classOf, type KeyClass } from '../../../src/config/schema/key.ts';
import { metadata, type Schema, unwrap } from '../../../src/config/schema/metadata.ts';
import { configSchema } from '../../../src/config/schema.ts';
import { comparePolicies } from '../../../src/policy-tools/diff/compare-policies.ts';
import { decidedRouteKeys, routeSettings, settingChanges } from '../../../src/policy-tools/diff/setting-changes.ts';
import { policyOf } from '../../../src/policy-tools/run-cases.ts';

const remote = 'authApi: { url: "http://127.0.0.1:9" }';
const secret = 's'.repeat(40);
const signingIn =
  'signIn: { origin: "https://a.test", providers: { corp: { issuer: "https://id.test", clientId: a, clientSecret: b } } }';

function read(route: string, authApi: string, more: string, targets = '"http://127.0.0.1:9"') {
  const text = `version: 1
${authApi}
upstreams: { orders: { targets: [${targets}] }, other: { targets: ["http://127.0.0.1:8"] } }
roles: { user: {} }
routes:
  - { id: one, match: { path: "/x/{id}" }, access: [user], ${route} }
${more}`;
  const result = parseConfig(text, { file: 'gateway.yaml', env: {}, readSecret: () => secret });
  if (!result.ok) throw new Error(result.problems.map(({ line, message }) => `${line}: ${message}`).join('\n'));
  return result;
}

function report(before: ReturnType<typeof read>, after: ReturnType<typeof read>) {
  const differences = comparePolicies(policyOf(before.config), policyOf(after.config));
  return diffReport(differences, settingChanges(before, after));
}

const to = 'upstream: orders';

describe('a change that weakens the gateway is a difference', () => {
  it.each<[setting: string, before: Parameters<typeof read>, after: Parameters<typeof read>]>([
    ['server.trustedProxies', [to, remote, ''], [to, remote, 'server: { trustedProxies: [10.0.0.0/8] }']],
    [
      'conditions.headers',
      [to, remote, 'server: { trustedProxies: [10.0.0.0/8] }\nconditions: { headers: { x-cert: trusted } }'],
      [to, remote, 'server: { trustedProxies: [10.0.0.0/8] }'],
    ],
    ['server.forwardedHeaders', [to, remote, ''], [to, remote, 'server: { forwardedHeaders: forwarded }']],
    ['server.admin', [to, remote, ''], [to, remote, 'server: { admin: "127.0.0.1:9999" }']],
    ['server.adminToken', [to, remote, ''], [to, remote, `server: { adminToken: ${secret} }`]],
    ['authApi.url', [to, remote, ''], [to, remote.replace(':9"', ':7"'), '']],
    ['authApi.paths.session', [to, remote, ''], [to, remote.replace(' }', ', paths: { session: /me } }'), '']],
    ['authApi.fields.roles', [to, remote, ''], [to, remote.replace(' }', ', fields: { roles: groups } }'), '']],
    ['authApi.honorCacheControl', [to, remote, ''], [to, remote.replace(' }', ', honorCacheControl: true }'), '']],
    ['cache.staleOnOutage', [to, remote, ''], [to, remote, 'cache: { staleOnOutage: 1h }']],
    ['cache.accepted', [to, remote, ''], [to, remote, 'cache: { accepted: 1h }']],
    ['identityHeaders', [to, remote, ''], [to, remote, 'identityHeaders: { x-user: userId }']],
    ['upstreams.orders.targets', [to, remote, ''], [to, remote, '', '"http://127.0.0.1:10"']],
    ['upstream', [to, remote, ''], ['upstream: other', remote, '']],
    ['forwardCredentials', [to, remote, ''], [`${to}, forwardCredentials: true`, remote, '']],
    [
      'forwardToken',
      ['upstream: orders, credentials: [session]', signingIn, ''],
      ['upstream: orders, credentials: [session], forwardToken: access', signingIn, ''],
    ],
    ['maxVerdictAge', [`${to}, maxVerdictAge: 1s`, remote, ''], [to, remote, '']],
    [
      'maxVerdictAge',
      [`${to}, maxVerdictAge: { GET: 1s }`, remote, ''],
      [`${to}, maxVerdictAge: { GET: 2s }`, remote, ''],
    ],
    ['evict', [`${to}, evict: { session: "{id}" }`, remote, ''], [to, remote, '']],
    ['rewrite', [to, remote, ''], [`${to}, rewrite: { addPrefix: /admin }`, remote, '']],
    ['streams.recheck', [to, remote, ''], [to, remote, 'defaults: { streams: { recheck: 1h } }']],
    ['responseHeaders', [to, remote, ''], [to, remote, 'defaults: { responseHeaders: { remove: [x-frame-options] } }']],
    ['records', [to, remote, ''], [to, remote, 'records: { file: d.ndjson }']],
    ['cache.secret', [to, remote, ''], [to, remote, `cache: { secret: ${secret} }`]],
    [
      'cache.redis.keyPrefix',
      [to, remote, `cache: { secret: ${secret}, redis: { url: "redis://127.0.0.1:9" } }`],
      [to, remote, `cache: { secret: ${secret}, redis: { url: "redis://127.0.0.1:9", keyPrefix: "x:" } }`],
    ],
    ['tracing.trust', [to, remote, 'tracing: {}'], [to, remote, 'tracing: { trust: all }']],
    ['tracing.sample', [to, remote, 'tracing: {}'], [to, remote, 'tracing: { sample: 1 }']],
    [
      'identityAssertion.rotate',
      [to, remote, 'identityAssertion: { issuer: "https://gate.test" }'],
      [to, remote, 'identityAssertion: { issuer: "https://gate.test", rotate: 60d }'],
    ],
    [
      'authApi.embedded.selfRegistration',
      [to, `authApi: { embedded: { database: ":memory:", secret: ${secret} } }`, ''],
      [to, `authApi: { embedded: { database: ":memory:", secret: ${secret}, selfRegistration: true } }`, ''],
    ],
  ])('%s', (setting, before, after) => {
    const [old, next] = [read(...before), read(...after)];
    for (const [a, b] of [[old, next] as const, [next, old] as const]) {
      const { same, settings, newlyAllowed, newlyRefused } = report(a, b);
      expect(settings.map((one) => one.setting)).toContain(setting);
      expect(settings.find((one) => one.setting === setting)?.class).not.toBe('neither');
      expect([same, newlyAllowed, newlyRefused]).toEqual([false, [], []]);
    }
    expect(report(next, next)).toMatchObject({ same: true, settings: [] });
  });
});

test.each([
  ['a limit', to, 'server: { limits: { headers: 50 } }', 'server.limits.headers'],
  ['a timeout of a route', `${to}, timeout: 1s`, '', 'timeout'],
  ['the level of the log', to, 'log: { level: debug }', 'log.level'],
])('reports %s, but not as a difference', (_name, route, more, setting) => {
  const { same, settings } = report(read(to, remote, ''), read(route, remote, more));
  expect([same, settings.map((one) => one.setting)]).toEqual([true, [setting]]);
});

test('writing out a default is not a change', () => {
  const written = `${to}, forwardCredentials: false, websocket: false, streams: { recheck: 60s }`;
  expect(report(read(to, remote, ''), read(written, remote, 'cache: { accepted: 30s }')).settings).toEqual([]);
});

test('a changed secret is reported without either value', () => {
  const [old, next] = [`x${secret}`, `y${secret}`].map((token) => read(to, remote, `server: { adminToken: ${token} }`));
  const found = report(old!, next!);
  expect(found.settings).toMatchObject([{ setting: 'server.adminToken', before: 'one value', after: 'another' }]);
  const printed =
    diffText(found, { color: false, width: 80, all: true }) + diffMarkdown(found, true) + JSON.stringify(found);
  expect(printed).not.toContain(secret);
});

/** Keys below a schema with their class; a section is represented by its keys. */
function classesBelow(schema: Schema, path: string): [key: string, keyClass: KeyClass][] {
  const { loosens, effect } = metadata(schema);
  if (loosens !== undefined) return [[path, classOf(loosens, effect)]];
  const { shape = {} } = (unwrap(schema) as unknown as { def: { shape?: Record<string, Schema> } }).def;
  return Object.entries(shape).flatMap(([key, below]) => classesBelow(below, path === '' ? key : `${path}.${key}`));
}

describe('keys of a route', () => {
  const { element } = unwrap(configSchema.shape.routes) as unknown as { element: Schema };
  const keys = classesBelow(element, '').filter(([key]) => key !== 'id');
  const isBelow = (key: string, name: string) => key === name || key.startsWith(`${name}.`);

  it('are all compared, by decisions or as settings', () => {
    const names = [...decidedRouteKeys, ...routeSettings.map(({ name }) => name)];
    expect(keys.filter(([key]) => !names.some((name) => isBelow(key, name)))).toEqual([]);
    expect(keys.length).toBeGreaterThan(25);
  });

  it.each(routeSettings.map((setting) => [setting.name, setting.class] as const))('%s: %s', (name, keyClass) => {
    const classes = keys.filter(([key]) => isBelow(key, name)).map(([, one]) => one);
    expect([...new Set(classes)]).toEqual([keyClass]);
  });
});
