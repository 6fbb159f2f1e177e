/** `mode: shadow` is accepted only where a rule can refuse. */
import { expect, test } from 'vitest';
import { parseConfig } from '../../../src/config/parse-config.ts';

const when = 'when: [{ query: q, exists: true, reason: q_needed }]';

test.each([
  ['roles', 'access: [user]', null],
  ['public with a condition', `access: public, ${when}`, null],
  ['rules by method, one of which is deny', 'access: { GET: [user], POST: deny }', null],
  ['denied', 'access: deny', /denied requests stay denied/],
  ['the default rule, deny', 'rewrite: {}', /denied requests stay denied/],
  ['public', 'access: public', /the rule refuses no request/],
  ['optional', 'access: { GET: optional, POST: deny }', /the rule refuses no request/],
] as const)('%s', (_, keys, problem) => {
  const text = `version: 1
authApi: { url: "http://auth:8081" }
roles: { user: {} }
upstreams: { s: { targets: ["http://s:8080"] } }
routes: [{ id: x, match: { path: /x }, upstream: s, mode: shadow, ${keys} }]
`;
  const read = parseConfig(text, { file: 'f', env: {}, readSecret: () => '' });
  if (problem === null) expect(read.ok && read.config.routes.routes[0]?.mode).toBe('shadow');
  else expect(read.ok ? '' : read.problems[0]?.message).toMatch(problem);
});
