/** Keys under `roles`. */
import { z } from 'zod';
import { mappedFields } from '../../core/policy/map-roles.ts';
import { roleHint, rolePattern } from './access.ts';
import { text, word } from './scalar.ts';
import { declared, name } from './values.ts';

const roleOrigin = z.strictObject({
  field: word(mappedFields).meta({ description: 'Field of the identity.', examples: ['groups'] }),
  equals: text('a text', (value) => value)
    .optional()
    .meta({ description: 'The field is this text, or has it in its list.', examples: ['platform-admins'] }),
  in: z
    .array(text('a text', (value) => value))
    .optional()
    .meta({ description: 'The same with one of several.', examples: [['platform-admins', 'root-admins']] }),
});

const role = z.strictObject({
  inherits: z
    .array(name('a role', rolePattern, roleHint))
    .meta({ class: 'decides', description: 'Roles that its holders have as well.', examples: [['user']] })
    .prefault([]),
  from: z
    .union([roleOrigin, z.array(roleOrigin)])
    .optional()
    .meta({
      class: 'decides',
      description: 'Who holds it besides those to whom the Auth API gives it: one comparison, or a list of them.',
      examples: [{ field: 'groups', equals: 'platform-admins' }],
    }),
});

export const roles = z.record(declared('a role', rolePattern, roleHint), role);
