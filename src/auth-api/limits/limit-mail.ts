/** Limits requests for codes and the mails that carry them, so that no client floods a mailbox or the mail server. */
import { clientNetwork } from '../../core/forwarding/client-address.ts';
import type { Refusal } from '../outcome/refusals.ts';
import { foldCase } from '../store/fold-case.ts';
import { type Charge, type Charged, refusalOf } from './limiter.ts';
import type { Recognized } from './recognize.ts';

/** Charged for every request of a client without a session, before anything is looked up. */
export function limitRequest(ip: string, { limiter }: Charged): Promise<Refusal | null> {
  return refusalOf(limiter.charge(['requestsPerClient', clientNetwork(ip)]));
}

/**
 * Charged when a mail is about to be sent for a client without a session, or is replaced by a decoy. `userId`: the owner of the verified
 * address; null: a decoy.
 */
export async function limitSignInMail(
  mail: { readonly address: string; readonly userId: string | null; readonly client: Recognized },
  { limiter }: Charged,
): Promise<Refusal | null> {
  const { network, countedAs, knownBy } = mail.client;
  const mailbox = mailboxOf(mail.address);
  const ofBoth: Charge = ['mailsPerAddressAndClient', 'sign-in', mailbox, countedAs];
  // Others of the same network cannot use it up. Without it, each sign-in would make another device that may request mails.
  if (knownBy === 'device') return refusalOf(limiter.charge(ofBoth, ['mailsPerUser', mail.userId ?? '']));
  const ofAll: readonly Charge[] = knownBy === null ? [['mailsPerAddress', 'sign-in', mailbox]] : [];
  return refusalOf(limiter.charge(ofBoth, ['mailsPerClient', network], ...ofAll));
}

/** Charged when a registration is about to be mailed. */
export function limitRegistrationMail(
  mail: { readonly address: string; readonly ip: string },
  { limiter }: Charged,
): Promise<Refusal | null> {
  const [mailbox, client] = [mailboxOf(mail.address), clientNetwork(mail.ip)];
  return refusalOf(
    limiter.charge(
      ['mailsPerAddressAndClient', 'new', mailbox, client],
      ['mailsPerClient', client],
      ['mailsPerAddress', 'new', mailbox],
    ),
  );
}

/** Charged when a signed-in user requests a code. `newAddress`: its recipient, unless it is a verified address of the user. */
export function limitOwnMail(userId: string, newAddress: string | null, { limiter }: Charged): Promise<Refusal | null> {
  if (newAddress === null) return refusalOf(limiter.charge(['mailsPerUser', userId]));
  const mailbox = mailboxOf(newAddress);
  return refusalOf(
    limiter.charge(
      ['mailsPerAddressAndClient', 'new', mailbox, userId],
      ['mailsPerUser', userId],
      ['mailsPerAddress', 'new', mailbox],
    ),
  );
}

/**
 * The mailbox behind an address: without case and without the sub-address (RFC 5233): mail servers deliver `ana+shop@` to `ana@`, so counting them apart
 * would give each mailbox as many limits as there are tags.
 */
export function mailboxOf(address: string): string {
  const folded = foldCase(address);
  const at = folded.lastIndexOf('@');
  const [local = '', domain] = [folded.slice(0, at), folded.slice(at)];
  const plus = local.indexOf('+');
  // A local part that starts with "+" has nothing before it that could be a mailbox.
  return plus > 0 ? local.slice(0, plus) + domain : folded;
}
