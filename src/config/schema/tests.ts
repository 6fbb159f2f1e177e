/** Keys under `tests`: identities by name, and requests with their expected results. */
import { z } from 'zod';
import { credentialKinds } from '../../core/credential/credential.ts';
import { parseAddress } from '../../core/syntax/addresses.ts';
import { Problem } from '../problem.ts';
import type { RequestLine } from '../test-suite.ts';
import { described, neither } from './key.ts';
import { refined } from './refine.ts';
import { anyText, bool, scalar, text, word } from './scalar.ts';
import { declared, headerKey, idHint, idPattern, moment, version } from './values.ts';

const identifier = () =>
  text('a text', (value) =>
    /^[\x21-\x7e]{1,256}$/.test(value)
      ? value
      : new Problem('expected visible ASCII without blanks, at most 256 characters'),
  );

const listed = () =>
  text('a text', (value) =>
    /[,\p{Cc}]/u.test(value) ? new Problem('a name cannot contain a comma or control characters') : value,
  );

const claimScalar = scalar({ type: ['string', 'number', 'boolean'] }, (value): string | number | boolean | Problem =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? value
    : new Problem('expected a text, a number, true or false, or a list of texts'),
);

const identityKeys = z.strictObject({
  userId: described(identifier().optional(), 'Id of the user. If unset, the name of the identity.', {
    examples: ['ann'],
  }),
  roles: described(z.array(listed()).prefault([]), 'Roles, as the Auth API names them.', { examples: [['user']] }),
  groups: described(z.array(listed()).prefault([]), 'Groups.', { examples: [['acme']] }),
  kind: described(word(credentialKinds).prefault('bearer'), 'Kind of the credential that is sent.'),
  sessionId: described(identifier().optional(), 'Id of the session, if the source gives one to such a credential.', {
    examples: ['session-ann'],
  }),
  keyId: described(identifier().optional(), 'Id of the key, if the source gives one to such a credential.', {
    examples: ['key-ann'],
  }),
  authenticatedAt: described(moment().optional(), 'When the user signed in. If unset, unknown.', {
    examples: ['2026-12-01T08:50:00Z'],
  }),
  alias: described(anyText().optional(), 'Alias.', { examples: ['ann'] }),
  claimValues: described(
    z.record(z.string(), z.union([claimScalar, z.array(anyText())])).prefault({}),
    'Claims of "identity.claims" by name, of their types; a time in RFC 3339 or Unix seconds.',
    { examples: [{ plan: 'gold', level: 2 }] },
  ),
  fullName: described(anyText().optional(), 'Full name.', { examples: ['Ann Example'] }),
  claims: described(
    z.record(z.string(), z.unknown()).optional(),
    'Claims of a token, or the JSON of a response, which the fields of a source map to the identity; instead of all other keys except "kind" and "source". Only the fields are read. Signature, issuer, audience, time and required claims are not checked.',
    { examples: [{ sub: 'ann', 'https://example.test/roles': ['user'] }] },
  ),
  source: described(
    anyText().optional(),
    'The source that knows the identity; with "claims", the one whose fields are read. If unset, "authApi", or the first one that accepts this kind of credential; with "claims", the only one.',
    {
      examples: ['issuer'],
    },
  ),
});

/** Fields that are derived from claims. */
const claimed = [
  'userId',
  'authenticatedAt',
  'claimValues',
  'roles',
  'groups',
  'sessionId',
  'keyId',
  'alias',
  'fullName',
] as const;

const identity = refined(identityKeys, (parts, { atKey }) => {
  if (!('claims' in parts)) return;
  for (const key of claimed) {
    if (isWritten(parts[key])) atKey([key], `"${key}" follows from the claims`, 'remove it');
  }
});

/** An empty list or mapping equals its default. */
const isWritten = (value: unknown) =>
  typeof value === 'object' && value !== null ? Object.keys(value).length > 0 : value !== undefined;

