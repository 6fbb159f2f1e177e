/** Whatever typo an author makes in a file with literal secrets, no output shows a part of one. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatProblems } from '../../src/config/format-problems.ts';
import { parseAuthApiFile, parseConfig } from '../../src/config/parse-config.ts';
import { patienceMs, runs } from './support.ts';

const secrets = {
  admin: 'Zx81vQmPLk07rTgYbN44hWcEu92sDjAo',
  cache: 'kindlyforgotteneverywordofthismess',
  earlier: 'b5e19c07d2f84a6380e7c41d95fa23b680c4',
  webhook: 'VGhpcyBpcyBhIHNlY3JldCBvZiBhIHdlYmhvb2sh',
  redis: 'opensesamewhispers',
  sentinel: 'Guard:Of@The/Gates',
  database: 'quietlyhiddenpass',
  auth: 'f00dfeedf00dfeedcafebabe0123456789abcdef',
  mail: 'pigeonscarrythis',
};

const authApi = (indent: string) =>
  `database: postgres://rolegate:${secrets.database}@postgres/rolegate
secret: ${secrets.auth}
previousSecrets:
  - ${secrets.earlier}
selfRegistration: false
mail:
  smtp: "smtp://user:${secrets.mail}@mail:587"
  from: Rolegate <no-reply@example.test>
redis: { url: "redis://ann:${secrets.redis}@redis:6379", timeout: 50ms }
`.replaceAll(/^(?=.)/gm, indent);

const block = `version: 1
server:
  listen: ":8080"
  adminToken: ${secrets.admin}
  trustedProxies:
    - 10.0.0.0/8
log: { level: info }
cache:
  accepted: 30s
  secret: "${secrets.cache}"
  previousSecret:
  - ${secrets.earlier}
  redis:
    sentinel:
      name: mymaster
      nodes: ["sentinel-1:26379"]
      password: '${secrets.sentinel}'
    username: ann
    password: ${secrets.redis}
    timeout: 50ms
revocations:
  webhookSecret: |-
    whsec_${secrets.webhook}
authApi:
  timeout: 2s
  embedded:
${authApi('    ')}upstreams: { orders: { targets: ["http://orders:8080"] } }
routes:
  - { id: a, match: { path: /a }, upstream: orders, access: public }
`;

const flow = `{ version: 1, server: { listen: ":8080", adminToken: ${secrets.admin}, drainTimeout: 20s },
revocations: { webhookSecret: [whsec_${secrets.webhook}] },
cache: { secret: '${secrets.cache}', previousSecret: [${secrets.earlier}, "${secrets.auth}"],
  redis: { url: "redis://:${secrets.redis}@redis", tls: false } },
authApi: { url: "http://auth:8081", timeout: 2s },
routes: [] }
`;

const files = [
  { name: 'blocks', text: block, parse: parseConfig },
  { name: 'brackets', text: flow, parse: parseConfig },
  { name: "the Auth API's own", text: `listen: ":8081"\n${authApi('')}`, parse: parseAuthApiFile },
];

const options = { file: 'f.yaml', env: {}, readSecret: () => '' };

/** Every six consecutive characters of a secret; those that also occur elsewhere in the file reveal nothing. */
const parts = (text: string) => {
  const rest = Object.values(secrets).reduce((left, secret) => left.replaceAll(secret, ''), text);
  return Object.values(secrets).flatMap((secret) =>
    Array.from({ length: secret.length - 5 }, (_, at) => secret.slice(at, at + 6)).filter(
      (part) => !rest.includes(part),
    ),
  );
};

function output(text: string, parse: (typeof files)[number]['parse']): string {
  const result = parse(text, options);
  if (result.ok) return '';
  return formatProblems(result.problems, { color: false });
}

const sign = fc.oneof(
  fc.constantFrom(...':,;-#|>*&!%@`"\'{}[]?=. \n\t\\/$<~'),
  fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 1 }),
);

describe.each(files)('$name', ({ text, parse }) => {
  test('is valid, so each typo is the only one', () => {
    expect(output(text, parse)).toBe('');
  });

  const hidden = parts(text);
  const slips = {
    'a character replaced by another': (at: number, with_: string) => text.slice(0, at) + with_ + text.slice(at + 1),
    'an extra character': (at: number, with_: string) => text.slice(0, at) + with_ + text.slice(at),
    'a missing character': (at: number) => text.slice(0, at) + text.slice(at + 1),
    'two swapped characters': (at: number) =>
      text.slice(0, at) + (text[at + 1] ?? '') + (text[at] ?? '') + text.slice(at + 2),
  };

  test.each(Object.entries(slips))(
    '%s',
    (_, slip) => {
      fc.assert(
        fc.property(fc.nat({ max: text.length - 1 }), sign, (at, with_) => {
          const shown = output(slip(at, with_), parse);
          const leak = hidden.find((part) => shown.includes(part));
          if (leak !== undefined) throw new Error(`${leak} in:\n${shown}`);
        }),
        runs(400),
      );
    },
    patienceMs,
  );
});

