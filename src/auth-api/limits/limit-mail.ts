/** Keeps anybody from flooding a mailbox, or the mail server, through us. */
import { clientNetwork } from '../../core/forwarding/client-facts.ts';
import { Refusal } from '../outcome/refusals.ts';
import type { Services } from '../services.ts';
import { foldCase } from '../store/fold-case.ts';

/** Counts one mail for the address and for the client; null: it may be sent. */
export async function limitMail(address: string, ip: string, services: Services): Promise<Refusal | null> {
  const { limiter, limits, hashes } = services;
  const retryAfterS =
    (await limiter.attempt(hashes.attemptsOf('mail-client', clientNetwork(ip)), limits.mailsPerClient)) ??
    (await limiter.attempt(hashes.attemptsOf('mail-address', foldCase(address)), limits.mailsPerAddress));
  return retryAfterS === null ? null : new Refusal('attempts_exceeded', { retryAfterS });
}
