/** Two configurations can be compared key by key without showing a secret. */
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../../src/config/parse-config.ts';
import { references } from '../../../src/config/reference-yaml.ts';
import type { Setting } from '../../../src/config/settings.ts';
import { env, readSecret } from './environment.ts';

describe('settings of a file', () => {
  const smallest = `version: 1
authApi: { url: "http://auth:8081" }
upstreams: { orders: { targets: ["http://orders:8080"] } }
`;
  const read = (text: string): ReadonlyMap<string, Setting> => {
    const result = parseConfig(text, { file: 'f.yaml', env, readSecret });
    if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join('\n'));
    return new Map(result.settings().map((setting) => [setting.path.join('.'), setting]));
  };
  const differences = (before: string, after: string) => {
    const [from, to] = [read(before), read(after)];
    return [...new Set([...from.keys(), ...to.keys()])]
      .filter((path) => !isDeepStrictEqual(from.get(path)?.value, to.get(path)?.value))
      .map((path) => `${path}: ${from.get(path)?.shown} -> ${to.get(path)?.shown}`);
  };
  const route = (id: string, more = '') =>
    `  - { id: ${id}, match: { path: /${id} }, upstream: orders, access: public${more} }\n`;

  test('a default equals the same value written in any unit', () => {
    const [before, after] = [`${smallest}routes: []\n`, `${smallest}routes: []\ncache: { accepted: 30000ms }\n`];
    expect(differences(before, after)).toEqual([]);
  });

  test.each([
    ['server: { trustedProxies: ["10.0.0.0/8"] }', 'server.trustedProxies: [] -> ["10.0.0.0/8"]'],
    ['cache: { staleOnOutage: 5m }', 'cache.staleOnOutage: 0s -> 5m'],
    ['server: { limits: { target: 16kb } }', 'server.limits.target: 8kb -> 16kb'],
    ['defaults: { maxBody: 10mb }', 'defaults.maxBody: unlimited -> 10mb'],
    ['cache: { secret: "SECRET" }', 'cache.secret: not set -> ***'],
    [
      'cache: { previousSecret: ["0123456789012345678901234567890123"], secret: "SECRET" }',
      'cache.secret: not set -> ***',
      'cache.previousSecret: not set -> [***]',
    ],
  ])('%s', (written, ...expected) => {
    const after = `${smallest}routes: []\n${written.replace('SECRET', 's'.repeat(40))}\n`;
    expect(differences(`${smallest}routes: []\n`, after)).toEqual(expected);
  });

  test('queries of URLs are shown without their values', () => {
    const written = `tracing: { endpoint: "http://collector:4318/v1/traces?api_token=hunter2&x" }
sources: { corp: { kind: introspection, url: "https://id.example.test/introspect?client_secret=hunter2", client: { id: gateway, secret: "${'s'.repeat(40)}" } } }`;
    const shown = [...read(`${smallest}routes: []\n${written}\n`).values()].map((one) => one.shown);
    expect(shown).toContain('http://collector:4318/v1/traces?api_token=***&***');
    expect(shown).toContain('https://id.example.test/introspect?client_secret=***');
    expect(shown.join('\n')).not.toContain('hunter2');
  });

  test('routes are matched by id, wherever they are in the list', () => {
    const before = `${smallest}routes:\n${route('a')}${route('b')}`;
    const after = `${smallest}routes:\n${route('b', ', websocket: true')}${route('a')}`;
    expect(differences(before, after)).toEqual(['routes.b.websocket: false -> true']);
  });

  test('lists one setting per key of the reference, none with a secret', () => {
    const settings = [...read(references.gateway()).values()];
    expect(settings.length).toBeGreaterThan(100);
    const secrets = Object.values(env).filter((value) => value.length >= 32);
    for (const { shown } of settings) for (const secret of secrets) expect(shown).not.toContain(secret);
  });
});
