/** The fields of an account, wherever it is made. */
import { z } from 'zod';
import { emailAddress, label } from '../fields.ts';

export const accountFields = { email: emailAddress, fullName: label(200), alias: label(64) };

/** What a new user holds when nobody says otherwise. */
export const firstRoles: readonly string[] = ['user'];
export const firstGroups: readonly string[] = ['public'];

export const userEntry = z.object({
  id: z.string(),
  emails: z.array(z.string()),
  roles: z.array(z.string()),
  verified: z.boolean(),
  enabled: z.boolean(),
});
