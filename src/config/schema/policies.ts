/** Keys under `policies`: restrictions of everything below a host or a path, or of a service, in addition to the rules of routes. */
import { z } from 'zod';
import { access, signInAge } from './access.ts';
import { exempt, when } from './conditions.ts';
import { added, anyChange, decides, described, higher, neither, removed } from './key.ts';
import { anyText } from './scalar.ts';
import { idHint, idPattern, name } from './values.ts';

const match = z.strictObject({
  upstream: decides(
    name('an upstream', idPattern, idHint).optional(),
    'Upstream to which the policy applies, whatever path leads to it. "path" is then the path that the upstream receives, after "rewrite". If unset, any upstream.',
    anyChange('requests to others are not restricted'),
    { examples: ['orders'] },
  ),
  host: decides(
    anyText('a host name, such as api.example.test or *.example.test').optional(),
    'Host to which the policy applies. If unset, any host.',
    anyChange('requests outside of it are not restricted'),
    {
      examples: ['api.example.test'],
    },
  ),
  path: decides(
    anyText('a path pattern that ends with "**", such as "/t/{tenant}/**"').optional(),
    'Path prefix: literal segments and parameters that are whole segments, with ** at the end. If unset, every path.',
    anyChange('requests outside of it are not restricted'),
    { examples: ['/v1/orders/{tenant}/**'] },
  ),
});

const policy = z.strictObject({
  id: neither(name('a policy', idPattern, idHint), 'Name in reports; unique.', { examples: ['tenant-guard'] }),
  match: described(
    match,
    'The host, the path and the upstream to which it applies. A route lies below it completely or not at all.',
  ),
  access: decides(
    access.optional(),
    'Who may use the routes, in addition to their own access: authenticated, deny, a list of roles, { any, all, none }, or one of these by method, which leaves other methods unrestricted. A public route below it then also requires a credential. If unset, the access of the routes.',
    anyChange('other callers meet it'),
    { examples: ['authenticated', { GET: ['user', 'support'], '*': ['user'] }] },
  ),
  when: decides(
    when.optional(),
    'Conditions, evaluated before those of the route. Parameters are those of this path.',
    removed('requests that did not meet it are allowed'),
    {
      examples: [[{ param: 'tenant', in: 'identity.groups', reason: 'wrong_tenant' }]],
    },
  ),
  maxAuthAge: decides(
    signInAge.optional(),
    'Maximum time since the user signed in, or this by method. A route can require a shorter time but not allow a longer one. If unset, the time does not matter.',
    higher('an older sign-in is accepted', { loosest: 'unset' }),
    { examples: ['15m', { DELETE: '5m' }] },
  ),
  for: decides(
    exempt.optional(),
    'Roles that the policy restricts: identities with none of them are not concerned. It includes identities with a role that inherits one of them. Callers without an identity are always restricted. If unset, every caller.',
    removed('holders of the role are not restricted', { strictest: 'unset' }),
    { examples: [['user'], ['support']] },
  ),
  unless: decides(
    exempt.optional(),
    'Roles that are exempt from the conditions of the policy, not from its access.',
    added('holders of the role need not meet the conditions'),
    {
      examples: [['admin']],
    },
  ),
});

export const policies = z.array(policy);

export type PolicyEntry = z.output<typeof policy>;
