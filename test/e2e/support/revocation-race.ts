/**
 * One race: requests with one credential at all replicas while the Auth API is slow; in between, the credential is
 * revoked, first at the Auth API and then at a replica.
 */
import { newBearer, newKeyPair, requestOf, type TestCredential } from './credentials.ts';
import type { Installation } from './installation.ts';
import type { Exchange } from './load-client.ts';

export interface Race {
  readonly credential: TestCredential;
  readonly exchanges: readonly Exchange[];
  /** When the revocation was sent, and when its 202 arrived; on the clock of the exchanges. */
  readonly sentMs: number;
  readonly acknowledgedMs: number;
}

/** What is revoked: the object that `POST /revocations` accepts. */
export type RevocationOf = (credential: TestCredential) => object;

export const revocationKinds: readonly (readonly [string, () => TestCredential, RevocationOf])[] = [
  ['sessionID', newBearer, ({ id }) => ({ sessionID: id })],
  ['bearer', newBearer, ({ credential }) => ({ bearer: credential })],
  ['userID', newBearer, ({ userId }) => ({ userID: userId })],
  ['keyID', newKeyPair, ({ id }) => ({ keyID: id })],
  ['apiKey with apiSecret', newKeyPair, ({ credential }) => pairOf(credential)],
  ['userID of a key pair', newKeyPair, ({ userId }) => ({ userID: userId })],
];

function pairOf(credential: string): object {
  const [apiKey, apiSecret] = credential.split(':');
  return { apiKey, apiSecret };
}

export interface RaceOptions {
  readonly credential: TestCredential;
  readonly revocation: object;
  /** The replica that gets the revocation. */
  readonly at: number;
  readonly requests: number;
  readonly workers: number;
  /**
   * The revocation is sent this long after the first request, or once this many have a response, whichever is first.
   */
  readonly afterMs?: number;
  readonly afterAnswers?: number;
  /** Called right before the revocation. */
  readonly before?: () => void;
}

/** Rejects when the revocation returns another status than 202. */
export async function race(installation: Installation, options: RaceOptions): Promise<Race> {
  const { authApi, client, replicas } = installation;
  const { credential, revocation, at, requests, workers, afterMs, afterAnswers = Number.POSITIVE_INFINITY } = options;
  await authApi.allow(credential);
  const bytes = requestOf('/user/x', credential);
  let begin = () => {};
  const due = new Promise<void>((resolve) => {
    begin = resolve;
  });
  if (afterMs !== undefined) setTimeout(begin, afterMs);
  const revoked = due.then(async () => {
    options.before?.();
    await authApi.forget(credential.credential);
    const sentMs = performance.now();
    let answer = await replicas[at]!.revoke(revocation);
    // On a stalled machine Redis may be late; then the caller has to send the revocation again.
    for (let again = 0; answer.status === 503 && again < 20; again += 1)
      answer = await replicas[at]!.revoke(revocation);
    if (answer.status !== 202) throw new Error(`the revocation was answered ${answer.status}: ${answer.text}`);
    return { sentMs, acknowledgedMs: answer.atMs };
  });
  let answered = 0;
  // Requests continue until the acknowledgement has arrived and a fifth of them have followed, however slow it is. Each
  // worker stays with its replica, so none waits for another, and sends a few more requests.
  let enough = Number.POSITIVE_INFINITY;
  const exchanges: Exchange[] = [];
  const work = async (worker: number) => {
    for (let more = 5; exchanges.length < enough || more > 0; ) {
      if (enough !== Number.POSITIVE_INFINITY) more -= 1;
      exchanges.push(await client.send(worker % replicas.length, bytes));
      answered += 1;
      if (answered >= afterAnswers) begin();
    }
  };
  const load = Promise.all(Array.from({ length: workers }, (_, worker) => work(worker)));
  const times = await revoked.finally(() => {
    enough = Math.max(requests, exchanges.length + requests / 5);
  });
  await load;
  return { credential, exchanges, ...times };
}

/** Requests that were accepted although they began after that time. */
export function acceptedAfter(exchanges: readonly Exchange[], atMs: number): Exchange[] {
  return exchanges.filter(({ status, beganMs }) => status === 200 && beganMs > atMs);
}

/** For each replica, when the last accepted request began, and when the last accepted one had its response. */
export function lastAccepted(exchanges: readonly Exchange[], replicas: number): { began: number; ended: number }[] {
  return Array.from({ length: replicas }, (_, target) => {
    const accepted = exchanges.filter((exchange) => exchange.status === 200 && exchange.target === target);
    const last = (pick: 'beganMs' | 'endedMs') =>
      accepted.reduce((latest, exchange) => Math.max(latest, exchange[pick]), Number.NEGATIVE_INFINITY);
    return { began: last('beganMs'), ended: last('endedMs') };
  });
}
