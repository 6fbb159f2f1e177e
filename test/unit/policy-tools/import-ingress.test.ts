/** Ingress resources of ingress-nginx: paths as nginx parses them, and its annotations. */
import { describe, expect, test } from 'vitest';
import { imported } from './imported.ts';

interface Part {
  readonly host?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly paths?: readonly (readonly [path: string, type: string])[];
  readonly name?: string;
}

const ingress = ({ host = 'a.test', annotations = {}, paths = [['/', 'Prefix']], name = 'i' }: Part) => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: {
    name,
    namespace: 'ns',
    annotations: Object.fromEntries(
      Object.entries(annotations).map(([key, value]) => [`nginx.ingress.kubernetes.io/${key}`, value]),
    ),
  },
  spec: {
    rules: [
      {
        ...(host === '' ? {} : { host }),
        http: {
          paths: paths.map(([path, pathType]) => ({
            path,
            pathType,
            backend: { service: { name: 'svc', port: { number: 80 } } },
          })),
        },
      },
    ],
  },
});
const read = (...parts: readonly Part[]) =>
  imported(parts.map((part) => JSON.stringify(ingress(part))).join('\n---\n'));
const protectedBy = { 'auth-url': 'http://auth.test/verify' };
const linesOf = (...parts: readonly Part[]) => read(...parts).routes.map((line) => line.split(' -> ')[0]);

