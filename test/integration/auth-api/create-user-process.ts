/**
 * A process that opens the Auth API on the file in the first argument, creates a user with the alias in the second, and
 * reports the result.
 */
import { AccountTakenError } from '../../../src/auth-api/auth-api.ts';
import { createAuthApi } from '../../../src/auth-api/create-auth-api.ts';
import { testSettings } from './start-auth-api.ts';

const [database = '', alias = ''] = process.argv.slice(2);
const log = { info: () => {}, warn: () => {}, error: () => {} };
const api = await createAuthApi({ settings: { ...testSettings, database }, log });
const make = async (name: string) => {
  try {
    await api.createUser({ email: `${name}@example.test`, fullName: name, alias: name, roles: ['user'], groups: [] });
    return 'done';
  } catch (error) {
    if (error instanceof AccountTakenError) return error.taken;
    throw error;
  }
};
const outcomes = new Set<string>();
for (let time = 0; time < 20; time += 1) outcomes.add(await make(`${alias}${time}`));
const shared = await make('shared');
await api.close();
process.stdout.write(JSON.stringify({ own: [...outcomes], shared }));