/** Any text, including an empty one, which a header can have. */
const headerText = () =>
  scalar({ type: 'string' }, (value): string | Problem =>
    typeof value === 'string' && !/[\0\r\n]/.test(value) ? value : new Problem('expected the text of a header'),
  );

const absentOrText = scalar({ type: ['string', 'null'] }, (value): string | null | Problem =>
  value === null || typeof value === 'string' ? value : new Problem('expected a text, or null for "not there"'),
);

const requestLine = text('a request such as "GET /v1/orders/7"', (value): RequestLine | Problem => {
  const read = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]{1,32}) (?:(https?):\/\/([^/?#\s]+))?(\/[^\s#]*)$/.exec(value);
  if (read === null) {
    return new Problem(
      'expected a request such as "GET /v1/orders/7"',
      'or "GET https://api.example.test/v1/orders/7"',
    );
  }
  const [, method = '', scheme, host, target = ''] = read;
  return { method, secure: scheme === 'https', host: host ?? null, target };
});

const clientAddress = text('an IP address', (value) =>
  parseAddress(value) === null ? new Problem('expected an IP address') : value,
);

const testCase = z.strictObject({
  name: described(anyText().optional(), 'Name in reports. If unset, the request and its client.', {
    examples: ['own order'],
  }),
  as: described(anyText().optional(), 'Name of an identity. If unset, the request has no credential.', {
    examples: ['ann'],
  }),
  request: described(requestLine, 'Method and path, or method and URL.', { examples: ['GET /v1/orders/acme/7'] }),
  headers: described(
    z.record(headerKey, z.union([headerText(), z.array(headerText())])).prefault({}),
    'Additional headers. A list sends a header several times.',
    { examples: [{ 'x-region': 'eu' }] },
  ),
  client: described(clientAddress.optional(), 'Address of the client.', { examples: ['10.1.2.3'] }),
  trusted: described(
    bool().prefault(false),
    'Whether a trusted proxy sends the request, so that the "trusted" of "conditions.headers" are read.',
  ),
  time: described(moment().optional(), 'Time of the request. If unset, it is unknown, and no time condition is met.', {
    examples: ['2026-12-01T09:00:00Z'],
  }),
  expect: described(
    word(['allow', 'refuse', 'signIn']),
    'The expected result; "signIn" means refused with a redirect to the sign-in page.',
    { examples: ['refuse'] },
  ),
  route: described(anyText().optional(), 'Id of the route that must win.', { examples: ['order'] }),
  reason: described(anyText().optional(), 'Why it must be refused: a reason, or the word of a condition.', {
    examples: ['role_missing'],
  }),
  upstreamHeaders: described(
    z.record(headerKey, absentOrText).prefault({}),
    'Headers that the upstream must receive; null: must not receive.',
    {
      examples: [{ 'user-id': 'ann' }],
    },
  ),
});

export const tests = z.strictObject({
  identities: neither(
    z.record(declared('an identity', idPattern, idHint), identity).prefault({}),
    'Clients by name, each with roles and groups, or with the claims that a source would read.',
    {
      examples: [
        {
          ann: { roles: ['user'], groups: ['acme'], claimValues: { plan: 'gold' } },
          bob: { source: 'issuer', claims: { sub: 'bob', roles: ['user'] } },
        },
      ],
    },
  ),
  cases: neither(
    z.array(testCase).prefault([]),
    'Test cases: as, request, headers, client, expect, route, reason, upstreamHeaders.',
    {
      examples: [[{ as: 'ann', request: 'GET /v1/orders/acme/7', expect: 'allow', route: 'order' }]],
    },
  ),
});

export const testFileSchema = z.strictObject({
  version: neither(version.optional(), 'Version of this format.', { examples: [1] }),
  ...tests.shape,
});

/** A file with tests alone, after defaults. */
export type TestFile = z.output<typeof testFileSchema>;
