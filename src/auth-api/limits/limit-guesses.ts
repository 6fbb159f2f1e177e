/**
 * Limits failed verifications, so that codes cannot be guessed over many codes. Every verification is charged before its code is compared,
 * otherwise concurrent requests would all pass; a success refunds its charge and ends the account's count.
 */
import { clientNetwork } from '../../core/forwarding/client-address.ts';
import type { Refusal } from '../outcome/refusals.ts';
import { type Charge, type Charged, refusalOf } from './limiter.ts';

/** A verification that may proceed. */
export interface Guess {
  /** The code was right. */
  succeeded(): Promise<void>;
}

export interface GuessedCode {
  /** Keyed hash by which failures are counted; null: there is no such code. */
  readonly countedAs: string | null;
  /** The user who may have signed in from this client before, or null. */
  readonly familiarTo: string | null;
  readonly ip: string;
}

export async function limitGuess(
  { countedAs, familiarTo, ip }: GuessedCode,
  { limiter }: Charged,
): Promise<Guess | Refusal> {
  const client = clientNetwork(ip);
  const ofBoth: Charge[] = countedAs === null ? [] : [['failuresPerAccountAndClient', countedAs, client]];
  const ofAccount: Charge[] = countedAs === null ? [] : [['failuresPerAccount', countedAs]];
  const ofClient: Charge[] = [['failuresPerClient', client]];
  const familiar = familiarTo !== null && (await limiter.isFamiliar(familiarTo, client));
  const charges = familiar ? ofBoth : [...ofBoth, ...ofAccount, ...ofClient];
  const refusal = await refusalOf(limiter.charge(...charges));
  if (refusal !== null) return refusal;
  return {
    async succeeded() {
      if (!familiar) await limiter.refund(...ofClient);
      await limiter.forget(...ofBoth, ...ofAccount);
      if (familiarTo !== null) await limiter.becomeFamiliar(familiarTo, client);
    },
  };
}
