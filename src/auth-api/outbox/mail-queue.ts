/**
 * Mails that wait for the server: bounded, tried again with growing pauses, and given up when their code has ended. While
 * the server cannot be used, a single mail is tried now and then, and the others wait with it. Clients share the queue
 * fairly: a flood of one delays and pushes out its own mails, and not the code that another client waits for.
 */
import type { Delivery } from './smtp-delivery.ts';

export interface QueuedMail {
  /** For the log and the message id. */
  readonly id: string;
  readonly queuedAtMs: number;
  /** From then on its code is of no use. */
  readonly endsAtMs: number;
  /** The client that asked for it. */
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
  /** Mails on their way at once. */
  readonly concurrency: number;
  /** Longest time for one attempt. */
  readonly attemptMs: number;
  /** First and longest pause. */
  readonly pauseMs: { readonly first: number; readonly longest: number };
}

export interface MailQueue<Mail extends QueuedMail> {
  /** A full queue drops the oldest mail of the client that has the most: its newest is the one that it waits for. */
  add(mail: Mail): void;
  size(): number;
  failing(): boolean;
  /** Waits for what can leave within `graceMs`, ends what is on its way, and resolves with the number of mails left behind. */
  close(graceMs: number): Promise<number>;
}

interface Entry<Mail> {
  readonly mail: Mail;
  /** Its place in the order in which mails came. */
  readonly place: number;
  readonly turn: number;
  attempts: number;
  notBeforeMs: number;
}

export function createMailQueue<Mail extends QueuedMail>(options: MailQueueOptions<Mail>): MailQueue<Mail> {
  const { now, capacity, pauseMs } = options;
  const waiting: Entry<Mail>[] = [];
  const underWay = new Map<Entry<Mail>, AbortController>();
  /** Failures in a row of the server itself, and until when it is left alone. */
  let failures = 0;
  let restUntilMs = 0;
  let timer: NodeJS.Timeout | null = null;
  let places = 0;
  /** The latest turn of which a mail has left. */
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
   * Of the mails whose pause is over one that was tried least, as a mail at which the server breaks must not stand before
   * all others; among those by turn, and then the oldest. Null while the server rests.
   */
  function due(): Entry<Mail> | null {
    const nowMs = now();
    if (restUntilMs > nowMs) return null;
    const ready = waiting.filter(({ notBeforeMs }) => notBeforeMs <= nowMs);
    return ready.sort((a, b) => a.attempts - b.attempts || a.turn - b.turn || a.place - b.place)[0] ?? null;
  }

  /** One after that of the client's mail before, and none that has passed: in each turn every client has one mail. */
  function turnOf(client: string): number {
    let last = turn;
    for (const entry of [...waiting, ...underWay.keys()]) {
      if (entry.mail.client === client) last = Math.max(last, entry.turn);
    }
    return last + 1;
  }

  function dropOne(): void {
    const held = new Map<string, number>();
    for (const { mail } of waiting) held.set(mail.client, (held.get(mail.client) ?? 0) + 1);
    const most = Math.max(...held.values());
    const at = waiting.findIndex(({ mail }) => held.get(mail.client) === most);
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

  /** Mails that were on their way together fail together: that is one failure of the server. */
  function rest(): void {
    if (failures > 0 && restUntilMs > now()) return;
    failures += 1;
    restUntilMs = now() + pause(failures);
  }

  /** Where it was: the queue stays in the order in which mails came. */
  function putBack(entry: Entry<Mail>): void {
    const behind = waiting.findIndex(({ place }) => place > entry.place);
    waiting.splice(behind < 0 ? waiting.length : behind, 0, entry);
  }

  /** Doubles with each failure; a part of it is left to chance, so that replicas do not come back as one. */
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
    timer = setTimeout(pump, Math.min(Math.max(nextMs - now(), 1), longestTimerMs)).unref();
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
const longestTimerMs = 60_000;
