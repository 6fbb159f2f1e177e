/** Rows for a given number of sessions and as many key pairs, whose credentials follow from their numbers. */
import { randomUUID } from 'node:crypto';
import { createKeyedHashes } from '../../src/auth-api/secrets/keyed-hashes.ts';
import type { Tables } from '../../src/auth-api/store/sql/tables.ts';

export const secret = 'a secret for the benchmark, long enough';
/** Credentials as long as real ones; a twelve-digit number replaces `{n}`. */
export const bearerOf = `${'b'.repeat(52)}{n}`;
export const apiKeyOf = `${'k'.repeat(20)}{n}`;
export const apiSecretOf = `${'s'.repeat(52)}{n}`;

const sessionsPerUser = 4;
const dayMs = 86_400_000;

export type Rows = { [Table in keyof Tables]?: Tables[Table][] };

/** In batches that belong together: users before their rows. */
export function* storedRows(sessions: number, batchUsers = 500): Generator<Rows> {
  const users = Math.ceil(sessions / sessionsPerUser);
  for (let first = 0; first < users; first += batchUsers) {
    const batch: Required<Rows> = {
      users: [],
      user_roles: [],
      user_groups: [],
      emails: [],
      sessions: [],
      keypairs: [],
      codes: [],
      passkeys: [],
      recovery_codes: [],
      used_challenges: [],
    };
    for (let user = first; user < Math.min(first + batchUsers, users); user += 1) addUser(batch, user, sessions);
    yield batch;
  }
}

const hashes = createKeyedHashes([secret]);
const nowMs = Date.now();

function addUser(rows: Required<Rows>, user: number, sessions: number): void {
  const [id, email] = [randomUUID(), randomUUID()];
  const address = `user${user}@example.test`;
  const own = { id, created_at: nowMs - (user % dayMs), verify_by: null };
  rows.users.push({ ...own, alias: `user${user}`, alias_key: `user${user}`, full_name: `User ${user}`, enabled: 1 });
  rows.emails.push({ ...own, id: email, user_id: id, address, address_key: address, preferred: 1 });
  for (const role of ['user', 'reporter']) rows.user_roles.push({ user_id: id, role });
  for (const group_name of ['public', `group${user % 100}`]) rows.user_groups.push({ user_id: id, group_name });
  for (let n = user * sessionsPerUser; n < Math.min((user + 1) * sessionsPerUser, sessions); n += 1) {
    const number = String(n).padStart(12, '0');
    const [bearer, apiKey, apiSecret] = [bearerOf, apiKeyOf, apiSecretOf].map((text) => text.replace('{n}', number));
    const life = { user_id: id, verified: 1, created_at: nowMs - (n % dayMs), expire_at: nowMs + dayMs + n } as const;
    rows.sessions.push({
      ...life,
      id: randomUUID(),
      email_id: email,
      bearer_hash: hashes.bearer(bearer ?? ''),
      ip: '203.0.113.7',
      user_agent: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36',
      opened_by: 'code',
      passkey_id: null,
      ends_at: life.expire_at,
    });
    rows.keypairs.push({
      ...life,
      id: randomUUID(),
      api_key: apiKey ?? '',
      secret_hash: hashes.apiSecret(apiKey ?? '', apiSecret ?? ''),
      name: `Key ${n}`,
    });
  }
}
