/**
 * Announces revocations to other processes of this gateway, a bounded number at a time: further ones are announced as one that revokes
 * everything, which voids all earlier results.
 */
import type { Siblings } from '../../identity/revocation/create-revocations.ts';
import type { Delivery } from '../../identity/revocation/revocation-announcer.ts';
import type { Revocation } from '../../identity/revocation/tombstones.ts';

const mostUnderWay = 1_000;

/** `send` never rejects. */
export function announceToSiblings(send: (revocation: Revocation) => Promise<Delivery>): Siblings {
  let underWay = 0;
  let all: Promise<Delivery> | null = null;
  let allAfter: Promise<Delivery> | null = null;

  /** One in progress may have been applied before the revocation that it stands for, so another one follows. */
  function announceAll(): Promise<Delivery> {
    if (all === null) {
      all = send({ kind: 'all' }).finally(() => {
        all = null;
      });
      return all;
    }
    allAfter ??= all.then(() => {
      allAfter = null;
      return announceAll();
    });
    return allAfter;
  }

  return {
    announce(revocation) {
      if (underWay >= mostUnderWay) return announceAll();
      underWay += 1;
      return send(revocation).finally(() => {
        underWay -= 1;
      });
    },
  };
}
