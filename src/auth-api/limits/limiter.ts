/** Charges budgets. The table defines the limits; the counter stores the counts. */

import type { AttemptCounter } from '../../limits/attempt-counter.ts';
import { Refusal } from '../outcome/refusals.ts';
import { type BudgetName, type Budgets, familiarMs, firstWaitMs } from './budgets.ts';

/** One attempt on a budget, by the parts of its key. */
export type Charge = readonly [budget: BudgetName, ...subject: string[]];

export interface Limiter {
  /**
   * Counts one attempt on each budget, in this order. Null: all allow it. Otherwise none is charged, and the number is the
   * seconds after which another attempt may pass, at least 1.
   */
  charge(...charges: Charge[]): Promise<number | null>;
  /** Refunds attempts that do not count. */
  refund(...charges: Charge[]): Promise<void>;
  /** Whether a budget has no attempt left. Counts nothing. */
  isExhausted(...charges: Charge[]): Promise<boolean>;
  /** Ends the count of consecutive failures. */
  forget(...charges: Charge[]): Promise<void>;
  /** Whether the user recently signed in from this client: others cannot exhaust the budgets of this pair. */
  isFamiliar(userId: string, client: string): Promise<boolean>;
  becomeFamiliar(userId: string, client: string): Promise<void>;
}

export interface LimiterOptions {
  readonly budgets: Budgets;
  readonly counter: AttemptCounter;
  /** A name of fixed length, so that the counter's memory contains no address or key. */
  readonly keyOf: (kind: string, ...parts: string[]) => string;
}

export function createLimiter({ budgets, counter, keyOf }: LimiterOptions): Limiter {
  async function chargeOne([budget, ...subject]: Charge): Promise<number | null> {
    const { attempts: limit, windowMs, slow } = budgets[budget];
    const key = keyOf(budget, ...subject);
    const { attempts, endsInMs } = await counter.add(budget, key, windowMs);
    if (attempts <= limit) return null;
    const waitMs = slow ? await takeTurn(budget, keyOf('turn', budget, ...subject), windowMs - endsInMs) : endsInMs;
    if (waitMs === null) return null;
    // A refused attempt does not count, so that it does not prolong the next wait.
    await counter.remove(budget, key);
    return Math.max(1, Math.ceil(waitMs / 1000));
  }

  /** One attempt in a window as long as the attempts have lasted. Null: this is the one. */
  async function takeTurn(budget: BudgetName, key: string, lastedMs: number): Promise<number | null> {
    const { attempts, endsInMs } = await counter.add(`turn ${budget}`, key, Math.max(firstWaitMs, lastedMs));
    return attempts === 1 ? null : endsInMs;
  }

  async function refund(...charges: Charge[]): Promise<void> {
    for (const [budget, ...subject] of charges) await counter.remove(budget, keyOf(budget, ...subject));
  }

  return {
    async charge(...charges) {
      for (const [at, one] of charges.entries()) {
        const retryAfterS = await chargeOne(one);
        if (retryAfterS === null) continue;
        await refund(...charges.slice(0, at));
        return retryAfterS;
      }
      return null;
    },
    refund,
    async forget(...charges) {
      for (const [budget, ...subject] of charges) {
        await counter.forget(budget, keyOf(budget, ...subject));
        await counter.forget(`turn ${budget}`, keyOf('turn', budget, ...subject));
      }
    },
    async isExhausted(...charges) {
      for (const [budget, ...subject] of charges) {
        if ((await counter.attempts(budget, keyOf(budget, ...subject))) >= budgets[budget].attempts) return true;
      }
      return false;
    },
    isFamiliar: async (userId, client) => (await counter.attempts('familiar', keyOf('familiar', userId, client))) > 0,
    async becomeFamiliar(userId, client) {
      const key = keyOf('familiar', userId, client);
      // Written again, to restart its life.
      await counter.forget('familiar', key);
      await counter.add('familiar', key, familiarMs);
    },
  };
}

/** What is needed to charge limits. */
export interface Charged {
  readonly limiter: Limiter;
}

export async function refusalOf(charged: Promise<number | null>): Promise<Refusal | null> {
  const retryAfterS = await charged;
  return retryAfterS === null ? null : new Refusal('attempts_exceeded', { retryAfterS });
}
