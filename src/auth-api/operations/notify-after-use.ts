/** The notice about what works, or is shown, once. It is stored by then, so a failure must not cost the response. */
import type { Client } from '../../operations/operation.ts';
import type { Notice } from '../outbox/outbox.ts';
import type { Services } from '../services.ts';
import { notifyOwner } from './passkeys.ts';

export async function notifyAfterUse(notice: Notice, userId: string, asked: Client, services: Services): Promise<void> {
  try {
    await notifyOwner(notice, userId, asked, services);
  } catch (error) {
    services.log.error({ err: error, notice, userId }, 'the owner of an account could not be notified');
  }
}
