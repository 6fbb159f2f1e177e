/** The queue of mails, with a delivery that the test controls. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createMailQueue, type MailQueue, type QueuedMail } from '../../../src/auth-api/outbox/mail-queue.ts';
import type { Delivery } from '../../../src/auth-api/outbox/smtp-delivery.ts';

const fault = { error: 'ETEST', reply: null, command: null };
const sent: Delivery = { kind: 'sent' };
const unavailable: Delivery = { kind: 'unavailable', fault };
const deferred: Delivery = { kind: 'deferred', fault };

interface Attempt {
  readonly id: string;
  readonly atMs: number;
  readonly signal: AbortSignal;
  readonly settle: (delivery: Delivery) => void;
}

interface Options {
  readonly capacity?: number;
  readonly concurrency?: number;
  readonly attemptMs?: number;
  /** Null: the test settles each attempt. */
  readonly answer?: ((id: string, attempt: number) => Delivery) | null;
}

function start({ capacity = 100, concurrency = 2, attemptMs = 5_000, answer = null }: Options = {}) {
  vi.useFakeTimers({ now: 1_000_000 });
  const attempts: Attempt[] = [];
  const ended: string[] = [];
  const queue = createMailQueue<QueuedMail>({
    now: Date.now,
    capacity,
    concurrency,
    attemptMs,
    pauseMs: { first: 1_000, longest: 8_000 },
    deliver: (mail, signal) =>
      new Promise((resolve) => {
        attempts.push({ id: mail.id, atMs: Date.now(), signal, settle: resolve });
        signal.addEventListener('abort', () => resolve(unavailable));
        if (answer !== null) resolve(answer(mail.id, attempts.filter(({ id }) => id === mail.id).length));
      }),
    ended: ({ id }, outcome, count) => ended.push(`${id} ${outcome} ${count}`),
  });
  const add = (id: string, lifeMs = 600_000, client = 'somewhere') => {
    const queuedAtMs = Date.now();
    queue.add({ id, client, queuedAtMs, endsAtMs: queuedAtMs + lifeMs });
  };
  return { queue, attempts, ended, add };
}

afterEach(() => vi.useRealTimers());

const passMs = (durationMs: number) => vi.advanceTimersByTimeAsync(durationMs);
const ids = (attempts: readonly Attempt[]) => attempts.map(({ id }) => id);

describe('a queue whose server works', () => {
  it('delivers several mails at once, in order', async () => {
    const { queue, attempts, ended, add } = start();
    for (const id of ['a', 'b', 'c', 'd']) add(id);
    expect([ids(attempts), queue.size()]).toEqual([['a', 'b'], 4]);
    attempts[1]!.settle(sent);
    await passMs(0);
    expect(ids(attempts)).toEqual(['a', 'b', 'c']);
    for (const { settle } of attempts) settle(sent);
    await passMs(0);
    attempts[3]!.settle(sent);
    await passMs(0);
    expect(ended.sort()).toEqual(['a sent 1', 'b sent 1', 'c sent 1', 'd sent 1']);
    expect([queue.size(), queue.failing()]).toEqual([0, false]);
  });

  it('drops a mail that the server refuses', async () => {
    const { queue, ended, add } = start({ answer: () => ({ kind: 'refused', fault }) });
    add('a');
    await passMs(60_000);
    expect([ended, queue.size(), queue.failing()]).toEqual([['a refused 1'], 0, false]);
  });

  it('retries a deferred mail after growing pauses and delivers others meanwhile', async () => {
    const { queue, attempts, add } = start({ answer: (id) => (id === 'a' ? deferred : sent) });
    add('a');
    await passMs(0);
    add('b');
    await passMs(60_000);
    const times = attempts.filter(({ id }) => id === 'a').map(({ atMs }) => atMs);
    const pauses = times.slice(1).map((atMs, index) => atMs - times[index]!);
    for (const [index, most] of [1_000, 2_000, 4_000, 8_000, 8_000].entries()) {
      expect(pauses[index]).toBeGreaterThanOrEqual(most * 0.75 - 1);
      expect(pauses[index]).toBeLessThanOrEqual(most + 1);
    }
    expect(attempts.find(({ id }) => id === 'b')?.atMs).toBe(times[0]);
    expect([queue.size(), queue.failing()]).toEqual([1, false]);
  });
});

