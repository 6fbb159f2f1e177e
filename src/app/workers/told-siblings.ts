/**
 * Tells other processes of this gateway what is revoked, a bounded number at a time: what comes on top is told as one that
 * revokes everything, after which nothing is believed that was known before.
 */
import type { Siblings } from '../../identity/revocation/create-revocations.ts';
import type { Telling } from '../../identity/revocation/told-replicas.ts';
import type { Revocation } from '../../identity/revocation/tombstones.ts';

const mostUnderWay = 1_000;

/** `send` never rejects. */
export function tellSiblings(send: (revocation: Revocation) => Promise<Telling>): Siblings {
  let underWay = 0;
  let all: Promise<Telling> | null = null;
  let allAfter: Promise<Telling> | null = null;

  /** One that is under way may have been done before the revocation that it is to stand for: another one follows it. */
  function tellAll(): Promise<Telling> {
    if (all === null) {
      all = send({ kind: 'all' }).finally(() => {
        all = null;
      });
      return all;
    }
    allAfter ??= all.then(() => {
      allAfter = null;
      return tellAll();
    });
    return allAfter;
  }

  return {
    tell(revocation) {
      if (underWay >= mostUnderWay) return tellAll();
      underWay += 1;
      return send(revocation).finally(() => {
        underWay -= 1;
      });
    },
  };
}
