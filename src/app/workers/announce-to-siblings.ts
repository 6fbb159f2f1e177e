/**
 * Announces revocations to other processes of this gateway, a bounded number at a time: further ones are announced as one that revokes
 * everything, or all results of sources that are called.
 */
import type { Siblings } from '../../identity/revocation/create-revocations.ts';
import type { Delivery } from '../../identity/revocation/revocation-announcer.ts';
import { concernsCalled } from '../../identity/revocation/revoked-names.ts';
import type { Revocation } from '../../identity/revocation/tombstones.ts';

const maxUnderWay = 1_000;

type Send = (revocation: Revocation) => Promise<Delivery>;

/** `send` never rejects. */
export function announceToSiblings(send: Send): Siblings {
  let underWay = 0;
  const everything = announceOne(() => send({ kind: 'all' }));
  const ofCalled = announceOne(() => send({ kind: 'all', of: 'called' }));
  return {
    announce(revocation) {
      if (underWay >= maxUnderWay) return concernsCalled(revocation) ? ofCalled() : everything();
      underWay += 1;
      return send(revocation).finally(() => {
        underWay -= 1;
      });
    },
  };
}

/** One in progress may have been applied before the revocation that it stands for, so another one follows. */
function announceOne(announce: () => Promise<Delivery>): () => Promise<Delivery> {
  let current: Promise<Delivery> | null = null;
  let next: Promise<Delivery> | null = null;
  return function once(): Promise<Delivery> {
    if (current === null) {
      current = announce().finally(() => {
        current = null;
      });
      return current;
    }
    next ??= current.then(() => {
      next = null;
      return once();
    });
    return next;
  };
}
