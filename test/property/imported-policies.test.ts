/**
 * An imported policy never lets somebody without a credential do what the source protects: random access rules and
 * OpenAPI documents, each request of a small world, and readings of the sources that are written down here anew.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseConfig } from '../../src/config/parse-config.ts';
import { decide } from '../../src/core/decide.ts';
import type { Decision } from '../../src/core/decision.ts';
import { importPolicy } from '../../src/workbench/import/import-policy.ts';
import { SourceError } from '../../src/workbench/import/source-text.ts';
import { policyOf } from '../../src/workbench/run-cases.ts';
import { simulate } from '../../src/workbench/simulate.ts';
import { patienceMs, runs } from './support.ts';

const hosts = ['a.test', 'b.a.test'];
const texts = ['x', 'xx', '7', 'y.json', 'a.b'];
const paths = [
  '/',
  ...texts.map((one) => `/${one}`),
  ...texts.flatMap((one) => texts.map((two) => `/${one}/${two}`)),
  '/x/',
  '/x/7/y.json',
];
const methods = ['GET', 'HEAD', 'POST'];

/** What the imported policy does for somebody without a credential; null: nothing could be imported. */
function anonymousOf(source: object): ((method: string, host: string, path: string) => boolean) | null {
  try {
    const { document } = importPolicy([{ file: 'source', text: JSON.stringify(source) }], {
      from: null,
      widen: false,
      upstream: null,
    });
    const read = parseConfig(document.toString({ lineWidth: 0 }), { file: 'imported', env: {}, readSecret: () => '' });
    if (!read.ok) throw new Error(read.problems.map(({ message }) => message).join('\n'));
    const { config } = read;
    return (method, host, path) => {
      const { view, resolution } = simulate(
        { method, host, target: path, secure: true, headers: [], client: null },
        null,
        config.credentials,
      );
      return (decide(view, policyOf(config), () => resolution) as Decision).outcome === 'allow';
    };
  } catch (error) {
    if (error instanceof SourceError) return null;
    throw error;
  }
}

const expressions = [
  '<.*>',
  '<[^/]+>',
  '<[0-9]+>',
  '<(x|7)>',
  '<x.*>',
  '<(?!x).*>',
  'x',
  'xx',
  '7',
  'x<.*>',
  'x<(/.*)?>',
  '<[a-z]+>.json',
];
const oathkeeperRule = fc.record({
  host: fc.constantFrom('a.test', 'b.a.test', '<.*>', '<.*>.a.test', '<a|b.a>.test', '<[a-z.]+>'),
  path: fc.array(fc.constantFrom(...expressions), { maxLength: 2 }),
  methods: fc.subarray(methods, { minLength: 1 }),
  authenticators: fc.constantFrom(
    ['noop'],
    ['anonymous'],
    ['jwt'],
    ['jwt', 'anonymous'],
    ['cookie_session', 'noop'],
    ['unauthorized'],
    [],
  ),
  authorizer: fc.constantFrom('allow', 'allow', 'allow', 'deny', 'remote'),
});
type OathkeeperRule = typeof oathkeeperRule extends fc.Arbitrary<infer Rule> ? Rule : never;

const urlOf = ({ host, path }: OathkeeperRule) => `https://${host}/${path.join('/')}`;

