/** What a role, or an identity of the tests, can reach, as text. */
import { describe, expect, it } from 'vitest';
import { type Reach, showReach } from '../../../src/app/show-reach.ts';
import type { Config } from '../../../src/config/config.ts';
import { parseConfig } from '../../../src/config/parse-config.ts';
import { orders, policy } from './policies.ts';

function reachOf(config: Config, who: { role: string } | { as: string }): Reach {
  const reach = showReach(config, who);
  if ('detail' in reach) throw new Error(reach.detail);
  return reach;
}

/** By route and methods: the ways, one line each. */
function waysOf(config: Config, who: { role: string } | { as: string }): Record<string, readonly string[]> {
  const rows = reachOf(config, who).routes.flatMap(({ id, access }) =>
    access.map(({ methods, except = [], open, ways }) => {
      const key = `${id} ${methods.join()}${except.length === 0 ? '' : ` but ${except.join()}`}`;
      return [key, ways.map((way) => [open ?? '', ...way].filter((word) => word !== '').join(' and '))] as const;
    }),
  );
  return Object.fromEntries(rows);
}

const identities = `tests:
  identities:
    ann: { roles: [user], groups: [acme] }
    ops: { roles: [], groups: [platform] }
    bad: { roles: [admin, suspended] }
`;

describe('roles and conditions', () => {
  const config = orders(identities);

  it('lists what a role is granted, with conditions on the request and on unknown facts', () => {
    expect(waysOf(config, { role: 'user' })).toEqual({
      'order GET,HEAD': ['param tenant in identity groups'],
    });
    expect(waysOf(config, { role: 'admin' })).toEqual({ 'order GET,HEAD,PUT,DELETE': [''] });
  });

  it("counts the roles that follow from an identity's groups, and forbidden roles", () => {
    expect(waysOf(config, { as: 'ann' })).toEqual({ 'order GET,HEAD': ['param tenant in identity groups'] });
    expect(waysOf(config, { as: 'ops' })).toEqual({ 'all *': [''] });
    expect(waysOf(config, { as: 'bad' })).toEqual({ 'order GET,HEAD,PUT': [''] });
  });

  it('keeps a recent sign-in open, except for an identity without a known sign-in', () => {
    const recent = policy(`roles: { user: {} }
routes:
  - { id: one, match: { path: /one }, upstream: orders, access: [user], maxAuthAge: { GET: 1h, "*": 15m } }
tests:
  identities: { ann: { roles: [user], authenticatedAt: 2026-12-01T08:50:00Z }, bob: { roles: [user] } }
`);
    const open = {
      'one GET,HEAD': ['signed in within 1h'],
      'one *': ['signed in within 15m'],
    };
    expect(waysOf(recent, { role: 'user' })).toEqual(open);
    expect(waysOf(recent, { as: 'ann' })).toEqual(open);
    expect(waysOf(recent, { as: 'bob' })).toEqual({});
  });

  it('counts the routes, and warns about likely typos', () => {
    expect(reachOf(config, { role: 'user' })).toMatchObject({ who: { role: 'user' }, of: 2 });
    expect(reachOf(config, { role: 'usr' })).toMatchObject({
      routes: [],
      note: 'no role "usr" is declared; did you mean "user"?',
    });
    expect(showReach(config, { as: 'anne' })).toEqual({
      detail: 'there is no identity "anne": did you mean "ann"?',
    });
  });
});

describe('kinds of access', () => {
  const config = policy(`roles: { user: {} }
routes:
  - { id: open, match: { path: "/open" }, upstream: orders, access: public }
  - { id: maybe, match: { path: "/maybe" }, upstream: orders, access: optional }
  - { id: any, match: { path: "/any" }, upstream: orders, access: authenticated }
  - { id: closed, match: { path: "/closed" }, upstream: orders, access: deny }
  - { id: mixed, match: { path: "/mixed" }, upstream: orders, access: { GET: [user], "*": authenticated } }
  - { id: keys, match: { path: "/keys" }, upstream: orders, access: authenticated, credentials: [keyPair] }
tests:
  identities: { robot: { roles: [], kind: keyPair }, man: { roles: [] } }
`);

  it('lists routes open to everyone as such, and omits closed ones', () => {
    expect(waysOf(config, { role: 'other' })).toEqual({
      'open *': ['public'],
      'maybe *': ['optional'],
      'any *': [''],
      'mixed * but GET,HEAD': [''],
      'keys *': ['the credential is a key pair'],
    });
    expect(waysOf(config, { as: 'robot' })).toHaveProperty(['keys *'], ['']);
    expect(waysOf(config, { as: 'man' })).not.toHaveProperty(['keys *']);
  });
});

describe('roles that depend on how the caller is authenticated', () => {
  const routes = `routes:
  - { id: machine, match: { path: "/m" }, upstream: orders, access: { all: [user], none: [human] } }
  - { id: both, match: { path: "/b" }, upstream: orders, access: [user] }
`;

  it('counts every kind of credential', () => {
    const config = policy(`roles: { user: {}, human: { from: { field: kind, equals: bearer } } }
${routes}`);
    expect(waysOf(config, { role: 'user' })).toEqual({
      'machine *': ['the credential is a key pair'],
      'both *': [''],
    });
  });

  it('counts every source, with the roles that it may give', () => {
    const text = `version: 1
authApi: { url: "http://127.0.0.1:9", roles: [human] }
sources: { corp: { kind: jwt, issuer: "https://id.test", audience: [a], userPrefix: "corp:", fields: { roles: roles } } }
upstreams: { orders: { targets: ["http://127.0.0.1:9"] } }
roles: { user: {}, human: {} }\n${routes}`;
    const read = parseConfig(text, { file: 'gateway.yaml', env: {}, readSecret: () => '' });
    if (!read.ok) throw new Error(JSON.stringify(read.problems));
    const bearer = ['the credential is a bearer'];
    expect(waysOf(read.config, { role: 'user' })).toEqual({ 'machine *': bearer, 'both *': bearer });
    expect(waysOf(read.config, { role: 'human' })).toEqual({});
  });
});

describe('tenant roles', () => {
  const config = policy(`roles:
  viewer: { scopedBy: tenant }
  blocked: { scopedBy: tenant }
  admin: { inherits: [viewer] }
routes:
  - id: doc
    match: { path: "/t/{tenant}/docs" }
    upstream: orders
    access: { GET: { any: [viewer], none: [blocked] } }
tests:
  identities:
    ed: { roles: ["acme:viewer", "zeta:viewer", "zeta:blocked"] }
    root: { roles: [admin, "acme:blocked"] }
`);

  it('are reached in their tenants', () => {
    expect(waysOf(config, { as: 'ed' })).toEqual({ 'doc GET,HEAD': ['param tenant is acme'] });
    expect(waysOf(config, { as: 'root' })).toEqual({ 'doc GET,HEAD': ['param tenant is not acme'] });
  });

  it.each(['viewer', '{tenant}:viewer'])('accepts the name or the format of the role: %s', (role) => {
    expect(waysOf(config, { role })).toEqual({
      'doc GET,HEAD': ['param tenant is a scope in which the role is held'],
    });
  });
});
