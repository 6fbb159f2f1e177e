/**
 * Identity headers to the service come only from the gateway: whatever the client sends in any case, with `_` for `-`,
 * repeated, folded, in trailers, or through `Connection`, also on public routes, is removed.
 */
import { expect } from 'vitest';
import { type Attack, attackSuite, bearer, request } from './support/attack-suite.ts';
import type { FooledUpstream } from './support/fooled-upstream.ts';

/** All values of a header that the service received, in either spelling. */
function valuesOf(upstream: FooledUpstream, name: string): string[] {
  const last = upstream.seen('length-first').find(({ target }) => !/^\/public\/(end|after)-/.test(target));
  return (last?.headers ?? [])
    .filter(([own]) => own.toLowerCase().replaceAll('_', '-') === name)
    .map(([, value]) => value);
}

const spelled: readonly (readonly [name: string, header: string])[] = [
  ['capitals', 'USER-ID: root'],
  ['mixed case', 'User-Id: root'],
  ['underscore: CVE-2025-64484', 'user_id: root'],
  ['underscore and capitals: CVE-2026-33433', 'USER_ID: root'],
  ['underscore and mixed case: CVE-2015-0219', 'User_Id: root'],
  ['groups with capitals: CVE-2026-39858', 'GROUPS: root'],
  ['groups', 'Groups: root, admin'],
  ['surrounding spaces', 'User-Id:  \t root \t '],
];

const places: readonly (readonly [name: string, line: string, headers: readonly string[], users: readonly string[]])[] =
  [
    ['a public route: CVE-2026-30851', 'GET /public/x', [], []],
    ['a route by method', 'GET /items/1', [], []],
    ['a catch-all route', 'GET /other', [], []],
    ['a route for authenticated callers', 'GET /private/x', [bearer], ['ann']],
  ];

const strays: Attack[] = spelled.flatMap(([spelling, header]) =>
  places.map(([place, line, headers, users]) => ({
    name: `${spelling} on ${place}`,
    bytes: request(line, [header, ...headers]),
    ...{ status: 200, reaches: line.slice(4), harm: 'forged identity' as const },
    check: ({ upstream }) => expect(valuesOf(upstream, 'user-id')).toEqual(users),
  })),
);

attackSuite('identity headers', [
  ...strays,
  {
    name: 'before and after the credential, twice each',
    bytes: request('GET /private/x', ['User-Id: root', 'user_id: root', bearer, 'USER-ID: root', 'User_Id: root']),
    ...{ status: 200, reaches: '/private/x', harm: 'forged identity' },
    check: ({ upstream }) => expect(valuesOf(upstream, 'user-id')).toEqual(['ann']),
  },
  {
    name: 'empty, so the service would see two',
    bytes: request('GET /private/x', ['User-Id:', bearer]),
    ...{ status: 200, reaches: '/private/x' },
    check: ({ upstream }) => expect(valuesOf(upstream, 'user-id')).toEqual(['ann']),
  },
  {
    name: 'with HEAD',
    bytes: request('HEAD /public/x', ['User_Id: root']),
    ...{ status: 200, reaches: '/public/x', harm: 'forged identity' },
  },
  {
    name: 'with a body',
    bytes: request('POST /public/x', ['User_Id: root', 'Content-Length: 2'], 'hi'),
    ...{ status: 200, reaches: '/public/x', harm: 'forged identity' },
  },
  ...(
    [
      ['a space before the colon: RFC 9112 section 5.1', 'User-Id : root'],
      ['a tab before the colon: CVE-2019-16276', 'User-Id\t: root'],
      ['a vertical tab before the colon', 'User-Id\x0b: root'],
      ['a NUL before the colon', 'User-Id\x00: root'],
      ['a no-break space before the colon', 'User-Id\xa0: root'],
      ['a leading no-break space', '\xa0User-Id: root'],
      ['after a bare LF: CVE-2022-32214', 'X-A: b\nUser-Id: root'],
      ['after a bare CR: CVE-2023-30589', 'X-A: b\rUser-Id: root'],
      ['after LF CR', 'X-A: b\n\rUser-Id: root'],
      ['after two CRs', 'X-A: b\r\r\nUser-Id: root'],
      ['first and folded: RFC 9112 section 2.2', ' User-Id: root'],
    ] as const
  ).map(([name, header]) => ({
    name,
    bytes: request('GET /public/x', [header]),
    ...{ status: 400, reaches: null, harm: 'forged identity' as const },
  })),
  ...(
    [
      ['a leading colon', ':User-Id: root'],
      ['no colon', 'User-Id root'],
      ['an empty name', ': root'],
      ['a folded value', 'X-A: b\r\n\tUser-Id: root'],
      ['a NUL in the value', 'X-A: b\x00User-Id: root'],
      ['a control character in the value', 'X-A: b\x08c'],
      ['DEL in the value', 'X-A: b\x7f'],
      ['a parenthesis in the name', 'X(A): b'],
      ['a quotation mark in the name', '"X": b'],
      ['a slash in the name', 'X/A: b'],
      ['a byte beyond ASCII in the name', 'Us\xe9r: b'],
    ] as const
  ).map(([name, header]) => ({ name, bytes: request('GET /public/x', [header]), status: 400, reaches: null })),
  {
    name: "other names are kept: only the gateway's own are removed",
    bytes: request('GET /public/x', ['X-User-Id: root2', 'Userid: root2', 'User-Ids: root2']),
    ...{ status: 200, reaches: '/public/x' },
    check: ({ upstream }) => {
      for (const name of ['x-user-id', 'userid', 'user-ids']) expect(valuesOf(upstream, name)).toEqual(['root2']);
    },
  },
]);

const configured = ['user-id: userId', 'x-roles: roles', 'x-full: fullName', 'x-key-id: keyId', 'groups: groups'];

attackSuite(
  'configured identity headers',
  (['X-Roles', 'x_roles', 'X-Full', 'X_FULL', 'X-Key-Id', 'x_key_id', 'x_key-id'] as const).flatMap((name) => [
    {
      name: `${name} on a public route: CVE-2026-54763`,
      bytes: request('GET /public/x', [`${name}: root`]),
      ...{ status: 200, reaches: '/public/x' },
      check: ({ upstream }: { upstream: FooledUpstream }) => expect(upstream.received().join('')).not.toContain('root'),
    },
    {
      name: `${name} for authenticated callers`,
      bytes: request('GET /private/x', [`${name}: root`, bearer]),
      ...{ status: 200, reaches: '/private/x' },
      check: ({ upstream }: { upstream: FooledUpstream }) => {
        expect(upstream.received().join('')).not.toContain('root');
        expect(valuesOf(upstream, 'x-roles')).toEqual(['user']);
      },
    },
  ]),
  { more: `identityHeaders: { ${configured.join(', ')} }` },
);
