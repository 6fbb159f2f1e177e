/** Keys under `roles`. */
import { z } from 'zod';
import { mappedFields } from '../../core/policy/map-roles.ts';
import { roleHint, rolePattern } from './access.ts';
import { decides, described } from './key-class.ts';
import { text, word } from './scalar.ts';
import { declared, name } from './values.ts';

const roleOrigin = z.strictObject({
  field: described(word(mappedFields), 'Field of the identity.', { examples: ['groups'] }),
  equals: described(text('a text', (value) => value).optional(), 'The field is this text, or has it in its list.', {
    examples: ['platform-admins'],
  }),
  in: described(z.array(text('a text', (value) => value)).optional(), 'The same with one of several.', {
    examples: [['platform-admins', 'root-admins']],
  }),
});

const role = z.strictObject({
  inherits: decides(
    z.array(name('a role', rolePattern, roleHint)).prefault([]),
    'Roles that its holders have as well.',
    {
      examples: [['user']],
    },
  ),
  from: decides(
    z.union([roleOrigin, z.array(roleOrigin)]).optional(),
    'Who holds it besides those to whom the Auth API gives it: one comparison, or a list of them.',
    { examples: [{ field: 'groups', equals: 'platform-admins' }] },
  ),
});

export const roles = z.record(declared('a role', rolePattern, roleHint), role);
