/**
 * The refusals that each operation may return. Those that follow from the credential and the schemas are derived. The rest is
 * listed here, and the conformance suite shows each of them.
 */
import type { Operation } from '../operations/operation.ts';
import type { RefusalCode } from '../outcome/refusals.ts';

/** Refusals that any request may get before an operation is found or after it failed. */
export const generalRefusals: readonly RefusalCode[] = [
  'request_malformed',
  'host_invalid',
  'target_invalid',
  'route_not_found',
  'method_not_allowed',
  'request_timeout',
  'body_too_large',
  'expectation_failed',
  'headers_too_large',
  'internal_error',
  'method_unsupported',
];

const codeChecks = ['code_wrong', 'code_unknown', 'attempts_exceeded'] as const;

const ownRefusals: Readonly<Record<string, readonly RefusalCode[]>> = {
  createSession: ['email_unknown', 'attempts_exceeded'],
  verifySession: codeChecks,
  extendSession: ['attempts_exceeded'],
  revokeSession: ['session_unknown'],
  createKeyPair: ['attempts_exceeded'],
  verifyKeyPair: codeChecks,
  renewKeyPairCode: ['keypair_unknown', 'attempts_exceeded'],
  revokeKeyPair: ['keypair_unknown'],
  addEmail: ['key_duplicated', 'attempts_exceeded'],
  verifyEmail: codeChecks,
  renewEmailCode: ['email_unknown', 'attempts_exceeded'],
  preferEmail: ['email_unverified', 'email_unknown', 'attempts_exceeded'],
  removeEmail: ['email_preferred', 'email_unknown'],
  registerUser: ['key_duplicated', 'registration_closed', 'attempts_exceeded'],
  readAlias: ['user_unknown'],
  findUser: ['user_unknown'],
  removeSelf: ['administrator_last'],
  createUser: ['key_duplicated'],
  readUser: ['user_unknown'],
  enableUser: ['user_unknown'],
  disableUser: ['user_unknown', 'administrator_last'],
  removeUser: ['user_unknown', 'administrator_last'],
  readRoles: ['user_unknown'],
  addRole: ['user_unknown'],
  removeRole: ['role_unknown', 'administrator_last'],
  revokeAnySession: ['session_unknown'],
  revokeAnyKeyPair: ['keypair_unknown'],
};

const presented = ['credential_repeated', 'credential_conflict', 'credential_missing', 'credential_rejected'] as const;

/** Codes of the credential check. */
export const credentialRefusals: Readonly<Record<Operation['credential'], readonly RefusalCode[]>> = {
  none: [],
  bearer: presented,
  keypair: [...presented, 'attempts_exceeded'],
  any: [...presented, 'attempts_exceeded'],
  administrator: [...presented, 'attempts_exceeded', 'permission_missing'],
};

/** Codes of the operation, without those of its credential and the general ones. */
export function ownRefusalsOf(operation: Operation): readonly RefusalCode[] {
  const { params, query, body } = operation.schemas;
  const path = operation.paths[0];
  const codes: RefusalCode[] = [];
  if (params !== null && path.includes('{id}')) codes.push('id_invalid');
  if (query !== null || body !== null || /\{(?!id\})/.test(path)) codes.push('parameters_invalid');
  if (body !== null) codes.push('body_malformed');
  return [...codes, ...(ownRefusals[operation.name] ?? [])];
}

/**
 * Codes of the operation without the general ones, each once. `cookie`: whether a cookie may carry a bearer. It must then come from
 * the same origin.
 */
export function refusalsOf(operation: Operation, cookie: boolean): readonly RefusalCode[] {
  const { credential, name } = operation;
  const readsCookie = cookie && (credential !== 'none' || givesCookie.has(name));
  return [
    ...new Set([
      ...credentialRefusals[credential],
      ...(readsCookie ? (['cross_site_request'] as const) : []),
      ...ownRefusalsOf(operation),
    ]),
  ];
}

/** Operations that accept no credential and may set the cookie in their response. */
const givesCookie: ReadonlySet<string> = new Set(['createSession', 'registerUser']);
