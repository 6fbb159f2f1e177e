/** Checks the codes that clients send. */
import { limitGuess, limitLongGuess } from '../limits/limit-guesses.ts';
import { recognize, type Seen } from '../limits/recognize.ts';
import { Refusal } from '../outcome/refusals.ts';
import { longCodeLength } from '../secrets/random-secret.ts';
import type { Services } from '../services.ts';
import type { CodePurpose, PendingCode } from '../store/code-store.ts';

/** What an operation that checks a code may refuse it for. */
export const codeRefusals = ['code_wrong', 'code_unknown', 'attempts_exceeded'] as const;

/** `userId`: the code must belong to this user; null: any client may send it. */
interface BroughtCode {
  readonly purpose: CodePurpose;
  readonly verificationCodeID: string;
  readonly code: string;
  readonly userId: string | null;
  readonly client: Seen;
}

/**
 * The code is right, but not yet consumed. Refuses a wrong one (401), an unknown, used or expired id (404), any after too many wrong
 * ones (429 until the code's life ends, 404 from then on), and any while the account or the client must wait after failures (429).
 */
export async function checkCode(brought: BroughtCode, services: Services): Promise<PendingCode | Refusal> {
  const { store, hashes, rules, now } = services;
  const { purpose, verificationCodeID: codeId, userId, client } = brought;
  const nowMs = now();
  const pending = await store.codes.find({ codeId, purpose, userId }, nowMs);
  const maxTries = rules.limits.codeTries;
  if (pending !== null && pending.tries >= maxTries) return triedTooOften(pending, nowMs);
  // An unproven address has no familiar clients, regardless of the user who adds it.
  const owner = purpose === 'email' ? null : (pending?.userId ?? null);
  const guessed = {
    countedAs: pending?.countedAs ?? null,
    client: await recognize(client, owner, services),
    familiarTo: owner,
  };
  // Text of this form is never a code of six digits, so it needs no place among the guesses of one.
  const isLong = brought.code.length === longCodeLength;
  const guess = await (isLong ? limitLongGuess(guessed, client.ip, services) : limitGuess(guessed, services));
  if (guess instanceof Refusal) return guess;
  if (pending === null) return new Refusal('code_unknown');
  const claimed = await store.codes.claimTry({ codeId, purpose, userId, maxTries }, nowMs);
  if (claimed === null) return new Refusal('code_unknown');
  if (claimed.codeHash === null) return triedTooOften(claimed, nowMs);
  if (!hashes.isCode(claimed.codeHash, codeId, brought.code)) return new Refusal('code_wrong');
  await guess.succeeded();
  return pending;
}

/** Until the code expires; waiting does not help, but a new code does. */
function triedTooOften({ expireAtMs }: { readonly expireAtMs: number }, nowMs: number): Refusal {
  return new Refusal('attempts_exceeded', { retryAfterS: Math.max(1, Math.ceil((expireAtMs - nowMs) / 1000)) });
}