function matches(rule: OathkeeperRule, method: string, url: string): boolean {
  const escaped = urlOf(rule)
    .split(/(<[^>]*>)/)
    .map((part) => (part.startsWith('<') ? `(?:${part.slice(1, -1)})` : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')));
  // A HEAD without a rule is a GET to Rolegate.
  return new RegExp(`^${escaped.join('')}$`).test(url) && rule.methods.includes(method);
}

const lets = ({ authenticators, authorizer }: OathkeeperRule) =>
  authorizer === 'allow' && authenticators.some((one) => one === 'noop' || one === 'anonymous');

test('access rules of Oathkeeper', { timeout: patienceMs }, () => {
  let asked = 0;
  fc.assert(
    fc.property(fc.array(oathkeeperRule, { minLength: 1, maxLength: 5 }), (rules) => {
      const source = rules.map((rule, index) => ({
        id: `r${index}`,
        match: { url: urlOf(rule), methods: rule.methods },
        authenticators: rule.authenticators.map((handler) => ({ handler })),
        authorizer: { handler: rule.authorizer },
        upstream: { url: 'http://svc' },
      }));
      const allows = anonymousOf(source);
      if (allows === null) return;
      for (const host of hosts) {
        for (const path of paths) {
          for (const method of methods) {
            const found = rules.filter((rule) => matches(rule, method, `https://${host}${path}`));
            // No rule is a refusal of nobody in particular; one that keeps out is what counts.
            if (found.every(lets)) continue;
            asked += 1;
            if (allows(method, host, path))
              expect.fail(`${method} ${host}${path} gets through: ${JSON.stringify(source)}`);
          }
        }
      }
    }),
    runs(300),
  );
  expect(asked).toBeGreaterThan(1_000);
});

const templates = ['{a}', '{a}.json', 'x', 'xx', '7', '{a}{b}', 'a.{b}'];
const security = fc.constantFrom(
  undefined,
  [],
  [{}],
  [{ token: [] }],
  [{ oauth: ['r'] }],
  [{ oauth: ['r'] }, { key: [] }],
  [{ token: [], key: [] }],
  [{ nothing: [] }],
);
const openApi = fc.record({
  base: fc.constantFrom('', '/x'),
  whole: security,
  paths: fc.dictionary(
    fc.array(fc.constantFrom(...templates), { minLength: 1, maxLength: 2 }).map((parts) => `/${parts.join('/')}`),
    fc.dictionary(fc.constantFrom('get', 'head', 'post'), security, { minKeys: 1 }),
    { minKeys: 1, maxKeys: 5 },
  ),
});

/** The path of a document that a request is for: without a template before one with it, from the left. */
function pathFor(paths: readonly string[], path: string): string | null {
  const expression = (template: string) =>
    new RegExp(`^${template.replace(/[.]/g, '\\.').replace(/\{[^}]*\}/g, '[^/]+')}/?$`);
  const rank = (template: string) =>
    template
      .split('/')
      .map((part) => (part.includes('{') ? (/^\{\w+\}$/.test(part) ? 2 : 1) : 0))
      .join('');
  return (
    paths.filter((template) => expression(template).test(path)).sort((a, b) => rank(a).localeCompare(rank(b)))[0] ??
    null
  );
}

test('security of OpenAPI documents', { timeout: patienceMs }, () => {
  let asked = 0;
  fc.assert(
    fc.property(openApi, ({ base, whole, paths: given }) => {
      const described = Object.entries(given).map(([path, operations]) => [
        path,
        Object.fromEntries(
          Object.entries(operations).map(([method, one]) => [method, one === undefined ? {} : { security: one }]),
        ),
      ]);
      const source = {
        openapi: '3.1.0',
        servers: [{ url: `https://a.test${base}` }],
        ...(whole === undefined ? {} : { security: whole }),
        components: {
          securitySchemes: {
            token: { type: 'http', scheme: 'bearer' },
            oauth: { type: 'oauth2' },
            key: { type: 'apiKey', in: 'header' },
          },
        },
        paths: Object.fromEntries(described),
      };
      const allows = anonymousOf(source);
      if (allows === null) return;
      for (const path of paths) {
        for (const method of ['get', 'post']) {
          const below = path.startsWith(base) ? path.slice(base.length) : null;
          const template = below === null ? null : pathFor(Object.keys(given), below);
          const operations = template === null ? undefined : given[template];
          if (operations === undefined || !Object.hasOwn(operations, method)) continue;
          const demand: readonly object[] | undefined = operations[method] ?? whole;
          if (demand !== undefined && (demand.length === 0 || demand.some((one) => Object.keys(one).length === 0)))
            continue;
          asked += 1;
          if (allows(method.toUpperCase(), 'a.test', path))
            expect.fail(`${method} ${path} gets through: ${JSON.stringify(source)}`);
        }
      }
    }),
    runs(300),
  );
  expect(asked).toBeGreaterThan(500);
});
