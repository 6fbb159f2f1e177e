/**
 * A session whose code is on its way to its owner. It travels sealed in the form for the code, and belongs to one sign-in of one browser: its
 * bearer is worthless in any other, so a code that a stranger gets read out to him is too.
 */
import { openText, sealText } from '../../sealing/sealed-text.ts';
import { deriveKey } from '../transaction.ts';

export interface PendingCode {
  /** Id of the transaction, which names the browser. */
  readonly transaction: string;
  readonly bearer: string;
  readonly codeId: string;
  readonly email: string;
}

export interface PendingCodes {
  seal(pending: PendingCode): string;
  /** Null: it was not sealed here, or is of another sign-in. */
  open(sealed: string, transaction: string): PendingCode | null;
}

const context = 'rolegate pending code';
const maxBytes = 2_048;

/** The first secret seals; all of them open. */
export function createPendingCodes(secrets: readonly string[]): PendingCodes {
  const keys = secrets.map((secret) => deriveKey(secret, context));
  return {
    seal: (pending) => sealText(JSON.stringify(pending), keys[0]!, context).toString('base64url'),
    open(sealed, transaction) {
      if (sealed.length > maxBytes * 2) return null;
      const bytes = Buffer.from(sealed, 'base64url');
      for (const key of keys) {
        const text = openText(bytes, key, context, maxBytes);
        const pending = text === null ? null : (JSON.parse(text) as PendingCode);
        if (pending !== null) return pending.transaction === transaction ? pending : null;
      }
      return null;
    },
  };
}
