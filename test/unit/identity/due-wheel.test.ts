import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DueEntry, DueWheel, stepMs } from '../../../src/identity/due-wheel.ts';

interface Item extends DueEntry<Item> {
  readonly name: string;
}

const startMs = 1_700_000_000_000;

function item(name: string): Item {
  return { name, dueMs: 0, duePrevious: null, dueNext: null };
}

function started() {
  const wheel = new DueWheel<Item>();
  wheel.advance(startMs, () => {});
  const advance = (nowMs: number) => {
    const names: string[] = [];
    wheel.advance(nowMs, ({ name }) => names.push(name));
    return names;
  };
  return { wheel, advance };
}

describe('DueWheel', () => {
  it('brings an entry up within a step of its time, and never before', () => {
    const { wheel, advance } = started();
    wheel.add(item('a'), startMs + 250);
    expect(advance(startMs + 249)).toEqual([]);
    expect(advance(startMs + 250 + stepMs)).toEqual(['a']);
    expect(wheel.size).toBe(0);
  });

  it('leaves entries of a later turn where they are', () => {
    const { wheel, advance } = started();
    wheel.add(item('hour'), startMs + 3_600_000);
    wheel.add(item('second'), startMs + 1_000);
    expect(advance(startMs + 3_500_000)).toEqual(['second']);
    expect(advance(startMs + 3_600_000 + stepMs)).toEqual(['hour']);
  });

  it('brings up what is due already with the next step', () => {
    const { wheel, advance } = started();
    wheel.add(item('late'), startMs - 60_000);
    expect(advance(startMs + 2 * stepMs)).toEqual(['late']);
  });

  it('forgets an entry that was removed, and does not mind removing it twice', () => {
    const { wheel, advance } = started();
    const [a, b, c] = [item('a'), item('b'), item('c')];
    for (const one of [a, b, c]) wheel.add(one, startMs + 200);
    wheel.remove(b);
    wheel.remove(b);
    expect(advance(startMs + 1_000).sort()).toEqual(['a', 'c']);
  });

  it('lets the one who is shown an entry put it back', () => {
    const { wheel } = started();
    wheel.add(item('again'), startMs + 200);
    let shown = 0;
    for (let nowMs = startMs; nowMs < startMs + 2_000; nowMs += stepMs) {
      wheel.advance(nowMs, (entry) => {
        shown += 1;
        wheel.add(entry, nowMs + 500);
      });
    }
    expect(shown).toBe(3);
    expect(wheel.size).toBe(1);
  });

  it('waits when the clock is set back', () => {
    const { wheel, advance } = started();
    wheel.add(item('a'), startMs + 200);
    expect(advance(startMs - 3_600_000)).toEqual([]);
    expect(advance(startMs + 1_000)).toEqual(['a']);
  });

  it('brings up everything exactly once, in time, however it is moved', () => {
    const leaps = fc.array(fc.oneof(fc.nat(300), fc.nat(200_000)), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(fc.array(fc.nat(300_000), { maxLength: 50 }), leaps, (dues, moves) => {
        const { wheel } = started();
        const waiting = new Set(dues.map((dueMs, index) => ({ ...item(String(index)), at: startMs + dueMs })));
        for (const one of waiting) wheel.add(one, one.at);
        let nowMs = startMs;
        for (const leapMs of moves) {
          nowMs += leapMs;
          wheel.advance(nowMs, (entry) => {
            const one = [...waiting].find(({ name }) => name === entry.name);
            expect(one?.at).toBeLessThanOrEqual(nowMs);
            if (one !== undefined) waiting.delete(one);
          });
          for (const { at } of waiting) expect(at).toBeGreaterThan(nowMs - 2 * stepMs);
        }
        expect(wheel.size).toBe(waiting.size);
      }),
    );
  });
});
