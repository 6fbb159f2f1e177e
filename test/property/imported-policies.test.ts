/**
 * Whatever an imported policy allows, the source allows: random sources, each request and caller of a small world, and
 * a separate model of each kind of source, written from its own documentation.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseConfig } from '../../src/config/parse-config.ts';
import { decide } from '../../src/core/decide.ts';
import type { Decision } from '../../src/core/decision.ts';
import type { Identity } from '../../src/core/identity/identity.ts';
import { sampleIdentity } from '../../src/policy-model/samples/sample-identity.ts';
import { simulate } from '../../src/policy-model/simulate.ts';
import { importPolicy } from '../../src/policy-tools/import/import-policy.ts';
import { policyOf } from '../../src/policy-tools/run-cases.ts';
import { atLeast, patienceMs, runs } from './support.ts';

interface Asked {
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly caller: Identity | null;
  readonly client: string;
}

const inside = '10.1.1.1';
const outside = '203.0.113.7';
const callers = [
  null,
  sampleIdentity,
  { ...sampleIdentity, roles: ['r'] },
  { ...sampleIdentity, roles: ['w'] },
  { ...sampleIdentity, roles: ['r', 'w'], groups: ['g'] },
];

/**
 * Evaluates an imported source for everything in the world; the model must allow what is allowed. Counts what was
 * allowed.
 */
function compare(
  documents: readonly object[],
  world: { readonly methods: readonly string[]; readonly hosts: readonly string[]; readonly paths: readonly string[] },
  modelOf: (auth: string | null) => (asked: Asked) => boolean,
): number {
  const text = documents.map((document) => JSON.stringify(document)).join('\n---\n');
  const { document, auth } = importPolicy([{ file: 'source', text }], { from: null, auth: null, upstream: null });
  const read = parseConfig(document.toString({ lineWidth: 0 }), { file: 'imported', env: {}, readSecret: () => '' });
  if (!read.ok) throw new Error(read.problems.map(({ message }) => message).join('\n'));
  const { config } = read;
  const policy = policyOf(config);
  const model = modelOf(auth);
  let allowed = 0;
  for (const method of world.methods) {
    for (const host of world.hosts) {
      for (const path of world.paths) {
        for (const caller of callers) {
          for (const client of [inside, outside]) {
            const request = { method, host, target: path, secure: true, headers: [], client };
            const { view, resolution } = simulate(request, caller, config.credentials);
            if ((decide(view, policy, () => resolution) as Decision).outcome !== 'allow') continue;
            allowed += 1;
            if (model({ method, host, path, caller, client })) continue;
            const who = caller === null ? 'nobody' : `[${caller.roles.join()}] in [${caller.groups.join()}]`;
            expect.fail(`${method} ${host}${path} by ${who} from ${client}\n${text}\n${document.toString()}`);
          }
        }
      }
    }
  }
  return allowed;
}

/** The gateway treats a path with a trailing slash like the path without it, where the source has only one. */
function otherSlash(path: string): string {
  return path.endsWith('/') ? path.slice(0, -1) : `${path}/`;
}

const literal = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

const texts = ['x', 'xx', '7', 'y.json', 'a.b'];
const paths = [
  '/',
  ...texts.flatMap((one) => [`/${one}`, `/${one}/`]),
  ...texts.flatMap((one) => texts.map((two) => `/${one}/${two}`)),
  '/x/7/',
  '/x/7/y.json',
  '/x/x/x',
];

const spellings = paths.flatMap((path) => [path, otherSlash(path)]);

type Security = readonly Readonly<Record<string, readonly string[]>>[] | undefined;
const security: fc.Arbitrary<Security> = fc.constantFrom<Security[]>(
  undefined,
  [],
  [{}],
  [{ token: [] }],
  [{ oauth: [] }],
  [{ oauth: ['r'] }],
  [{ oauth: ['r', 'w'] }],
  [{ oauth: ['r'] }, { oauth: ['w'] }],
  [{ oauth: ['r', 'w'] }, { oauth: ['w'] }],
  [{ oauth: ['r'] }, { key: [] }],
  [{}, { oauth: ['r'] }],
  [{ token: [], oauth: [] }],
  [{ nothing: [] }],
);
const oauthOnly = security.filter(
  (one) => one === undefined || one.every((need) => !('token' in need || 'key' in need)),
);
const operation = (kinds: fc.Arbitrary<Security>) =>
  fc.oneof({ weight: 8, arbitrary: kinds }, { weight: 1, arbitrary: fc.constant('elsewhere' as const) });
