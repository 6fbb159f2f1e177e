/** Keys under `roles`. */
import { z } from 'zod';
import { mappedFields } from '../../core/policy/map-roles.ts';
import { Problem } from '../problem.ts';
import { roleHint, rolePattern } from './access.ts';
import { anyChange, decides, described } from './key.ts';
import { list, refined } from './refine.ts';
import { anyText, text, word } from './scalar.ts';
import { declared, name } from './values.ts';

const originKeys = z.strictObject({
  field: described(word(mappedFields), 'Field of the identity.', { examples: ['groups'] }),
  equals: described(anyText().optional(), 'The field is this text, or its list contains it.', {
    examples: ['platform-admins'],
  }),
  in: described(
    list(anyText(), { empty: ['an empty list gives the role to no one', 'name a value'] }).optional(),
    'Like "equals", with several texts.',
    {
      examples: [['platform-admins', 'root-admins']],
    },
  ),
});

const roleOrigin = refined(originKeys, (parts, { at, atKey }) => {
  const [equals, several] = ['equals' in parts, 'in' in parts];
  if (equals && several) atKey(['in'], '"equals" and "in" exclude each other', 'keep one of the two');
  if (!equals && !several) at([], 'expected "equals" or "in"', 'for example "equals: platform-admins"');
});

const role = z.strictObject({
  inherits: decides(
    z.array(name('a role', rolePattern, roleHint)).prefault([]),
    'Roles that holders of this role also have.',
    anyChange('a role grants access, or no longer takes it as one under "none"'),
    {
      examples: [['user']],
    },
  ),
  scopedBy: decides(
    text('the name of a parameter', (value) =>
      /^[A-Za-z_]\w{0,63}$/.test(value) ? value : new Problem('expected the name of a parameter, such as tenant'),
    ).optional(),
    'Path parameter that names the scope of the role, such as the tenant: an "editor" of the tenant in the path is not one of other tenants.',
    anyChange('the role applies to other scopes'),
    { examples: ['tenant'] },
  ),
  format: decides(
    text('a form such as "{scope}:{role}"', (value) =>
      /^[^\p{Cc},]{1,256}$/u.test(value) ? value : new Problem('expected a form such as "{scope}:{role}"'),
    ).optional(),
    'With "scopedBy": how sources write the role. {scope}, or the parameter, is the scope, and {role} is its name. A scope cannot contain the separator. If unset, "{scope}:{role}".',
    anyChange('other texts of sources become the role'),
    { examples: ['{tenant}:editor'] },
  ),
  from: decides(
    z
      .union([roleOrigin, list(roleOrigin, { empty: ['an empty list gives the role to no one', 'remove it'] })])
      .optional(),
    'Grants the role in addition to the roles from the Auth API: one comparison, or a list of them.',
    anyChange('other users get the role, or lose one under "none"'),
    { examples: [{ field: 'groups', equals: 'platform-admins' }] },
  ),
});

export const roles = z.record(declared('a role', rolePattern, roleHint), role);
