import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DueEntry, DueTimes, stepMs } from '../../../../src/identity/cache/due-times.ts';

interface Item extends DueEntry {
  readonly name: string;
}

const startMs = 1_700_000_000_000;

function item(name: string): Item {
  return { name, dueStep: null };
}

function started() {
  const due = new DueTimes<Item>();
  due.advance(startMs, () => {});
  const advance = (nowMs: number) => {
    const names: string[] = [];
    due.advance(nowMs, ({ name }) => names.push(name));
    return names;
  };
  return { due, advance };
}

describe('DueTimes', () => {
  it('yields an entry within a step of its time, and never before', () => {
    const { due, advance } = started();
    due.add(item('a'), startMs + 250);
    expect(advance(startMs + 249)).toEqual([]);
    expect(advance(startMs + 250 + stepMs)).toEqual(['a']);
  });

  it('leaves later entries in place', () => {
    const { due, advance } = started();
    due.add(item('hour'), startMs + 3_600_000);
    due.add(item('second'), startMs + 1_000);
    expect(advance(startMs + 3_500_000)).toEqual(['second']);
    expect(advance(startMs + 3_600_000 + stepMs)).toEqual(['hour']);
  });

  it('yields overdue entries with the next step', () => {
    const { due, advance } = started();
    due.add(item('late'), startMs - 60_000);
    expect(advance(startMs + 2 * stepMs)).toEqual(['late']);
  });

  it('drops a removed entry, and tolerates a second removal', () => {
    const { due, advance } = started();
    const [a, b, c] = [item('a'), item('b'), item('c')];
    for (const one of [a, b, c]) due.add(one, startMs + 200);
    due.remove(b);
    due.remove(b);
    expect(advance(startMs + 1_000).sort()).toEqual(['a', 'c']);
  });

  it('lets the callback re-add an entry', () => {
    const { due } = started();
    due.add(item('again'), startMs + 200);
    let shown = 0;
    for (let nowMs = startMs; nowMs < startMs + 2_000; nowMs += stepMs) {
      due.advance(nowMs, (entry) => {
        shown += 1;
        due.add(entry, nowMs + 500);
      });
    }
    expect(shown).toBe(4);
  });

  it('waits when the clock is set back', () => {
    const { due, advance } = started();
    due.add(item('a'), startMs + 200);
    expect(advance(startMs - 3_600_000)).toEqual([]);
    expect(advance(startMs + 1_000)).toEqual(['a']);
  });

  it('yields every entry exactly once and in time, whatever moves it', () => {
    const leaps = fc.array(fc.oneof(fc.nat(300), fc.nat(200_000)), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(fc.array(fc.nat(300_000), { maxLength: 50 }), leaps, (dues, moves) => {
        const { due } = started();
        const waiting = new Set(dues.map((dueMs, index) => ({ ...item(String(index)), at: startMs + dueMs })));
        for (const one of waiting) due.add(one, one.at);
        let nowMs = startMs;
        for (const leapMs of moves) {
          nowMs += leapMs;
          due.advance(nowMs, (entry) => {
            const one = [...waiting].find(({ name }) => name === entry.name);
            expect(one?.at).toBeLessThanOrEqual(nowMs);
            if (one !== undefined) waiting.delete(one);
          });
          for (const { at } of waiting) expect(at).toBeGreaterThan(nowMs - 2 * stepMs);
        }
      }),
    );
  });
});