const openApiOf = (kinds: fc.Arbitrary<Security>) =>
  fc.record({
    bases: fc.constantFrom(['/'], ['/x'], ['/', '/x']),
    whole: kinds,
    paths: fc.dictionary(
      fc
        .tuple(
          fc.array(fc.constantFrom('{a}', '{a}', '{a}.json', 'x', 'x', 'xx', '7', '{a}{b}'), {
            minLength: 1,
            maxLength: 2,
          }),
          fc.constantFrom('', '', '', '/'),
        )
        .map(
          ([parts, slash]) => `/${parts.map((part, index) => part.replace(/[ab]/g, `$&${index}`)).join('/')}${slash}`,
        ),
      fc.dictionary(fc.constantFrom('get', 'get', 'head', 'post'), operation(kinds), { minKeys: 1 }),
      { minKeys: 1, maxKeys: 5 },
    ),
  });

/** OpenAPI 3.1, section 4.8.8.2: a path without templates has priority; among other matches the tool decides. */
function openApiModel(
  {
    bases,
    whole,
    paths: given,
  }: {
    bases: readonly string[];
    whole: Security;
    paths: Readonly<Record<string, Readonly<Record<string, Security | 'elsewhere'>>>>;
  },
  auth: string | null,
): (asked: Asked) => boolean {
  const templates = bases.flatMap((base) =>
    Object.keys(given).map((path) => {
      const whole = `${base.replace(/\/$/, '')}${path}`;
      const expression = whole
        .split(/\{[^}]*\}/)
        .map(literal)
        .join('[^/]+');
      const matches = new RegExp(`^${expression}$`);
      return { base, path, matches, all: spellings.filter((one) => matches.test(one)), concrete: !path.includes('{') };
    }),
  );
  /** A template never applies where another one, whose requests it all matches too, could never apply otherwise. */
  const outdone = (one: (typeof templates)[number], by: (typeof templates)[number]) =>
    (by.concrete && !one.concrete) ||
    (by.all.length < one.all.length &&
      by.all.every((path) => one.all.includes(path)) &&
      !/\}[^/]|[^/]\{/.test(by.path));
  const matching = (base: string, path: string) =>
    templates.filter((one) => one.base === base && one.matches.test(path));
  const verdict = (base: string, path: string, method: string, caller: Identity | null): boolean | undefined => {
    const found = matching(base, path);
    const counting = found.filter((one) => !found.some((by) => by !== one && outdone(one, by)));
    const described = counting.map(({ path: key }) => {
      const operations = given[key]!;
      if (Object.hasOwn(operations, method)) return { security: operations[method] };
      return method === 'head' && Object.hasOwn(operations, 'get') ? { security: operations['get'] } : undefined;
    });
    if (described.every((one) => one === undefined)) return undefined;
    return described.every((one) => {
      if (one === undefined || one.security === 'elsewhere') return false;
      const demand = one.security ?? whole;
      return demand === undefined || demand.length === 0 || demand.some((need) => meets(need, caller));
    });
  };
  const meets = (need: Readonly<Record<string, readonly string[]>>, caller: Identity | null) =>
    Object.entries(need).every(
      ([scheme, scopes]) =>
        scheme === auth &&
        scheme !== 'nothing' &&
        caller !== null &&
        scopes.every((scope) => caller.roles.includes(scope)),
    );
  // A request may be meant for each server that has its path: all of them must allow it.
  return ({ method: upper, path, caller }) => {
    const method = upper.toLowerCase();
    const verdicts = bases.map(
      (base) =>
        verdict(base, path, method, caller) ??
        verdict(base, otherSlash(path), method, caller) ??
        (matching(base, path).length > 0 ? false : undefined),
    );
    return verdicts.includes(true) && !verdicts.includes(false);
  };
}

