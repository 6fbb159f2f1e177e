/** Checks the codes that clients send. */
import { limitGuess } from '../limits/limit-guesses.ts';
import { Refusal } from '../outcome/refusals.ts';
import type { Services } from '../services.ts';
import type { CodePurpose } from '../store/code-store.ts';

/** What an operation that checks a code may refuse it for. */
export const codeRefusals = ['code_wrong', 'code_unknown', 'attempts_exceeded'] as const;

/** `userId`: the code must belong to this user; null: any client may send it. */
interface BroughtCode {
  readonly purpose: CodePurpose;
  readonly verificationCodeID: string;
  readonly code: string;
  readonly userId: string | null;
  readonly ip: string;
}

/**
 * Null: the code is right, but not yet consumed. Refuses a wrong one (401), an unknown, used or expired id (404), any after too many wrong
 * ones (429 until the code's life ends, 404 from then on), and any while the account or the client must wait after failures (429).
 */
export async function checkCode(brought: BroughtCode, services: Services): Promise<Refusal | null> {
  const { store, hashes, rules, now } = services;
  const { purpose, verificationCodeID: codeId, userId, ip } = brought;
  const nowMs = now();
  const pending = await store.codes.find({ codeId, purpose, userId }, nowMs);
  const maxTries = rules.limits.codeTries;
  if (pending !== null && pending.tries >= maxTries) return triedTooOften(pending, nowMs);
  // An unproven address has no familiar clients, regardless of the user who adds it.
  const familiarTo = purpose === 'email' ? null : (pending?.userId ?? null);
  const guess = await limitGuess({ countedAs: pending?.countedAs ?? null, familiarTo, ip }, services);
  if (guess instanceof Refusal) return guess;
  const claimed = pending === null ? null : await store.codes.claimTry({ codeId, purpose, userId, maxTries }, nowMs);
  if (claimed === null) return new Refusal('code_unknown');
  if (claimed.codeHash === null) return triedTooOften(claimed, nowMs);
  if (!hashes.isCode(claimed.codeHash, codeId, brought.code)) return new Refusal('code_wrong');
  await guess.succeeded();
  return null;
}

/** Until the code expires; waiting does not help, but a new code does. */
function triedTooOften({ expireAtMs }: { readonly expireAtMs: number }, nowMs: number): Refusal {
  return new Refusal('attempts_exceeded', { retryAfterS: Math.max(1, Math.ceil((expireAtMs - nowMs) / 1000)) });
}
