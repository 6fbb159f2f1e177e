/** Reads a file of users for the import; all of its problems are found at once. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { NewAccount } from '../../auth-api/auth-api.ts';
import { accountFields, firstGroups, firstRoles } from '../../auth-api/operations/account-fields.ts';
import * as fields from '../../auth-api/operations/fields.ts';
import { foldCase } from '../../auth-api/store/fold-case.ts';
import { openFile } from '../../config/open-files.ts';
import { Problem } from '../../config/problem.ts';
import { text } from '../../config/schema/scalar.ts';
import type { ConfigProblem } from '../../config/yaml/problem.ts';

export type UsersFile =
  | { readonly ok: true; readonly users: readonly UserOfFile[] }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

export interface UserOfFile extends NewAccount {
  /** Line of the user in the file, from 1. */
  readonly line: number;
}

/** A value as the API itself accepts it. */
function checked(expected: string, schema: z.ZodType<string>) {
  return text(expected, (value) => {
    const result = schema.safeParse(value);
    return result.success ? result.data : new Problem(`expected ${expected}`);
  });
}

const nameExpected = 'a name of letters, digits and _.:@-, at most 64 characters';
const names = (usual: readonly string[]) => z.array(checked(nameExpected, fields.name)).prefault([...usual]);

const schema = z.strictObject({
  users: z.array(
    z.strictObject({
      email: checked('an e-mail address', accountFields.email),
      fullName: checked('a name of at most 200 characters, without line breaks', accountFields.fullName),
      alias: checked('an alias of at most 64 characters, without line breaks', accountFields.alias),
      roles: names(firstRoles),
      groups: names(firstGroups),
    }),
  ),
});

export function readUsersFile(file: string): UsersFile {
  let content: string;
  try {
    content = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file));
  } catch {
    const problem = {
      file,
      line: 1,
      column: 1,
      message: 'the file cannot be read as UTF-8 text',
      hint: null,
      frame: '',
    };
    return { ok: false, problems: [problem] };
  }
  return parseUsers(content, file);
}

/** Such a file may come from another person: it cannot use environment variables or secret files. */
const noSurroundings = { env: {}, readSecret: () => '' };

/** `file`: its name for problems. */
export function parseUsers(content: string, file: string): UsersFile {
  const opened = openFile<{ users: NewAccount[] }>(schema, { file, text: content }, noSurroundings);
  if (!('content' in opened)) return { ok: false, problems: opened };
  const at = opened.at.at('users');
  const { users } = opened.content;
  for (const key of ['email', 'alias'] as const) {
    const seen = new Map<string, number>();
    users.forEach((user, index) => {
      const value = foldCase(user[key]);
      const first = seen.get(value);
      if (first === undefined) seen.set(value, at.at(index).line);
      else at.at(index, key).report(`the user in line ${first} already has this ${key}`);
    });
  }
  const problems = at.file.list.problems();
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, users: users.map((user, index) => ({ ...user, line: at.at(index).line })) };
}
