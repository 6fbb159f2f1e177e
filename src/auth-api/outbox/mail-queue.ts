/**
 * Mails that wait for the server: bounded, tried again with growing pauses, and dropped when their code has expired. While the server is
 * unavailable, a single mail is tried occasionally, and the others wait. Clients share the queue fairly: a flood of one client delays and
 * drops only its own mails.
 */
import type { Delivery } from './smtp-delivery.ts';

export interface QueuedMail {
  /** For the log and the message id. */
  readonly id: string;
  readonly queuedAtMs: number;
  /** When its code expires. */
  readonly endsAtMs: number;
  /** The client that requested it. */
  readonly client: string;
}

export interface MailQueueOptions<Mail extends QueuedMail> {
  /** Never rejects. `signal` ends the attempt. */
  deliver(mail: Mail, signal: AbortSignal): Promise<Delivery>;
  /** A mail left the queue, or stays for another attempt after `delivery`. */
  ended(
    mail: Mail,
    outcome: 'sent' | 'retried' | 'refused' | 'expired' | 'dropped',
    attempts: number,
    delivery: Delivery | null,
  ): void;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly capacity: number;
  /** Maximum mails being sent. */
  readonly concurrency: number;
  /** Maximum time for one attempt. */
  readonly attemptMs: number;
  /** First and longest pause. */
  readonly pauseMs: { readonly first: number; readonly longest: number };
}

export interface MailQueue<Mail extends QueuedMail> {
  /** A full queue drops the oldest mail of the client with the most mails, which waits for its newest one. */
  add(mail: Mail): void;
  size(): number;
  failing(): boolean;
  /** Sends mails for up to `graceMs`, aborts those in progress, and resolves with the number of mails left. */
  close(graceMs: number): Promise<number>;
}

interface Entry<Mail> {
  readonly mail: Mail;
  /** Its position in order of arrival. */
  readonly place: number;
  readonly turn: number;
  attempts: number;
  notBeforeMs: number;
}