describe('a queue whose server fails', () => {
  it('probes with one mail at a time, however many wait', async () => {
    const { queue, attempts, add } = start({ answer: () => unavailable });
    for (let index = 0; index < 50; index += 1) add(`m${index}`);
    await passMs(0);
    // Both mails in delivery failed together, which counts as one failure.
    expect(attempts).toHaveLength(2);
    await passMs(1_000);
    expect(attempts).toHaveLength(3);
    await passMs(60_000);
    expect(attempts.length).toBeLessThan(3 + 2 + 60 / 6 + 1);
    // Each has its turn before any has a second one.
    expect(ids(attempts)).toEqual(attempts.map((_, index) => `m${index}`));
    expect([queue.size(), queue.failing()]).toEqual([50, true]);
  });

  it('sends all waiting mails once the server works again', async () => {
    let works = false;
    const { queue, attempts, ended, add } = start({ answer: () => (works ? sent : unavailable) });
    for (const id of ['a', 'b', 'c', 'd', 'e']) add(id);
    await passMs(100);
    works = true;
    await passMs(1_000);
    // The next in turn shows that the server works; the others follow, each once.
    expect(attempts[2]?.id).toBe('c');
    expect(ids(attempts.slice(3)).sort()).toEqual(['a', 'b', 'd', 'e']);
    expect(ended.filter((line) => line.includes('sent'))).toHaveLength(5);
    expect([queue.size(), queue.failing()]).toEqual([0, false]);
  });

  it('drops a mail when its life ends, not before', async () => {
    const { queue, ended, add } = start({ answer: () => unavailable });
    add('a', 10_000);
    add('b', 20_000);
    await passMs(9_999);
    expect(ended.every((line) => line.includes('retried'))).toBe(true);
    await passMs(1);
    expect([ended.filter((line) => line.includes('expired')).length, queue.size()]).toEqual([1, 1]);
    await passMs(10_000);
    expect([ended.filter((line) => line.includes('expired')).length, queue.size()]).toEqual([2, 0]);
  });

  it('ends an attempt that takes too long or outlives its mail', async () => {
    const { queue, attempts, add } = start();
    add('a');
    add('b', 2_000);
    await passMs(2_000);
    expect(attempts.map(({ signal }) => signal.aborted)).toEqual([false, true]);
    expect(queue.failing()).toBe(false);
    await passMs(3_000);
    expect(attempts[0]?.signal.aborted).toBe(true);
    expect(queue.failing()).toBe(true);
  });
});

it('a mail that breaks the server does not delay the others', async () => {
  const { attempts, ended, add } = start({ answer: (id) => (id === 'bad' ? unavailable : sent), concurrency: 1 });
  add('bad');
  for (let index = 0; index < 20; index += 1) add(`m${index}`);
  await passMs(1_000);
  expect(ended.filter((line) => line.includes('sent'))).toHaveLength(20);
  await passMs(599_000);
  expect(ended.at(-1)).toMatch(/^bad expired/);
  expect(attempts.filter(({ id }) => id === 'bad').length).toBeLessThan(110);
});

describe('a full queue', () => {
  it('drops the oldest mail that is not being delivered', () => {
    const { queue, attempts, ended, add } = start({ capacity: 3, concurrency: 1 });
    for (const id of ['a', 'b', 'c', 'd', 'e']) add(id);
    expect([ids(attempts), ended, queue.size()]).toEqual([['a'], ['b dropped 0', 'c dropped 0'], 3]);
  });
});

describe('a flood of one client', () => {
  const life = 600_000;

  it("drops that client's mails, not the older one of another client", async () => {
    const { ended, add } = start({ capacity: 4, concurrency: 1 });
    add('on its way');
    add('wanted', life, 'home');
    for (let at = 0; at < 50; at += 1) add(`flood ${at}`, life, 'elsewhere');
    expect(ended).toHaveLength(48);
    expect(ended.join()).not.toContain('wanted');
    expect(ended[0]).toBe('flood 0 dropped 0');
  });

  it("delays that client's mails: the first of every client leaves before the second of any", async () => {
    const { attempts, add } = start({ concurrency: 1, answer: () => sent });
    for (let at = 0; at < 5; at += 1) add(`flood ${at}`, life, 'elsewhere');
    add('wanted', life, 'home');
    add('also wanted', life, 'work');
    await passMs(1);
    // The first was already being delivered.
    expect(ids(attempts)).toEqual(['flood 0', 'flood 1', 'wanted', 'also wanted', 'flood 2', 'flood 3', 'flood 4']);
  });
});

describe('closing', () => {
  async function closed(queue: MailQueue<QueuedMail>, graceMs: number): Promise<{ left: number; tookMs: number }> {
    const before = Date.now();
    const closing = queue.close(graceMs).then((left) => ({ left, tookMs: Date.now() - before }));
    await passMs(graceMs + 1);
    return closing;
  }

  it('finishes at once with an empty queue', async () => {
    expect(await closed(start().queue, 2_000)).toEqual({ left: 0, tookMs: 0 });
  });

  it('waits for mails in delivery and for those that can follow', async () => {
    const { queue, attempts, add } = start({ concurrency: 1 });
    add('a');
    add('b');
    const closing = queue.close(2_000);
    await passMs(500);
    attempts[0]!.settle(sent);
    await passMs(500);
    attempts[1]!.settle(sent);
    expect([await closing, Date.now()]).toEqual([0, 1_001_000]);
  });

  it('aborts deliveries that do not end in time', async () => {
    const { queue, attempts, ended, add } = start({ concurrency: 1 });
    add('a');
    add('b');
    expect(await closed(queue, 2_000)).toEqual({ left: 2, tookMs: 2_000 });
    expect(attempts[0]?.signal.aborted).toBe(true);
    await passMs(60_000);
    add('c');
    expect([ids(attempts), ended]).toEqual([['a'], []]);
  });

  it.each([
    ['a server that fails', unavailable, 8_000],
    ['a mail that is deferred for longer', deferred, 500],
  ])('does not wait for %s', async (_, delivery, graceMs) => {
    const { queue, add } = start({ answer: () => delivery });
    add('a');
    await passMs(0);
    expect(await closed(queue, graceMs)).toEqual({ left: 1, tookMs: 0 });
  });
});
