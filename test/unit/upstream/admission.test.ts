/** Which client may use an upstream, which one waits, and which one is refused. */
import { describe, expect, test } from 'vitest';
import { Admission } from '../../../src/upstream/admission.ts';
import type { Applicant, Line } from '../../../src/upstream/waiting-line.ts';

const turns: string[] = [];

class Request implements Applicant {
  line: Line | null = null;
  ahead: Applicant | null = null;
  behind: Applicant | null = null;
  readonly clientKey: string;
  readonly waitsFrom: number;
  readonly name: string;

  constructor(name: string, waitsFrom = 0) {
    this.name = name;
    this.waitsFrom = waitsFrom;
    this.clientKey = name.slice(0, 1);
  }

  proceed(): void {
    turns.push(this.name);
  }
}

const request = (name: string) => new Request(name);

/** `connections`: as many as are never used up, unless given. */
const admissionOf = (requestsPerClient: number, maxWaiting: number, connections = Number.MAX_SAFE_INTEGER) =>
  new Admission({
    connections: () => connections,
    requestsPerClient,
    maxWaiting,
    streams: 8,
    streamsPerClient: 4,
  });

test('a client is admitted up to its bound, independently of others', () => {
  const admission = admissionOf(2, 10);
  expect(['a1', 'a2', 'a3', 'b1'].map((name) => admission.enter(request(name)))).toEqual([true, true, false, true]);
  expect(admission.waiting).toBe(1);
});

test('a finished request admits the next one of the same client, in order', () => {
  turns.length = 0;
  const admission = admissionOf(1, 10);
  for (const name of ['a1', 'a2', 'a3', 'b1']) admission.enter(request(name));
  admission.leave('a');
  admission.leave('b');
  expect(turns).toEqual(['a2']);
  admission.leave('a');
  expect(turns).toEqual(['a2', 'a3']);
  admission.leave('a');
  expect(admission.waiting).toBe(0);
  expect(admission.enter(request('a4'))).toBe(true);
});

/** Fails as soon as it is admitted. */
class Failing extends Request {
  readonly admission: Admission;

  constructor(name: string, admission: Admission) {
    super(name);
    this.admission = admission;
  }

  override proceed(): void {
    super.proceed();
    this.admission.next();
    this.admission.leave(this.clientKey);
  }
}

test('serves any number of successively failing requests in order', () => {
  turns.length = 0;
  const count = 50_000;
  const admission = admissionOf(1, 2 * count);
  const names = Array.from({ length: count }, (_, index) => `a${index}`);
  for (const name of names) admission.enter(new Failing(name, admission));
  const [queued, later] = [new Failing('b0', admission), new Failing('b1', admission)];
  for (const each of [queued, later]) {
    admission.enter(each);
    if (each.line === null) admission.queue(each);
  }
  admission.leave('a');
  expect(turns.filter((name) => name.startsWith('a'))).toEqual(names.slice(1));
  expect(turns.filter((name) => name.startsWith('b'))).toEqual(['b0', 'b1']);
  expect([admission.waiting, admission.enter(request('a')), admission.enter(request('b'))]).toEqual([0, true, true]);
});

test('a free connection goes to the longest waiting client', () => {
  const admission = admissionOf(5, 10);
  const [one, two, three] = ['a1', 'b1', 'c1'].map(request) as [Request, Request, Request];
  for (const each of [one, two, three]) {
    expect(admission.enter(each)).toBe(true);
    expect(admission.queue(each)).toBeNull();
  }
  expect(admission.waitsFor(two)).toBe('connection');
  admission.forget(two);
  turns.length = 0;
  for (let i = 0; i < 3; i += 1) admission.next();
  expect(turns).toEqual([one.name, three.name]);
});

describe('the queue', () => {
  test('is bounded', () => {
    const admission = admissionOf(10, 2);
    const all = ['a1', 'b1', 'c1'].map(request);
    for (const each of all) admission.enter(each);
    expect(all.map((each) => admission.queue(each))).toEqual([null, null, 'upstream_busy']);
  });

  test('gives one client half of its places', () => {
    const admission = admissionOf(1, 4);
    expect(['a1', 'a2', 'a3', 'a4'].map((name) => admission.enter(request(name)))).toEqual([
      true,
      false,
      false,
      'client_busy',
    ]);
    expect(['b1', 'b2', 'b3', 'c1', 'c2'].map((name) => admission.enter(request(name)))).toEqual([
      true,
      false,
      false,
      true,
      'client_busy',
    ]);
  });

  test('gives no place to clients beyond their bounds, who do not make the upstream look busy', () => {
    const admission = admissionOf(1, 4);
    for (const name of ['a1', 'a2', 'a3', 'b1', 'b2', 'b3', 'c1', 'c2']) admission.enter(request(name));
    expect([admission.waiting, admission.congested]).toEqual([4, false]);
    const other = request('d1');
    expect([admission.enter(other), admission.queue(other)]).toEqual([true, null]);
  });

  test('can have no places', () => {
    const admission = admissionOf(1, 0);
    expect(['a1', 'a2'].map((name) => admission.enter(request(name)))).toEqual([true, 'client_busy']);
    expect(admission.queue(request('b1'))).toBe('upstream_busy');
  });
});

