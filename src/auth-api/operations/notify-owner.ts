/** Notices to the owner of an account. */
import type { Client } from '../../operations/operation.ts';
import type { Notice, NoticeMail } from '../outbox/outbox.ts';
import type { Services } from '../services.ts';

/** Mails what changed to the preferred address. It is stored by then, so a failure is logged, and does not cost the response. */
export async function notifyOwner(
  notice: Notice,
  userId: string,
  requester: Client,
  { store, outbox, log }: Services,
): Promise<void> {
  try {
    const address = await store.emails.findPreferred(userId);
    if (address !== null) outbox.send({ kind: 'notice', to: address, notice, address, requester });
  } catch (error) {
    log.error({ err: error, notice, userId }, 'the owner of an account could not be notified');
  }
}

/** For the owner of an address that a registration names. */
export function registrationRefused(address: string, requester: Client): NoticeMail {
  return { kind: 'notice', to: address, notice: 'registration_refused', address, requester };
}
