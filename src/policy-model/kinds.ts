/**
 * What the model knows of each kind of condition, value, credential and source, and where. A new kind adds a row and what the row names:
 * `read`: how the gateway reads it, `values`: which values of it can exist, `example`: where an example gets one.
 */
import type { CredentialKind } from '../core/credential/credential.ts';
import type { SourceKind } from '../core/identity/authentication.ts';
import type { ValueSource } from '../core/policy/conditions.ts';
import type { Statement } from './statements.ts';

/** Files below `src`. */
interface Row {
  readonly read: string;
  readonly values: string;
  readonly example: string;
}

const evaluated = 'core/policy/evaluate-conditions.ts';
const example = 'policy-model/example.ts';
const ways = 'policy-model/values.ts';

/** Statements of conditions; their subject and key are in `statements.ts`. */
export const conditionRows: Readonly<Record<Statement['kind'], Row>> = {
  compare: { read: evaluated, values: ways, example },
  address: { read: evaluated, values: 'policy-model/samples/addresses-apart.ts', example },
  window: { read: evaluated, values: 'policy-model/samples/moments.ts', example },
  stretch: { read: evaluated, values: 'policy-model/samples/moments.ts', example },
  signIn: { read: evaluated, values: 'policy-model/samples/sign-in-ages.ts', example },
};

/** Values that conditions compare. */
export const valueRows: Readonly<Record<ValueSource['from'], Row>> = {
  param: { read: 'core/policy/reading.ts', values: 'policy-model/samples/segment-samples.ts', example },
  query: { read: 'core/policy/read-query.ts', values: 'policy-model/samples/readable-texts.ts', example },
  header: { read: 'core/policy/read-source.ts', values: 'policy-model/samples/readable-texts.ts', example },
  identity: { read: 'core/policy/read-source.ts', values: 'policy-model/authentications.ts', example },
  claim: { read: 'core/policy/read-source.ts', values: 'policy-model/samples/claim-values.ts', example },
};

const carried = 'core/identity/authentication.ts';
const sample = 'policy-model/samples/sample-credential.ts';

export const credentialRows: Readonly<Record<CredentialKind, Row>> = {
  bearer: { read: 'core/credential/extract-credential.ts', values: carried, example: sample },
  keyPair: { read: 'core/credential/extract-credential.ts', values: carried, example: sample },
  apiKey: { read: 'core/credential/extract-credential.ts', values: carried, example: sample },
  session: { read: 'core/credential/session-cookie.ts', values: carried, example: sample },
  certificate: { read: 'core/credential/extract-credential.ts', values: carried, example: 'policy-model/simulate.ts' },
};

const fields = 'config/compile-sources.ts';

export const sourceRows: Readonly<Record<SourceKind, Row>> = {
  authApi: { read: fields, values: carried, example },
  introspection: { read: fields, values: carried, example },
  userinfo: { read: fields, values: carried, example },
  jwt: { read: fields, values: carried, example },
  session: { read: fields, values: carried, example },
  certificate: { read: fields, values: carried, example },
};
