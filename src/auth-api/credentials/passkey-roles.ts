/**
 * Roles that need a passkey: a mailbox, or a key that was copied, is not enough for them. They are withheld where a credential is checked, so
 * that gateways, and the operations of this API, see the same roles.
 */
import type { PasskeySettings } from '../../config/passkey-settings.ts';
import { Refusal } from '../outcome/refusals.ts';
import { isPasskey } from '../passkeys/sign-in-methods.ts';
import type { Rules, Services } from '../services.ts';
import type { Owner } from '../store/rows.ts';
import type { LiveSession, OpenedBy } from '../store/session-store.ts';
import { administratorRole } from './administrator-role.ts';

/** A credential whose `roles` are those that it carries. */
export type Entitled<Credential extends Owner> = Credential & {
  /** Roles of its owner that it does not carry, for want of a passkey. */
  readonly withheldRoles: readonly string[];
};

/** `openedBy`: the session; or the credential is a key, whose use its owner does not confirm. */
export function entitle<Credential extends Owner>(
  credential: Credential,
  openedBy: OpenedBy | 'key',
  { passkeys }: Pick<Rules, 'passkeys'>,
): Entitled<Credential> {
  const { roles, hasPasskey } = credential;
  // A command beside the API has its database and its secret: nothing can be withheld from it.
  const carriesAll = openedBy !== 'key' && (isPasskey(openedBy) || openedBy === 'local');
  if (passkeys === null || carriesAll) return { ...credential, withheldRoles: [] };
  const isWithheld = (role: string) =>
    passkeys.requiredForRoles?.includes(role) === true ||
    (hasPasskey && role === administratorRole && needsOneOfAdministrators(passkeys));
  const withheldRoles = roles.filter(isWithheld);
  return { ...credential, withheldRoles, roles: roles.filter((role) => !isWithheld(role)) };
}

/** Whether an administrator who has a passkey needs it for that role: unless the list is empty. */
function needsOneOfAdministrators({ requiredForRoles }: PasskeySettings): boolean {
  return requiredForRoles?.length !== 0;
}

/** Null: this session may add passkeys. Otherwise a code by mail would be enough to add one, and to get what needs it. */
export function refuseAddition({ hasPasskey, openedBy }: LiveSession): Refusal | null {
  return hasPasskey && openedBy === 'code' ? new Refusal('passkey_required') : null;
}

/**
 * Null: this session may remove passkeys. Without the last one, a code by mail is enough for the role of administrators, so a recovery code
 * or a link, which only lead to a new passkey, must not remove any.
 */
export function refuseRemoval({ hasPasskey, openedBy }: LiveSession): Refusal | null {
  return hasPasskey && !isPasskey(openedBy) && openedBy !== 'local' ? new Refusal('passkey_required') : null;
}

/**
 * With the first passkey of a user, or without the last one, other credentials carry other roles. `roles`: all of the user, read before the
 * change, since what is stored must not stay unannounced when the database fails afterwards.
 */
export function announceRoles(userId: string, roles: readonly string[], { rules, revoked }: Services): void {
  const { passkeys } = rules;
  if (passkeys === null || !needsOneOfAdministrators(passkeys)) return;
  if (passkeys.requiredForRoles?.includes(administratorRole) === true) return;
  if (roles.includes(administratorRole)) revoked({ kind: 'user', id: userId });
}
