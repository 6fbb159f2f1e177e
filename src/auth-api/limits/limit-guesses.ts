/**
 * Limits failed verifications, so that codes cannot be guessed over many codes. Every verification is charged before its code is compared,
 * otherwise concurrent requests would all pass; a success refunds its charge and ends the account's count.
 */
import type { Refusal } from '../outcome/refusals.ts';
import { limitRequest } from './limit-mail.ts';
import { type Charge, type Charged, refusalOf } from './limiter.ts';
import type { Recognized } from './recognize.ts';

/** A verification that may proceed. */
export interface Guess {
  /** The code was right. */
  succeeded(): Promise<void>;
}

export interface GuessedCode {
  /** Keyed hash by which failures are counted; null: there is no such code, or its failures do not count together. */
  readonly countedAs: string | null;
  readonly client: Recognized;
  /** Remembered as familiar after a success; null: no one is. */
  readonly familiarTo: string | null;
}

export async function limitGuess(guessed: GuessedCode, { limiter }: Charged): Promise<Guess | Refusal> {
  const { client, familiarTo } = guessed;
  const { ofBoth, ofAccount, ofNetwork, all } = chargesOf(guessed);
  const refusal = await refusalOf(limiter.charge(...all));
  if (refusal !== null) return refusal;
  return {
    async succeeded() {
      if (client.knownBy === null) await limiter.refund(...ofNetwork);
      // What strangers tried before a known device signed in still counts: otherwise each of its sign-ins would give them new attempts.
      await limiter.forget(...ofBoth, ...(client.knownBy === 'device' ? [] : ofAccount));
      if (familiarTo !== null) await limiter.becomeFamiliar(familiarTo, client.network);
    },
  };
}

/** Whether a code of six digits would have to wait. */
export function mustWait(guessed: Pick<GuessedCode, 'countedAs' | 'client'>, { limiter }: Charged): Promise<boolean> {
  return limiter.isExhausted(...chargesOf(guessed).all);
}

/** A long code cannot be guessed, so no number of failures delays it; only the database is protected. Its success leaves the counts of strangers. */
export async function limitLongGuess(guessed: GuessedCode, ip: string, services: Charged): Promise<Guess | Refusal> {
  const refusal = await limitRequest(ip, services);
  if (refusal !== null) return refusal;
  const { client, familiarTo } = guessed;
  return {
    async succeeded() {
      await services.limiter.forget(...chargesOf(guessed).ofBoth);
      if (familiarTo !== null) await services.limiter.becomeFamiliar(familiarTo, client.network);
    },
  };
}

function chargesOf({ countedAs, client }: Pick<GuessedCode, 'countedAs' | 'client'>) {
  const ofBoth: Charge[] = countedAs === null ? [] : [['failuresPerAccountAndClient', countedAs, client.countedAs]];
  const ofAccount: Charge[] = countedAs === null ? [] : [['failuresPerAccount', countedAs]];
  const ofNetwork: Charge[] = [['failuresPerClient', client.network]];
  const all = client.knownBy === null ? [...ofBoth, ...ofAccount, ...ofNetwork] : ofBoth;
  return { ofBoth, ofAccount, ofNetwork, all };
}
