/** The table of the API: every operation, in the order in which it is described. */
import { z } from 'zod';
import { noCredential } from '../credentials/credential-rule.ts';
import {
  addRole,
  createUser,
  disableUser,
  enableUser,
  listAllKeyPairs,
  listAllSessions,
  listUsers,
  readRoles,
  readUser,
  removeRole,
  removeUser,
  revokeAnyKeyPair,
  revokeAnySession,
} from './administer.ts';
import { endUserSessions, listUserPasskeys, listUserSessions, removeUserPasskey } from './administer-access.ts';
import { createDeviceSession, verifyDeviceSession } from './device-sessions.ts';
import { addEmail, listEmails, preferEmail, removeEmail, renewEmailCode, verifyEmail } from './emails.ts';
import {
  createKeyPair,
  listKeyPairs,
  readKeyPair,
  renewKeyPairCode,
  revokeKeyPair,
  verifyKeyPair,
} from './keypairs.ts';
import { createLinkSession } from './one-time-links.ts';
import { defineOperation, type Operation } from './operation.ts';
import { createPasskeySession, prepareSignIn } from './passkey-sessions.ts';
import { addPasskey, listPasskeys, preparePasskey, removePasskey, renamePasskey } from './passkeys.ts';
import { countRecoveryCodes, createRecoveryCodes, createRecoverySession } from './recovery-codes.ts';
import { renewRegistrationCode } from './registration-codes.ts';
import { createSession, extendSession, listSessions, readSession, revokeSession, verifySession } from './sessions.ts';
import { findUser, readAlias, registerUser, removeSelf } from './users.ts';

/** The description of the API, for people and for client generators. */
export const readDescription = defineOperation({
  name: 'readDescription',
  summary: 'Describes this API (OpenAPI 3.1)',
  method: 'GET',
  paths: ['/openapi.json'],
  credential: noCredential,
  response: z.looseObject({
    openapi: z.string(),
    info: z.looseObject({}),
    paths: z.record(z.string(), z.looseObject({})),
  }),
  async handle(_call, { description }) {
    return description;
  },
});

/** They exist only where passkeys are configured. */
const passkeyOperations: readonly Operation[] = [
  ...[prepareSignIn, createPasskeySession],
  ...[preparePasskey, addPasskey, listPasskeys, renamePasskey, removePasskey],
  ...[createRecoverySession, createRecoveryCodes, countRecoveryCodes, createLinkSession],
  ...[listUserPasskeys, removeUserPasskey],
];

export const allOperations: readonly Operation[] = [
  ...[createSession, verifySession, readSession, extendSession, listSessions, revokeSession],
  ...[createDeviceSession, verifyDeviceSession],
  ...[createKeyPair, verifyKeyPair, renewKeyPairCode, readKeyPair, listKeyPairs, revokeKeyPair],
  ...[addEmail, verifyEmail, renewEmailCode, listEmails, preferEmail, removeEmail],
  ...passkeyOperations,
  ...[registerUser, renewRegistrationCode, readAlias, findUser, removeSelf],
  ...[createUser, listUsers, readUser, enableUser, disableUser, removeUser],
  ...[readRoles, addRole, removeRole],
  ...[listUserSessions, endUserSessions],
  ...[listAllSessions, revokeAnySession, listAllKeyPairs, revokeAnyKeyPair],
  readDescription,
];

/** What an API with or without passkeys serves. */
export function operationsWith({ passkeys }: { readonly passkeys: boolean }): readonly Operation[] {
  return passkeys ? allOperations : allOperations.filter((operation) => !passkeyOperations.includes(operation));
}