test.each([
  ['a block indicator', `cache:\n  secret: |${secrets.cache}\n`],
  ['a folding indicator', `cache:\n  secret: >${secrets.cache}\n`],
  ['an alias', `cache:\n  secret: *${secrets.cache}\n`],
  ['a tag', `cache:\n  secret: !${secrets.cache}\n`],
  ['a reserved indicator', `cache:\n  secret: @${secrets.cache}\n`],
  ['an escape', `cache:\n  secret: "\\${secrets.cache}"\n`],
  ['a comma instead of the colon', `cache: { secret, ${secrets.cache} }\n`],
  ['no colon', `cache:\n  secret ${secrets.cache}\n`],
  ['a misspelled key', `server:\n  adminToke: ${secrets.admin}\n`],
  ['an unrelated key', `server:\n  bearerOfOperators: ${secrets.admin}\n`],
  ['a misspelled section', `sever:\n  adminToke: ${secrets.admin}\n`],
  ['a URL without its scheme', `cache: { redis: { url: ann:${secrets.redis}@redis } }\n`],
  ['a user where none is allowed', `upstreams: { orders: { targets: [ann:${secrets.redis}@orders] } }\n`],
  ['a key near that of a secret', `cache: { redis: { pasword: { value: ${secrets.redis} } } }\n`],
  ['a key near that of a secret, in lines', `cache:\n  redis:\n    pasword:\n      value: ${secrets.redis}\n`],
  ['a secret as the name of its file', `server: { adminToken: { file: ${secrets.admin} } }\n`],
  ['an explicit key', `revocations:\n  webhookSecret: |-\n?    whsec_${secrets.webhook}\n`],
  ['a secret at another key, too', `server: { adminToken: ${secrets.admin} }\nlog: { level: ${secrets.admin} }\n`],
  ['a secret as a section', `cache: ${secrets.cache}\n`],
  ['a quoted secret as a section', `server: "${secrets.cache}"\n`],
  ['a list as a section', `revocations: [${secrets.webhook}]\n`],
  ['a secret as a mapping', `authorizer:\n  grpc: ${secrets.auth}\n`],
  ['a secret as TLS', `server: { tls: ${secrets.auth} }\n`],
  [
    'a secret as a client',
    `sources: { i: { kind: introspection, url: "http://i:1", client: ${secrets.auth}, userPrefix: "i:" } }\n`,
  ],
  ['a secret as a role', `server: { adminToken: &a ${secrets.admin} }\ndefaults: { access: [*a] }\n`],
])('%s', (_, slip) => {
  const shown = output(`version: 1\nauthApi: { url: "http://auth:8081" }\n${slip}routes: []\n`, parseConfig);
  expect(shown).toContain('problem');
  expect(parts('').filter((part) => shown.includes(part))).toEqual([]);
});

test.each([
  ['of the main file', `"${secrets.cache}"`],
  ['in a variable', `"\${CACHE}"`],
])('a secret %s is masked in an included file', (_, secret) => {
  const main = `version: 1
authApi: { url: "http://auth:8081" }
upstreams: { a: { targets: ["http://a:1"] } }
cache: { secret: ${secret} }
include: [r.yaml]
routes: []
`;
  const route = `routes:\n- { id: z, match: { path: /z }, upstream: ${secrets.cache}, access: public }\n`;
  for (const text of [route, `${route}bogus: ${secrets.cache}\n`]) {
    const readIncluded = () => [{ file: 'r.yaml', text }];
    const result = parseConfig(main, { ...options, env: { CACHE: secrets.cache }, readIncluded });
    const shown = result.ok ? '' : formatProblems(result.problems, { color: false });
    expect(shown).toContain('r.yaml');
    expect(parts('').filter((part) => shown.includes(part))).toEqual([]);
  }
});

test('control: the search finds a secret that is shown', () => {
  const shown = `> 4 |   adminToken: ${secrets.admin}`;
  expect(parts(block).some((part) => shown.includes(part))).toBe(true);
});
