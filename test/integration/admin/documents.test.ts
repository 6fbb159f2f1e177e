/** The pages for operators match the code: endpoints, reasons, metrics, settings. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { needsRestart } from '../../../src/app/needs-restart.ts';
import type { Config } from '../../../src/config/config.ts';
import { parseConfig } from '../../../src/config/parse-config.ts';
import { reasons } from '../../../src/core/outcome/reasons.ts';
import { metricsCatalog } from '../../support/metrics-catalog.ts';
import { expectProblem, noReplays, startAdmin } from './running-admin.ts';

const read = (path: string) => readFileSync(new URL(`../../../docs/${path}`, import.meta.url), 'utf8');
const blocks = (page: string, language: string) =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\b[^\\n]*\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(([, text]) => text!);

describe('docs/reference/admin.md', () => {
  const page = read('reference/admin.md');
  const rows = [...page.matchAll(/^\| `(GET|POST) (\/\S*)` \| (yes|no|signature) \|/gm)].map(([, ...cells]) => cells);

  test('lists every endpoint, with its method and whether it needs the token', async () => {
    const token = 'operators-0123456789abcdef0123456789';
    const revocations = {
      revoke: async () => 'delivered' as const,
      replays: noReplays,
      sourcesAlike: (name: string) => [name],
      webhookSecrets: () => ['whsec_'],
      now: Date.now,
    };
    const decisions = { find: async () => ({}), list: async () => [] };
    const policyTools = {
      showConfig: () => '{}',
      reach: async () => ({}),
      shadow: () => ({}),
      decisions,
      explain: async () => ({}),
    };
    const identityKeys = () => ({ type: 'application/jwk-set+json', text: '{"keys":[]}', cacheControl: '' }) as const;
    const takeEvent = async () => ({ status: 200 }) as const;
    const sources = { reload: () => [], identityKeys, revocations, takeEvent, ...policyTools };
    const { ask } = await startAdmin({ token: () => token, ...sources });
    const headers = { 'content-type': 'application/json' };
    const index = (await ask('/')).text.split('\n').slice(2, -1);
    const listed = rows.map(([method, path]) => (method === 'GET' ? path : `${method} ${path}`));
    expect(listed.sort()).toEqual(['/', ...index].sort());
    for (const [method = '', path = '', needs] of rows) {
      const status = ['/backchannel-logout', '/security-events'].includes(path) ? 415 : 401;
      expect((await ask(path, { method, headers })).status, path).toBe(needs === 'no' ? 200 : status);
    }
  });

  test('mentions only existing reasons, with their status', () => {
    const named = [...page.matchAll(/(\d{3}) `([a-z]+_[a-z_]+)`/g)].map(([, status, code]) => [code, Number(status)]);
    expect(named.length).toBeGreaterThan(5);
    const known = Object.entries(reasons).map(([code, { status }]) => [code, status]);
    for (const one of named) expect(known).toContainEqual(one);
  });

  test('shows an actual refused reload', async () => {
    const shown = JSON.parse(blocks(page, 'json')[0]!);
    const file = 'gateway.yaml';
    const problem = { file, line: 12, message: 'the role "amdin" is not declared under "roles"' };
    const token = 'operators-0123456789abcdef0123456789';
    const { ask } = await startAdmin({ token: () => token, reload: () => [problem] });
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const answer = await ask('/reload', { method: 'POST', headers });
    expectProblem(answer, 409, 'reload_refused');
    expect({ ...JSON.parse(answer.text), errorId: shown.errorId }).toEqual(shown);
  });
});

test('docs/guides/troubleshooting.md mentions only existing reasons, with their status', () => {
  const rows = [...read('guides/troubleshooting.md').matchAll(/^\| ([^|]+) \|/gm)].map(([, cell = '']) => cell);
  // One status follows several reasons, or each one.
  const named = rows.flatMap((cell) =>
    [...cell.matchAll(/((?:`[a-z_]+`,? )+)\((\d{3})\)/g)].flatMap(([, codes = '', status]) =>
      [...codes.matchAll(/`([a-z_]+)`/g)].map(([, code]) => [code, Number(status)]),
    ),
  );
  expect(named.length).toBeGreaterThan(25);
  const known = Object.entries(reasons).map(([code, { status }]) => [code, status]);
  for (const one of named) expect(known).toContainEqual(one);
});

describe('docs/guides/operate.md', () => {
  const page = read('guides/operate.md');
  const [configuration = ''] = blocks(page, 'yaml');

  test('mentions only existing metrics', () => {
    const named = new Set([...page.matchAll(/\brolegate_[a-z_]+/g)].map(([name]) => name.replace(/_bucket$/, '')));
    expect(named.size).toBeGreaterThan(1);
    const known: string[] = metricsCatalog().map(({ name }) => name);
    expect([...named].filter((name) => !known.includes(name))).toEqual([]);
  });

  test('contains a valid configuration', () => {
    const env = { ROLEGATE_ADMIN_TOKEN: 'a'.repeat(64) };
    const result = parseConfig(configuration, { file: 'gateway.yaml', env, readSecret: () => '' });
    expect(result.ok ? [] : result.problems).toEqual([]);
  });

  test('lists every setting that needs a restart', () => {
    const config = (keys: string): Config => {
      const text = `version: 1\nroutes: []\n${keys}`;
      const result = parseConfig(text, { file: 'f', env: {}, readSecret: () => '' });
      if (!result.ok) throw new Error(JSON.stringify(result.problems));
      return result.config;
    };
    const secret = 's'.repeat(32);
    const one = config(`authApi: { url: "http://a:1" }\n`);
    const other = config(`authApi: { embedded: { database: ":memory:", secret: ${secret} } }
log: { level: warn }
server: { listen: ":1", workers: 2, admin: ":2", adminToken: ${secret}, adminHosts: [a.example], limits: { headers: 9 } }
`);
    const settings = needsRestart(one, other);
    const [sentence = ''] = /(?:`[\w.]+`,? )+and `[\w.]+` need a restart/.exec(page.replaceAll('\n', ' ')) ?? [];
    expect([...sentence.matchAll(/`([\w.]+)`/g)].map(([, name]) => name)).toEqual(settings);
  });
});
