/** Access rules of Ory Oathkeeper: what becomes a route, what does not, and why. */
import { describe, expect, test } from 'vitest';
import { imported } from './imported.ts';

interface Rule {
  readonly url?: string;
  readonly methods?: readonly string[];
  readonly authenticators?: readonly object[];
  readonly authorizer?: object | null;
  readonly mutators?: readonly object[];
  readonly upstream?: object;
}

const rule = ({
  url = 'https://a.test/x',
  methods = ['GET'],
  authenticators = [{ handler: 'noop' }],
  authorizer = { handler: 'allow' },
  mutators = [{ handler: 'noop' }],
  upstream = { url: 'http://svc:80' },
}: Rule) => ({ id: 'r', match: { url, methods }, authenticators, authorizer, mutators, upstream });
const read = (rules: readonly object[], options = {}) => imported(JSON.stringify(rules), 'oathkeeper', options);
const one = (given: Rule) => read([rule(given), rule({ url: 'https://other.test/' })]);

describe('authenticators and authorizers', () => {
  const bearer = { handler: 'oauth2_introspection' };
  const scoped = (...required_scope: string[]) => ({ handler: 'oauth2_introspection', config: { required_scope } });
  test.each<[string, Rule, unknown]>([
    ['noop', {}, 'public'],
    ['noop before others', { authenticators: [{ handler: 'noop' }, bearer] }, 'public'],
    ['anonymous', { authenticators: [{ handler: 'anonymous' }] }, 'public'],
    ['a credential, or none', { authenticators: [bearer, { handler: 'anonymous' }] }, 'optional'],
    ['a credential, or noop', { authenticators: [bearer, { handler: 'noop' }] }, 'optional'],
    ['a bearer', { authenticators: [{ handler: 'bearer_token' }] }, 'authenticated'],
    ['a cookie', { authenticators: [{ handler: 'cookie_session' }] }, 'authenticated'],
    ['scopes', { authenticators: [scoped('b', 'a')] }, { all: ['a', 'b'] }],
    ['one scope', { authenticators: [scoped('a')] }, ['a']],
    ['either scope', { authenticators: [scoped('a'), scoped('b')] }, ['a', 'b']],
    ['different demands: all of them', { authenticators: [scoped('a', 'b'), scoped('c')] }, { all: ['a', 'b', 'c'] }],
    ['one way with a scope, one without', { authenticators: [scoped('a'), bearer] }, ['a']],
    ['unauthorized', { authenticators: [{ handler: 'unauthorized' }] }, 'deny'],
    ['a bearer, then unauthorized', { authenticators: [bearer, { handler: 'unauthorized' }] }, 'authenticated'],
    ['none', { authenticators: [] }, 'deny'],
    ['one that is not known', { authenticators: [{ handler: 'magic' }] }, 'deny'],
    ['a scope that is no name of a role', { authenticators: [scoped('a b')] }, 'deny'],
    ['scopes that are no list', { authenticators: [{ handler: 'jwt', config: { required_scope: 'a' } }] }, 'deny'],
    ['a prototype for a handler', { authenticators: [{ handler: '__proto__' }] }, 'deny'],
    ['authorizer deny', { authorizer: { handler: 'deny' } }, 'deny'],
    ['authorizer that asks elsewhere', { authorizer: { handler: 'remote_json' } }, 'deny'],
    ['no authorizer', { authorizer: null }, 'deny'],
  ])('%s', (_, given, access) => {
    expect(one(given).routes[0]).toBe(`a.test/x ${JSON.stringify({ GET: access })} -> http://svc`);
  });
});

