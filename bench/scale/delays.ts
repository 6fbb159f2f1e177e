/** How long three replicas continue to accept a credential that has ended, with and without a revocation. */
import { after, type ThreeReplicas } from './three-replicas.ts';

/** Seconds from the end at the Auth API to the start of the last accepted request, one for each credential. */
export async function endedMeasured(
  system: ThreeReplicas,
  acceptedS: number,
  times: number,
  everyS: number,
): Promise<number[]> {
  return Promise.all(
    Array.from({ length: times }, async (_, index) => {
      const bearer = `u${index}`.padEnd(64, 'u');
      const endAfterS = 2 * acceptedS + Math.random() * acceptedS;
      const from = performance.now();
      let [endedAt, last] = [Number.POSITIVE_INFINITY, 0];
      const use = async (replica: (typeof system.replicas)[number]) => {
        await after(Math.random() * everyS * 1_000);
        while (performance.now() - from < (endAfterS + 2 * acceptedS) * 1_000) {
          const at = performance.now();
          if (await system.accepts(bearer, replica)) last = Math.max(last, at);
          await after(Math.max(0, everyS * 1_000 - (performance.now() - at)));
        }
      };
      const end = async () => {
        await after(endAfterS * 1_000);
        endedAt = performance.now();
        await system.end(bearer);
      };
      await Promise.all([...system.replicas.map(use), end()]);
      return Math.max(0, last - endedAt) / 1_000;
    }),
  );
}

export interface Revoked {
  /** Milliseconds until a replica acknowledges the revocation. */
  readonly acknowledgedMs: number;
  /** From the acknowledgement to the start of the last request that any replica accepted; negative: before it. */
  readonly lastAcceptedMs: number;
}

interface RevokingSystem<R> {
  readonly replicas: readonly R[];
  accepts(bearer: string, replica: R): Promise<boolean>;
  revoke(bearer: string): Promise<void>;
}

/** Sends requests without a pause during the revocation. */
export async function revokedMeasured<R>(system: RevokingSystem<R>, times: number): Promise<Revoked[]> {
  const all: Revoked[] = [];
  for (let index = 0; index < times; index += 1) {
    const bearer = `t${index}`.padEnd(64, 't');
    let [going, last] = [true, 0];
    const users = system.replicas.map(async (replica) => {
      while (going) {
        const at = performance.now();
        if (await system.accepts(bearer, replica)) last = Math.max(last, at);
      }
    });
    await after(100);
    const sentAt = performance.now();
    await system.revoke(bearer);
    const acknowledgedAt = performance.now();
    await after(100);
    going = false;
    await Promise.all(users);
    all.push({ acknowledgedMs: acknowledgedAt - sentAt, lastAcceptedMs: last - acknowledgedAt });
  }
  return all;
}
