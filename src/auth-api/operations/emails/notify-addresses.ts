/** Tells the verified addresses of an account of a change to one of them, so that its owner learns of a change by a thief. */
import type { Notice } from '../../outbox/outbox.ts';
import type { Services } from '../../services.ts';
import type { EmailEntry } from '../../store/email-store.ts';
import type { Client } from '../operation.ts';

/** `before`: the addresses before the change. When an address is added or becomes the preferred one, the others get a mail. */
export function notifyAddresses(
  change: { readonly notice: Exclude<Notice, 'registration_refused'>; readonly emailId: string },
  before: readonly EmailEntry[],
  asked: Client,
  { outbox }: Services,
): void {
  const { notice, emailId } = change;
  const changed = before.find((entry) => entry.emailId === emailId);
  if (changed === undefined) return;
  for (const entry of before) {
    if (!entry.verified || (entry === changed && notice !== 'address_removed')) continue;
    outbox.send({ kind: 'notice', to: entry.address, notice, address: changed.address, asked });
  }
}
