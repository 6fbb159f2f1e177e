/** Who may use an upstream, who waits, and who is turned away. */
import { describe, expect, test } from 'vitest';
import { Admission, type Applicant, type Line } from '../../../src/upstream/admission.ts';

const turns: string[] = [];

class Request implements Applicant {
  line: Line | null = null;
  ahead: Applicant | null = null;
  behind: Applicant | null = null;
  readonly party: string;
  readonly name: string;

  constructor(name: string) {
    this.name = name;
    this.party = name.slice(0, 1);
  }

  proceed(): void {
    turns.push(this.name);
  }
}

const request = (name: string) => new Request(name);

test('a client enters up to its bound, and others are not concerned', () => {
  const admission = new Admission(2, 10);
  expect(['a1', 'a2', 'a3', 'b1'].map((name) => admission.enter(request(name)))).toEqual([true, true, false, true]);
  expect(admission.waiting).toBe(1);
});

test('a client that is done lets its own next one in, in order', () => {
  turns.length = 0;
  const admission = new Admission(1, 10);
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

test('a connection that becomes free goes to whoever waited longest', () => {
  const admission = new Admission(5, 10);
  const [one, two, three] = ['a1', 'b1', 'c1'].map(request) as [Request, Request, Request];
  for (const each of [one, two, three]) {
    expect(admission.enter(each)).toBe(true);
    expect(admission.queue(each)).toBeNull();
  }
  expect(admission.forget(two)).toBe('connection');
  expect([admission.next(), admission.next(), admission.next()]).toEqual([one, three, null]);
});

describe('a place to wait', () => {
  test('is there for a bounded number', () => {
    const admission = new Admission(10, 2);
    const all = ['a1', 'b1', 'c1'].map(request);
    for (const each of all) admission.enter(each);
    expect(all.map((each) => admission.queue(each))).toEqual([null, null, 'upstream_busy']);
  });

  test('is there for half of that number of one client', () => {
    const admission = new Admission(1, 4);
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
      'upstream_busy',
    ]);
  });

  test('is nowhere when the queue has none', () => {
    const admission = new Admission(1, 0);
    expect(['a1', 'a2'].map((name) => admission.enter(request(name)))).toEqual([true, 'client_busy']);
    expect(admission.queue(request('b1'))).toBe('upstream_busy');
  });
});

test('one that no longer waits for its client is told apart, and leaves no trace', () => {
  const admission = new Admission(1, 10);
  admission.enter(request('a1'));
  const waiting = request('a2');
  admission.enter(waiting);
  expect(admission.forget(waiting)).toBe('client');
  expect([waiting.line, admission.waiting]).toEqual([null, 0]);
  turns.length = 0;
  admission.leave('a');
  expect(turns).toEqual([]);
});

test('it is congested from full to half empty', () => {
  const admission = new Admission(10, 4);
  const all = ['a1', 'b1', 'c1', 'd1', 'e1'].map(request);
  expect(admission.congested).toBe(false);
  for (const each of all) admission.queue(each);
  expect(admission.congested).toBe(true);
  admission.next();
  expect(admission.congested).toBe(true);
  admission.next();
  expect(admission.congested).toBe(false);
});

test('it is empty once nobody waits', async () => {
  const admission = new Admission(10, 4);
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