export function createMailQueue<Mail extends QueuedMail>(options: MailQueueOptions<Mail>): MailQueue<Mail> {
  const { now, capacity, pauseMs } = options;
  const waiting: Entry<Mail>[] = [];
  const underWay = new Map<Entry<Mail>, AbortController>();
  /** Consecutive failures of the server itself, and until when it is not called. */
  let failures = 0;
  let restUntilMs = 0;
  let timer: NodeJS.Timeout | null = null;
  let places = 0;
  /** The latest turn with a sent mail. */
  let turn = 0;
  let closed = false;
  let settled: () => void = () => {};

  function pump(): void {
    if (closed) return;
    expire();
    const limit = failures > 0 ? 1 : options.concurrency;
    for (let entry = due(); underWay.size < limit && entry !== null; entry = due()) {
      waiting.splice(waiting.indexOf(entry), 1);
      void attempt(entry);
    }
    schedule();
    settled();
  }

  function expire(): void {
    const nowMs = now();
    for (let at = waiting.length - 1; at >= 0; at -= 1) {
      const entry = waiting[at];
      if (entry === undefined || entry.mail.endsAtMs > nowMs) continue;
      waiting.splice(at, 1);
      options.ended(entry.mail, 'expired', entry.attempts, null);
    }
  }

  /**
   * Of the due mails, one with the fewest attempts, because a mail that breaks the server must not block all others; among those by turn,
   * and then the oldest. Null while the server is paused.
   */
  function due(): Entry<Mail> | null {
    const nowMs = now();
    if (restUntilMs > nowMs) return null;
    const ready = waiting.filter(({ notBeforeMs }) => notBeforeMs <= nowMs);
    return ready.sort((a, b) => a.attempts - b.attempts || a.turn - b.turn || a.place - b.place)[0] ?? null;
  }

  /** The turn after that of the client's previous mail, but not a past one: every client has one mail per turn. */
  function turnOf(client: string): number {
    let last = turn;
    for (const entry of [...waiting, ...underWay.keys()]) {
      if (entry.mail.client === client) last = Math.max(last, entry.turn);
    }
    return last + 1;
  }

  function dropOne(): void {
    const counts = new Map<string, number>();
    for (const { mail } of waiting) counts.set(mail.client, (counts.get(mail.client) ?? 0) + 1);
    const most = Math.max(...counts.values());
    const at = waiting.findIndex(({ mail }) => counts.get(mail.client) === most);
    for (const { mail, attempts } of waiting.splice(at, 1)) options.ended(mail, 'dropped', attempts, null);
  }

  async function attempt(entry: Entry<Mail>): Promise<void> {
    const { mail } = entry;
    const stop = new AbortController();
    underWay.set(entry, stop);
    entry.attempts += 1;
    turn = Math.max(turn, entry.turn);
    const limit = setTimeout(() => stop.abort(), Math.min(options.attemptMs, Math.max(mail.endsAtMs - now(), 1)));
    const delivery = await options.deliver(mail, stop.signal);
    clearTimeout(limit);
    if (closed) return;
    underWay.delete(entry);
    if (delivery.kind !== 'unavailable') failures = 0;
    else if (mail.endsAtMs > now()) rest();
    if (delivery.kind === 'sent' || delivery.kind === 'refused') {
      options.ended(mail, delivery.kind, entry.attempts, delivery);
    } else {
      entry.notBeforeMs = now() + pause(entry.attempts);
      putBack(entry);
      options.ended(mail, 'retried', entry.attempts, delivery);
    }
    pump();
  }

  /** Mails that are sent together fail together: that counts as one failure of the server. */
  function rest(): void {
    if (failures > 0 && restUntilMs > now()) return;
    failures += 1;
    restUntilMs = now() + pause(failures);
  }

  /** At its old position: the queue stays in order of arrival. */
  function putBack(entry: Entry<Mail>): void {
    const behind = waiting.findIndex(({ place }) => place > entry.place);
    waiting.splice(behind < 0 ? waiting.length : behind, 0, entry);
  }

  /** Doubles with each failure; with jitter, so that replicas do not retry together. */
  function pause(times: number): number {
    const longest = Math.min(pauseMs.longest, pauseMs.first * 2 ** Math.min(times - 1, 20));
    return longest * (0.75 + Math.random() / 4);
  }

  function schedule(): void {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    if (waiting.length === 0) return;
    const limit = failures > 0 ? 1 : options.concurrency;
    const attemptAtMs =
      underWay.size < limit
        ? Math.max(restUntilMs, Math.min(...waiting.map(({ notBeforeMs }) => notBeforeMs)))
        : Infinity;
    const nextMs = Math.min(attemptAtMs, ...waiting.map(({ mail }) => mail.endsAtMs));
    timer = setTimeout(pump, Math.min(Math.max(nextMs - now(), 1), maxTimerMs)).unref();
  }

  return {
    add(mail) {
      if (closed) return;
      waiting.push({ mail, place: places, turn: turnOf(mail.client), attempts: 0, notBeforeMs: 0 });
      places += 1;
      while (waiting.length > 0 && waiting.length + underWay.size > capacity) dropOne();
      pump();
    },
    size: () => waiting.length + underWay.size,
    failing: () => failures > 0,
    async close(graceMs) {
      if (graceMs > 0) {
        await new Promise<void>((resolve) => {
          const end = setTimeout(resolve, graceMs);
          settled = () => {
            const soon = now() + graceMs;
            const some = underWay.size > 0 || waiting.some(({ notBeforeMs }) => notBeforeMs <= soon);
            if (some && failures === 0) return;
            clearTimeout(end);
            resolve();
          };
          settled();
        });
      }
      closed = true;
      if (timer !== null) clearTimeout(timer);
      for (const stop of underWay.values()) stop.abort();
      return waiting.length + underWay.size;
    },
  };
}

/** A clock of tests can be far from the timers' own. */
const maxTimerMs = 60_000;