describe('annotations', () => {
  test.each<[string, Readonly<Record<string, string>>, string]>([
    ['none', {}, '"public"'],
    ['auth-url', protectedBy, '"authenticated"'],
    [
      'groups of oauth2-proxy',
      { 'auth-url': 'http://p/oauth2/auth?allowed_groups=a,b' },
      '"authenticated" [group_missing]',
    ],
    ['groups of another endpoint', { 'auth-url': 'http://p/auth?allowed_groups=a' }, '"authenticated"'],
    ['an empty list of groups', { 'auth-url': 'http://p/oauth2/auth?allowed_groups=,' }, '"deny"'],
    ['addresses', { 'whitelist-source-range': '10.0.0.0/8, 192.0.2.1/32' }, '"public" [address_not_allowed]'],
    ['invalid addresses', { 'whitelist-source-range': 'office' }, '"deny"'],
    ['either', { ...protectedBy, 'whitelist-source-range': '10.0.0.0/8', satisfy: 'any' }, '"optional" [not_allowed]'],
    ['both', { ...protectedBy, 'whitelist-source-range': '10.0.0.0/8' }, '"authenticated" [address_not_allowed]'],
    ['a password', { 'auth-type': 'basic' }, '"deny"'],
    ['a client certificate', { 'auth-tls-secret': 'ns/ca' }, '"deny"'],
    ['a snippet', { ...protectedBy, 'configuration-snippet': 'deny all;' }, '"deny"'],
    ['denied addresses', { 'denylist-source-range': '10.0.0.0/8' }, '"deny"'],
  ])('%s', (_, annotations, access) => {
    expect(linesOf({ annotations })).toEqual([`a.test/** ${access}`]);
  });

  test("honors the controller's global authentication, and opting out of it", () => {
    const config = JSON.stringify({ kind: 'ConfigMap', data: { 'global-auth-url': 'http://auth.test' } });
    const texts = [ingress({}), ingress({ host: 'b.test', annotations: { 'enable-global-auth': 'false' } })].map(
      (one) => JSON.stringify(one),
    );
    expect(imported([config, ...texts].join('\n---\n')).routes.map((line) => line.split(' -> ')[0])).toEqual([
      'a.test/** "authenticated"',
      'b.test/** "public"',
    ]);
  });

  const beside = (data: object, ...annotations: Readonly<Record<string, string>>[]) =>
    imported(
      [
        { kind: 'ConfigMap', metadata: { name: 'nginx' }, data },
        ...annotations.map((one) => ingress({ annotations: one })),
      ]
        .map((one) => JSON.stringify(one))
        .join('\n---\n'),
    );

  test.each<[string, object, Readonly<Record<string, string>>, string]>([
    ['its ranges', { 'whitelist-source-range': '10.0.0.0/8' }, {}, '"public" [address_not_allowed]'],
    [
      'its ranges, next to an identity',
      { 'whitelist-source-range': '10.0.0.0/8' },
      protectedBy,
      '"authenticated" [address_not_allowed]',
    ],
    ['invalid ranges', { 'whitelist-source-range': 'office' }, {}, '"deny"'],
    ['a setting that can block requests', { 'block-user-agents': '~*bot' }, {}, '"deny"'],
    ['code', { 'server-snippet': 'deny all;' }, {}, '"deny"'],
    ['disabled settings', { 'enable-modsecurity': 'false', 'server-snippet': '' }, {}, '"public"'],
  ])('settings of the whole controller: %s', (_, data, annotations, expected) => {
    expect(beside(data, annotations).routes.map((line) => line.split(' -> ')[0])).toEqual([`a.test/** ${expected}`]);
  });

  test('ranges of an Ingress replace those of the controller', () => {
    const { text } = beside(
      { 'whitelist-source-range': '10.0.0.0/8', 'no-auth-locations': '/open' },
      { 'whitelist-source-range': '192.168.0.0/16' },
    );
    expect(text).toContain('192.168.0.0/16');
    expect(text).not.toContain('10.0.0.0/8');
  });

  test.each<[string, object, string]>([
    ['the class of another controller', { spec: { ingressClassName: 'traefik' } }, '"deny"'],
    ['one of its own classes', { spec: { ingressClassName: 'nginx-internal' } }, '"public"'],
    [
      'a class of any name, with nginx annotations',
      {
        metadata: { annotations: { 'nginx.ingress.kubernetes.io/satisfy': 'all' } },
        spec: { ingressClassName: 'public' },
      },
      '"public"',
    ],
    [
      'the class of another controller, in the old form',
      { metadata: { annotations: { 'kubernetes.io/ingress.class': 'gce' } } },
      '"deny"',
    ],
    [
      'settings of another controller',
      { metadata: { annotations: { 'traefik.ingress.kubernetes.io/router.middlewares': 'auth@kubernetescrd' } } },
      '"deny"',
    ],
    [
      'settings of another controller, in the old form',
      { metadata: { annotations: { 'ingress.kubernetes.io/auth-type': 'basic' } } },
      '"deny"',
    ],
    ['unrelated annotations', { metadata: { annotations: { 'cert-manager.io/cluster-issuer': 'x' } } }, '"public"'],
  ])('denies an Ingress of another controller: %s', (_, more, expected) => {
    const own = ingress({}) as { metadata: object; spec: object };
    const { metadata, spec } = more as { metadata?: object; spec?: object };
    const text = JSON.stringify({ ...own, metadata: { ...own.metadata, ...metadata }, spec: { ...own.spec, ...spec } });
    const { routes, leftovers } = imported(text);
    expect(routes.map((line) => line.split(' -> ')[0])).toEqual([`a.test/** ${expected}`]);
    if (expected === '"deny"')
      expect(leftovers).toEqual([expect.stringMatching(/^denied: i \(a\.test\/\*\*\): .* another controller/)]);
  });

  test('reports controller settings that are not imported', () => {
    const { leftovers } = beside(
      {
        'no-auth-locations': '/open',
        'block-cidrs': '1.2.3.4',
        'proxy-body-size': '8m',
        'use-forwarded-headers': 'true',
      },
      {},
    );
    expect(leftovers).toEqual([
      'lost: nginx: its "no-auth-locations" has no equivalent',
      'lost: nginx: its "use-forwarded-headers" has no equivalent',
      'denied: i (a.test/**): "block-cidrs" of the controller may refuse requests',
    ]);
  });

  test('maps response headers to identity fields', () => {
    const { text, leftovers } = read({
      annotations: { ...protectedBy, 'auth-response-headers': 'X-Auth-Request-User,X-Z', 'auth-signin': 'http://x' },
    });
    expect(text).toContain('x-auth-request-user: userId');
    expect(leftovers).toEqual([
      'lost: i: its header "X-Z" matches no known identity field',
      'lost: i: its annotation "auth-signin" has no equivalent',
    ]);
  });
});

