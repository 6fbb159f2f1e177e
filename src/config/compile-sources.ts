/** Makes the compiled sources: fields as rules, one set for each form of credential. */
import type { ConfigFile } from './schema.ts';
import type { AuthApiSourceConfig, FieldPlace, FieldRule } from './source-config.ts';
import { parseFieldPath } from './units/parse-field-path.ts';

type AuthApiFields = ConfigFile['authApi']['fields'];

export function compileAuthApiFields(fields: AuthApiFields): Pick<AuthApiSourceConfig, 'fields' | 'verified'> {
  const common = {
    userId: rule(fields.userId)!,
    roles: rule(fields.roles),
    groups: rule(fields.groups),
    expireAt: rule(fields.expireAt),
    tokenId: null,
    issuedAt: null,
  };
  const [alias, fullName] = [ofEach(fields.alias), ofEach(fields.fullName)];
  return {
    verified: rule(fields.verified),
    fields: {
      session: {
        ...common,
        sessionId: rule(fields.sessionId),
        keyId: null,
        alias: rule(alias.session, true),
        fullName: rule(fullName.session, true),
      },
      keypair: {
        ...common,
        sessionId: null,
        keyId: rule(fields.keyId),
        alias: rule(alias.keypair, true),
        fullName: rule(fullName.keypair, true),
      },
    },
  };
}

function ofEach(field: AuthApiFields['alias']) {
  return typeof field === 'object' && field !== null ? field : { session: field, keypair: field };
}

function rule(path: string | null, optional = false): FieldRule | null {
  return path === null ? null : { places: [place(path)], optional };
}

function place(path: string): FieldPlace {
  const steps = parseFieldPath(path);
  if (steps === null) throw new Error('the schema takes no other path');
  return { path, steps, split: null };
}
