/**
 * A steady stream of requests of five classes, and their outcomes. Each class has one right response, and some that an
 * outage of the Auth API excuses; everything else is wrong.
 */
import { newBearer, newKeyPair, requestOf, type TestCredential, times } from './credentials.ts';
import type { Installation } from './installation.ts';
import type { Exchange } from './load-client.ts';

/**
 * `known`: used all the time. `forbidden`: the same, where the role is missing. `fresh`: valid, and used for the first
 * time. `bad`: never valid, and a new one each time. `public`: without authentication; their waiting time is the
 * machine's own.
 */
export type Class = 'known' | 'forbidden' | 'fresh' | 'bad' | 'public';

export interface Answered extends Exchange {
  readonly class: Class;
  readonly userId: string;
  /** Milliseconds from when the request was due to the end of its response. */
  readonly tookMs: number;
}

const rightStatus: Readonly<Record<Class, number>> = {
  known: 200,
  forbidden: 403,
  fresh: 200,
  bad: 401,
  public: 200,
};

export interface SteadyLoad {
  /** Stops and waits for requests in flight. */
  stop(): Promise<readonly Answered[]>;
}

export interface SteadyOptions {
  readonly ratePerS: number;
  /** Bounds how many new credentials are created in advance. */
  readonly maxMs: number;
  readonly known: readonly TestCredential[];
}

/** Of a hundred requests: this many of each; the others are known. */
const share = { fresh: 3, bad: 3, forbidden: 4, public: 5 };
/** The identity at the service for a public request. */
const nobody = '-';
const tickMs = 5;

export function makeKnown(count: number): TestCredential[] {
  return times(count, (index) => (index % 3 === 0 ? newKeyPair() : newBearer()));
}

/** Creates the new credentials in advance, so that only requests are made while it runs. */
export async function startSteadyLoad(installation: Installation, options: SteadyOptions): Promise<SteadyLoad> {
  const { authApi, client, replicas } = installation;
  const { ratePerS, maxMs, known } = options;
  const newOnes = Math.ceil(((ratePerS * maxMs) / 1000) * (share.fresh / 100)) + 1;
  const fresh = times(newOnes, () => newBearer());
  await authApi.allow(...fresh);
  const knownBytes = known.map((one) => requestOf('/user/x', one));
  const forbiddenBytes = known.map((one) => requestOf('/admin/x', one));
  const publicBytes = Buffer.from('GET /public/x HTTP/1.1\r\nHost: api.example.test\r\n\r\n');
  const pending = new Set<Promise<void>>();
  const answered: Answered[] = [];
  let sent = 0;
  let freshSent = 0;

  const pick = (index: number): { class: Class; userId: string; bytes: Buffer } => {
    const place = index % 100;
    const turn = Math.floor(index / 7) % known.length;
    if (place < share.fresh && freshSent < fresh.length) {
      const credential = fresh[freshSent]!;
      freshSent += 1;
      return { class: 'fresh', userId: credential.userId, bytes: requestOf('/user/x', credential) };
    }
    if (place >= 50 && place < 50 + share.bad) {
      const credential = newBearer();
      return { class: 'bad', userId: credential.userId, bytes: requestOf('/user/x', credential) };
    }
    if (place >= 90 && place < 90 + share.public) return { class: 'public', userId: nobody, bytes: publicBytes };
    const { userId } = known[turn]!;
    if (place >= 80 && place < 80 + share.forbidden) {
      return { class: 'forbidden', userId, bytes: forbiddenBytes[turn]! };
    }
    return { class: 'known', userId, bytes: knownBytes[turn]! };
  };
  const send = () => {
    const { class: kind, userId, bytes } = pick(sent);
    const one = client.send(sent % replicas.length, bytes).then((exchange) => {
      pending.delete(one);
      const tookMs = exchange.endedMs - exchange.askedMs;
      answered.push({ ...exchange, class: kind, userId, tookMs });
    });
    pending.add(one);
    sent += 1;
  };
  const startMs = performance.now();
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - startMs) * ratePerS) / 1000);
    while (sent < due) send();
  }, tickMs);
  return {
    async stop() {
      clearInterval(timer);
      await Promise.all(pending);
      return answered;
    },
  };
}

export interface Outcome {
  readonly requests: number;
  /** Requests wrongly refused as unauthorized or forbidden. */
  readonly wronglyRefused: Answered[];
  /** Requests wrongly allowed, or with another identity. */
  readonly wronglyAllowed: Answered[];
  /** For known identities: everything other than the right response. */
  readonly errorsOfKnown: Answered[];
  /** For the others. */
  readonly errorsOfUnknown: Answered[];
  readonly stale: number;
}

export function judge(answers: readonly Answered[]): Outcome {
  const right = ({ class: kind, status, body, userId }: Answered) =>
    status === rightStatus[kind] && (status !== 200 || body.startsWith(`${userId} `));
  const wrong = answers.filter((one) => !right(one));
  const refusal = ({ status }: Answered) => status === 401 || status === 403;
  const error = (one: Answered) => !refusal(one) && one.status !== 200;
  const isKnown = ({ class: kind }: Answered) => kind !== 'fresh' && kind !== 'bad';
  return {
    requests: answers.length,
    wronglyRefused: wrong.filter(refusal),
    wronglyAllowed: wrong.filter(({ status }) => status === 200),
    errorsOfKnown: wrong.filter((one) => error(one) && isKnown(one)),
    errorsOfUnknown: wrong.filter((one) => error(one) && !isKnown(one)),
    stale: answers.filter(({ status, body }) => status === 200 && body.endsWith(' stale')).length,
  };
}
