/**
 * A session whose code is on its way to its owner. It travels sealed in the form for the code, and belongs to one sign-in of one browser: its
 * bearer is worthless in any other, so a code that a stranger gets read out to him is too.
 */
import { createSeal } from '../../sealing/seal-for-browsers.ts';

/** What a person states for a new account, besides the address. */
export interface AccountNames {
  readonly fullName: string;
  readonly alias: string;
}

export interface PendingCode {
  /** Id of the transaction, which names the browser. */
  readonly transaction: string;
  readonly bearer: string;
  readonly codeId: string;
  readonly email: string;
  /** It is no number of six digits. */
  readonly isLong: boolean;
  /** Of the registration that waits for the code; null: a sign-in. */
  readonly account: AccountNames | null;
}

export interface PendingCodes {
  seal(pending: PendingCode): string;
  /** Null: it was not sealed here, or is of another sign-in. */
  open(sealed: string, transaction: string): PendingCode | null;
}

const context = 'rolegate pending code';
const maxBytes = 2_048;

export function createPendingCodes(secrets: readonly string[]): PendingCodes {
  const sealed = createSeal(secrets, context, maxBytes);
  return {
    seal: (pending) => sealed.seal(JSON.stringify(pending), context),
    open(text, transaction) {
      const opened = sealed.open(text, context);
      const pending = opened === null ? null : (JSON.parse(opened.text) as PendingCode);
      return pending?.transaction === transaction ? pending : null;
    },
  };
}
