/** Configurations for the tests of the policy tools, given only the relevant part. */
import type { Config } from '../../../src/config/config.ts';
import { parseConfig } from '../../../src/config/parse-config.ts';

export function policy(rules: string): Config {
  return policyFile(rules).config;
}

/** With every key of the file. */
export function policyFile(rules: string) {
  const text = `version: 1
authApi: { url: "http://127.0.0.1:9" }
upstreams: { orders: { targets: ["http://127.0.0.1:9"] } }
${rules}`;
  const read = parseConfig(text, { file: 'gateway.yaml', env: {}, readSecret: () => '' });
  if (!read.ok) throw new Error(read.problems.map(({ line, message }) => `${line}: ${message}`).join('\n'));
  return read;
}

/** Orders of tenants: conditions, inheritance, a role derived from a group, a rule per method. */
export const orders = (tests = '') =>
  policy(
    `roles:
  user: {}
  reporter: { inherits: [user] }
  admin: { inherits: [reporter] }
  operator: { from: { field: groups, equals: platform } }
routes:
  - { id: all, match: { path: "/v1/**" }, upstream: orders, access: [operator] }
  - id: order
    match: { host: api.example.test, path: "/v1/orders/{tenant}/{id}" }
    upstream: orders
    access:
      GET: [user]
      PUT: [reporter]
      DELETE: { all: [admin], none: [suspended] }
    when: [{ param: tenant, in: identity.groups, unless: [admin], reason: wrong_tenant }]
${tests}`.replace('operator:', 'suspended: {}\n  operator:'),
  );