describe('paths', () => {
  const regex = { 'use-regex': 'true' };
  test.each<[string, string, Readonly<Record<string, string>>, string | undefined]>([
    ['/x', 'Exact', {}, 'a.test/x "public" -> http://svc.ns.svc'],
    ['/x/', 'Prefix', {}, 'a.test/x/** "public" -> http://svc.ns.svc'],
    ['/x', 'ImplementationSpecific', {}, 'a.test/x/** "public" -> http://svc.ns.svc'],
    [
      '/x(/|$)(.*)',
      'ImplementationSpecific',
      { 'rewrite-target': '/$2' },
      'a.test/x/** "public" -> http://svc.ns.svc {"stripPrefix":"/x"}',
    ],
    [
      '/x/(.*)',
      'ImplementationSpecific',
      { 'rewrite-target': '/y/$1' },
      'a.test/x/** "public" -> http://svc.ns.svc {"stripPrefix":"/x","addPrefix":"/y"}',
    ],
    [
      '/(.*)',
      'ImplementationSpecific',
      { 'rewrite-target': '/y/$1' },
      'a.test/** "public" -> http://svc.ns.svc {"addPrefix":"/y"}',
    ],
    ['/x', 'Prefix', { 'rewrite-target': '/' }, 'a.test/x/** "deny" -> http://svc.ns.svc'],
    ['/x$', 'ImplementationSpecific', regex, 'a.test/x "public" -> http://svc.ns.svc'],
    ['/x/[0-9]+', 'ImplementationSpecific', regex, 'a.test/x/** "deny" -> http://svc.ns.svc'],
    ['/{x}', 'Exact', {}, 'a.test/%7Bx%7D "public" -> http://svc.ns.svc'],
  ])('%s as %s with %j', (path, type, annotations, line) => {
    expect(read({ annotations, paths: [[path, type]] }, { host: 'last.test' }).routes.slice(0, -1)[0]).toBe(line);
  });

  test('ignores letter case on a host with regular expressions', () => {
    expect(read({ paths: [['/x', 'Prefix']], annotations: regex }).text).toContain('caseSensitive: false');
  });

  test('refuses paths next to a prefix, where either rule may apply', () => {
    expect(linesOf({}, { annotations: protectedBy, paths: [['/api', 'ImplementationSpecific']], name: 'api' })).toEqual(
      ['a.test/** "public"', 'a.test/api/** "authenticated"', 'a.test/{beside}/** "public" [not_this_path]'],
    );
  });

  test('denies an open exact path below a protected one because of a trailing slash', () => {
    const parts = [{ annotations: protectedBy }, { paths: [['/healthz', 'Exact']] }] as const;
    expect(linesOf(...parts)).toEqual(['a.test/** "authenticated"', 'a.test/healthz "deny"']);
    expect(read(...parts).text).toContain('requests such as /healthz/ that may belong to');
  });

  test('orders expressions by length, and closes what an unsupported one may match', () => {
    expect(
      linesOf(
        { annotations: regex, paths: [['/', 'ImplementationSpecific']] },
        {
          annotations: { ...regex, ...protectedBy },
          paths: [['/api/[a-z]+/secret', 'ImplementationSpecific']],
          name: 'keys',
        },
        { annotations: regex, paths: [['/api/x(/|$)(.*)', 'ImplementationSpecific']], name: 'x' },
        { annotations: regex, paths: [['/api/longer-than-it(/|$)(.*)', 'ImplementationSpecific']], name: 'longer' },
      ),
    ).toEqual([
      'a.test/** "public"',
      'a.test/api/** "deny"',
      'a.test/api/x/** "deny"',
      'a.test/api/longer-than-it/** "public"',
    ]);
  });

  test('hosts added by the controller do not use the rules for every host', () => {
    const annotations = { 'from-to-www-redirect': 'true', 'server-alias': 'c.test' };
    expect(linesOf({ host: '' }, { annotations })).toEqual([
      '/** "public"',
      'a.test/** "public"',
      'c.test/** "deny"',
      'www.a.test/** "deny"',
    ]);
  });

  test('a host with its own paths does not use the rules for every host', () => {
    expect(linesOf({ host: '' }, { paths: [['/x', 'Prefix']] })).toEqual([
      '/** "public"',
      'a.test/x/** "public"',
      'a.test/** "deny"',
    ]);
  });

  test('omits a canary', () => {
    expect(linesOf({}, { annotations: { canary: 'true' } })).toEqual(['a.test/** "public"']);
  });
});