describe('URLs', () => {
  test.each<[string, readonly string[]]>([
    ['https://a.test/x', ['a.test/x']],
    ['<http|https>://a.test:8080/x/', ['a.test/x']],
    ['<https?>://a.test/<.*>', ['a.test/**']],
    ['<.*>://a.test/x', ['a.test/x']],
    ['<(?:http|[a-z]+)>://a.test/x', ['a.test/x']],
    ['https://<.*>/x', ['/x']],
    ['https://<.*>.a.test/x', ['*.a.test/x']],
    ['https://<a|b>.test/x', ['a.test/x', 'b.test/x']],
    ['https://a.test/<(x|y)>/z', ['a.test/x/z', 'a.test/y/z']],
    ['https://a.test/x/<[^/]+>/y', ['a.test/x/{part2}/y']],
    ['https://a.test/x<(/.*)?>', ['a.test/x/**']],
    ['https://a.test/x<.*>', ['a.test/x/**']],
    ['https://a.test/<[0-9]+>', []],
    ['https://a.test/x<[0-9]+>', []],
    ['https://a.test/<(?!admin).*>', []],
    ['https://a.test/<.*>/admin', []],
    ['https://a.test/{id}', []],
    ['https://<[a-z]+>/x', []],
    ['https://a.test/<**>', ['a.test/**']],
    ['https://a.test/<{x,y}>', ['a.test/x', 'a.test/y']],
    ['https://a.test/<*>', []],
    ['a.test/x', []],
    ['https://a.test/<x', []],
  ])('%s', (url, patterns) => {
    const { routes } = one({ url });
    expect(routes.slice(0, -1).map((line) => line.split(' ')[0])).toEqual(patterns);
  });

  test.each<[string, string]>([
    ['https://a.test/<[0-9]+>', 'a.test/{part1}'],
    ['https://a.test/<*>/x', 'a.test/{part1}/x'],
  ])('--widen: %s', (url, pattern) => {
    expect(read([rule({ url })], { widen: true }).routes[0]?.split(' ')[0]).toBe(pattern);
  });
});

test('what two rules match is only for those whom both let in, since Oathkeeper answers 500', () => {
  const { routes, leftovers } = read([
    rule({ url: 'https://a.test/<.*>', authenticators: [{ handler: 'jwt' }] }),
    rule({ url: 'https://a.test/open/<.*>' }),
  ]);
  expect(routes[1]).toBe('a.test/open/** {"GET":"authenticated"} -> http://svc');
  expect(leftovers.join()).toContain('only what all of them allow is allowed');
});

test('requests of a rule that no route is like do not fall to an open one', () => {
  const { routes } = read([
    rule({ url: 'https://a.test/v/<[0-9]+>', authenticators: [{ handler: 'jwt' }] }),
    rule({ url: 'https://a.test/<.*>' }),
  ]);
  expect(routes).toEqual(['a.test/** {"GET":"authenticated"} -> http://svc']);
});

test('HEAD goes by GET here, so a rule of its own counts where GET is open', () => {
  const { routes } = read([
    rule({ url: 'https://a.test/x' }),
    rule({ url: 'https://a.test/<.*>', methods: ['HEAD'], authenticators: [{ handler: 'jwt' }] }),
  ]);
  expect(routes[0]).toContain('{"GET":"public","HEAD":"authenticated"}');
});

test('the service, its prefix, and the header with the subject', () => {
  const { routes, text, leftovers } = read([
    rule({
      upstream: { url: 'https://svc:8443/in', strip_path: 'v1' },
      url: 'https://a.test/v1/x',
      mutators: [
        { handler: 'header', config: { headers: { 'X-User': '{{ print .Subject }}', 'X-Y': '{{ .Extra }}' } } },
      ],
    }),
  ]);
  expect(routes[0]).toContain('-> https://svc:8443 {"stripPrefix":"/v1","addPrefix":"/in"}');
  expect(text).toContain('x-user: userId');
  expect(leftovers).toContain('r: its header "X-Y" is made from a template');
});

test('resources of the Kubernetes controller', () => {
  const spec = JSON.stringify({ ...rule({}), id: undefined });
  const text = `apiVersion: oathkeeper.ory.sh/v1alpha1\nkind: Rule\nmetadata: { name: k }\nspec: ${spec}\n`;
  expect(imported(text).routes).toEqual(['a.test/x {"GET":"public"} -> http://svc']);
});