test.each([
  ['with several schemes', openApiOf(security)],
  ['with one scheme', openApiOf(oauthOnly)],
])('OpenAPI documents %s', { timeout: patienceMs }, (_, documents) => {
  let allowed = 0;
  fc.assert(
    fc.property(documents, (given) => {
      const described = Object.entries(given.paths).map(([path, operations]) => [
        path,
        Object.fromEntries(
          Object.entries(operations).map(([method, one]) => [
            method,
            one === undefined ? {} : one === 'elsewhere' ? { $ref: './x.yaml' } : { security: one },
          ]),
        ),
      ]);
      const source = {
        openapi: '3.1.0',
        servers: given.bases.map((url) => ({ url })),
        ...(given.whole === undefined ? {} : { security: given.whole }),
        components: {
          securitySchemes: {
            token: { type: 'http', scheme: 'bearer' },
            oauth: { type: 'oauth2' },
            key: { type: 'apiKey', in: 'header' },
          },
        },
        paths: Object.fromEntries(described),
      };
      const world = { methods: ['GET', 'HEAD', 'POST'], hosts: ['a.test'], paths };
      allowed += compare([source], world, (auth) => openApiModel(given, auth));
    }),
    runs(150),
  );
  expect(allowed).toBeGreaterThan(atLeast(2_000));
});

const row = fc.record({
  method: fc.constantFrom('GET', 'GET', 'HEAD', 'POST', 'ANY'),
  parts: fc.array(fc.constantFrom('x', 'x', 'xx', '7', ':a', ':a', 'x:b'), { maxLength: 2 }),
  end: fc.constantFrom('', '', '/', '/*any'),
  access: fc.constantFrom<object[]>(
    { public: true },
    { public: true },
    { optional: true },
    {},
    { roles: ['r'] },
    { roles: ['r', 'w'] },
    { enabled: false },
    { public: true, roles: ['r'] },
    { public: true, allowedFrom: '10.0.0.0/8' },
  ),
});
type Row = typeof row extends fc.Arbitrary<infer One> ? One : never;
const pathOf = ({ parts, end }: Row) =>
  `/${parts.map((part, index) => part.replace(/:(.)/, `:$1${index}`)).join('/')}${parts.length === 0 ? end.slice(1) : end}`;

/** Text before a parameter before the rest, from the left; methods separately. */
function platformModel(rows: readonly Row[]): (asked: Asked) => boolean {
  const read = rows.map((own) => {
    const path = pathOf(own);
    const rest = path.includes('*');
    const expression = path
      .replace(/\*any$/, '')
      .split(/:\w+/)
      .map(literal)
      .join('[^/]+');
    const ranks = path
      .split('/')
      .slice(1)
      .map((part) => (part.startsWith('*') ? 2 : part.startsWith(':') ? 1 : 0));
    const redirect = new RegExp(`^${expression.replace(/\/$/, '')}$`);
    return {
      own,
      rest,
      odd: /\w:/.test(path),
      matches: new RegExp(`^${expression}${rest ? '.*' : ''}$`),
      redirect,
      rank: ranks.join(''),
    };
  });
  const best = (found: typeof read) => {
    const plain = found
      .filter(({ odd }) => !odd)
      .map(({ rank }) => rank)
      .sort();
    return found.filter(({ odd, rank }) => odd || rank === plain[0]);
  };
  const found = (path: string, method: string) => {
    const listed = read.filter(({ own }) => own.method === method || own.method === 'ANY');
    const proper = listed.filter(({ matches }) => matches.test(path));
    if (proper.length > 0) return best(proper);
    return best(listed.filter(({ rest, redirect }) => rest && redirect.test(path)));
  };
  const lets = (access: Readonly<Record<string, unknown>>, caller: Identity | null) => {
    if (access['enabled'] === false || access['allowedFrom'] !== undefined) return false;
    const roles = access['roles'] as readonly string[] | undefined;
    if (roles !== undefined)
      return access['public'] !== true && caller?.roles.some((role) => roles.includes(role)) === true;
    return access['public'] === true || access['optional'] === true || caller !== null;
  };
  return ({ method, path, caller }) => {
    for (const one of method === 'HEAD' ? ['HEAD', 'GET'] : [method]) {
      for (const spelling of [path, otherSlash(path)]) {
        const rows_ = found(spelling === '' ? '/' : spelling, one);
        if (rows_.length > 0) return rows_.every(({ own }) => lets(own.access as Record<string, unknown>, caller));
      }
    }
    return false;
  };
}

test("the platform's table", { timeout: patienceMs }, () => {
  let allowed = 0;
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 6 }), (rows) => {
      const source = rows.map((own) => ({
        method: own.method,
        relativePath: pathOf(own),
        redirectTo: 'http://s',
        enabled: true,
        ...own.access,
      }));
      const world = { methods: ['GET', 'HEAD', 'POST'], hosts: ['a.test'], paths };
      allowed += compare([source], world, () => platformModel(rows));
    }),
    runs(300),
  );
  expect(allowed).toBeGreaterThan(atLeast(5_000));
});
