/** Tokens of the admin port: the one of `adminToken`, and those with a name and a scope. */
import type { AdminToken } from '../config.ts';
import type { ConfigFile } from '../schema.ts';
import { readBearerSecret } from './check-secrets.ts';
import type { Location } from './location.ts';

/** `at`: of the section `server`. */
export function readAdminTokens(server: ConfigFile['server'], at: Location): readonly AdminToken[] {
  const tokens: AdminToken[] = [];
  const add = (name: string, token: string | null, scope: AdminToken['scope'], there: Location) => {
    if (token === null) return;
    const same = tokens.find((one) => one.token === token);
    if (same === undefined) tokens.push({ name, token, scope });
    else there.report(`this is also the token of "${same.name}"`, 'create another one with "openssl rand -hex 32"');
  };
  const ofAll = at.at('adminToken');
  add('adminToken', readBearerSecret(server.adminToken, ofAll), 'write', ofAll);
  for (const [name, entry] of Object.entries(server.adminTokens ?? {})) {
    const there = at.at('adminTokens', name);
    if (name === 'adminToken') there.reportKey('"adminToken" is the name of the token under "server.adminToken"');
    const token = there.at('token');
    add(name, readBearerSecret(entry.token, token), entry.scope, token);
  }
  return tokens;
}