test('a request whose client disconnected is removed without a trace', () => {
  const admission = admissionOf(1, 10);
  admission.enter(request('a1'));
  const waiting = request('a2');
  admission.enter(waiting);
  expect(admission.waitsFor(waiting)).toBe('client');
  admission.forget(waiting);
  expect([waiting.line, admission.waiting]).toEqual([null, 0]);
  turns.length = 0;
  admission.leave('a');
  expect(turns).toEqual([]);
});

test('knows how long the first in the queue for a connection has waited', () => {
  const admission = admissionOf(1, 10);
  expect(admission.waitedMs(1_000)).toBe(0);
  const [first, second] = [new Request('a1', 400), new Request('b1', 700)];
  for (const each of [first, second]) {
    admission.enter(each);
    admission.queue(each);
  }
  // It waits for another request of its client, which says nothing about connections.
  admission.enter(new Request('a2', 100));
  expect(admission.waitedMs(1_000)).toBe(600);
  admission.forget(first);
  expect(admission.waitedMs(1_000)).toBe(300);
});

test('is congested from full to half empty', () => {
  const admission = admissionOf(10, 4);
  const all = ['a1', 'b1', 'c1', 'd1', 'e1'].map(request);
  expect(admission.congested).toBe(false);
  for (const each of all) admission.queue(each);
  expect(admission.congested).toBe(true);
  admission.next();
  expect(admission.congested).toBe(true);
  admission.next();
  expect(admission.congested).toBe(false);
});

test('is empty when no request waits', async () => {
  const admission = admissionOf(10, 4);
  await admission.empty();
  admission.queue(request('a1'));
  let empty = false;
  const done = admission.empty().then(() => {
    empty = true;
  });
  await Promise.resolve();
  expect(empty).toBe(false);
  admission.next();
  await done;
});

describe('the share of a client', () => {
  /** Requests of one client that are admitted before the first one waits. */
  const admitted = (admission: Admission, client: string) => {
    let count = 0;
    while (admission.enter(request(`${client}${count}`)) === true) count += 1;
    return count;
  };

  test('shrinks as others use connections, and always leaves some for the next client', () => {
    const admission = admissionOf(128, 1_000, 256);
    expect([...'abcdefgh'].map((client) => admitted(admission, client))).toEqual([128, 64, 32, 16, 8, 4, 2, 1]);
  });

  test('is what it is configured to be while no other client uses a connection', () => {
    expect(admitted(admissionOf(256, 1_000, 256), 'a')).toBe(256);
    expect(admitted(admissionOf(300, 1_000, 256), 'a')).toBe(300);
  });

  test('includes one request, even if all connections are in use', () => {
    const admission = admissionOf(4, 10, 4);
    expect([...'abc'].map((client) => admitted(admission, client))).toEqual([4, 1, 1]);
  });

  test('grows as others leave: who waits for that enters at once', () => {
    const admission = admissionOf(4, 10, 8);
    for (const name of ['a1', 'a2', 'a3', 'a4']) expect(admission.enter(request(name))).toBe(true);
    expect(['b1', 'b2', 'b3'].map((name) => admission.enter(request(name)))).toEqual([true, true, false]);
    turns.length = 0;
    admission.leave('a');
    expect(turns).toEqual(['b3']);
    expect(admission.waiting).toBe(0);
  });

  test('that shrank is not refilled when a request ends', () => {
    const admission = admissionOf(8, 10, 16);
    for (let i = 0; i < 8; i += 1) admission.enter(request(`a${i}`));
    expect(admission.enter(request('a8'))).toBe(false);
    expect([admitted(admission, 'b'), admitted(admission, 'c')]).toEqual([4, 2]);
    turns.length = 0;
    admission.leave('a');
    expect(turns).toEqual(['c2']);
  });
});

describe('responses that stay open', () => {
  test('are bounded in all and by client, whose share shrinks', () => {
    const admission = admissionOf(1, 1);
    const results = [...'aaaaabbbcc'].map((client) => admission.enterStreams(client));
    expect(results).toEqual([null, null, null, null, 'client_busy', null, null, 'client_busy', null, 'client_busy']);
    for (const client of 'd') expect(admission.enterStreams(client)).toBeNull();
    expect([admission.streams, admission.enterStreams('e')]).toEqual([8, 'upstream_busy']);
    admission.leaveStreams('a');
    expect(admission.enterStreams('e')).toBeNull();
  });
});
