/** The table of the API: every operation, in the order in which it is described. */
import { listAllKeyPairs, revokeAnyKeyPair } from './admin/administer-keypairs.ts';
import { listAllSessions, revokeAnySession } from './admin/administer-sessions.ts';
import { addRole, readRoles, removeRole } from './admin/change-roles.ts';
import { disableUser, enableUser, removeUser } from './admin/change-user.ts';
import { createUser } from './admin/create-user.ts';
import { listUsers, readUser } from './admin/list-users.ts';
import { readDescription } from './description/read-description.ts';
import { addEmail } from './emails/add-email.ts';
import { listEmails } from './emails/list-emails.ts';
import { preferEmail } from './emails/prefer-email.ts';
import { removeEmail } from './emails/remove-email.ts';
import { renewEmailCode } from './emails/renew-email-code.ts';
import { verifyEmail } from './emails/verify-email.ts';
import { createKeyPair } from './keypairs/create-keypair.ts';
import { listKeyPairs } from './keypairs/list-keypairs.ts';
import { readKeyPair } from './keypairs/read-keypair.ts';
import { renewKeyPairCode } from './keypairs/renew-keypair-code.ts';
import { revokeKeyPair } from './keypairs/revoke-keypair.ts';
import { verifyKeyPair } from './keypairs/verify-keypair.ts';
import type { Operation } from './operation.ts';
import { createSession } from './sessions/create-session.ts';
import { extendSession } from './sessions/extend-session.ts';
import { listSessions } from './sessions/list-sessions.ts';
import { readSession } from './sessions/read-session.ts';
import { revokeSession } from './sessions/revoke-session.ts';
import { verifySession } from './sessions/verify-session.ts';
import { findUser } from './users/find-user.ts';
import { readAlias } from './users/read-alias.ts';
import { registerUser } from './users/register-user.ts';
import { removeSelf } from './users/remove-self.ts';

export const allOperations: readonly Operation[] = [
  ...[createSession, verifySession, readSession, extendSession, listSessions, revokeSession],
  ...[createKeyPair, verifyKeyPair, renewKeyPairCode, readKeyPair, listKeyPairs, revokeKeyPair],
  ...[addEmail, verifyEmail, renewEmailCode, listEmails, preferEmail, removeEmail],
  ...[registerUser, readAlias, findUser, removeSelf],
  ...[createUser, listUsers, readUser, enableUser, disableUser, removeUser],
  ...[readRoles, addRole, removeRole],
  ...[listAllSessions, revokeAnySession, listAllKeyPairs, revokeAnyKeyPair],
  readDescription,
];
