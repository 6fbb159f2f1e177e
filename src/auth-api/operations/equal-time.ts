/**
 * Responses whose time must not show what was in the database: each leaves at one of equal steps since its request arrived. The work for an
 * unknown address is the same, except that the database checks the references of a real session only.
 */
import { setImmediate, setTimeout } from 'node:timers/promises';

/** Longer than the work on a machine that is not overloaded. */
const stepMs = 10;
/** By how much more than its whole milliseconds a timer waits. */
const timerMs = 0.2;

/** Takes what has to wait for the step, such as a mail, which would leave before the response and delay it. */
export type Afterwards = (task: () => void) => void;

/**
 * Waits for the next step after the work. A rejection does not wait: an outage is the same for every address. What every client may know, such
 * as an exhausted budget of its own, belongs before it.
 */
export async function inEqualTime<T>(work: (afterwards: Afterwards) => Promise<T>): Promise<T> {
  const startMs = performance.now();
  const tasks: (() => void)[] = [];
  const result = await work((task) => tasks.push(task));
  const dueMs = startMs + Math.ceil((performance.now() - startMs) / stepMs) * stepMs;
  // A timer counts from the start of the turn of the event loop, so one that is set in the turn of the work fires later by that work.
  await setImmediate();
  const restMs = dueMs - performance.now() - timerMs;
  if (restMs >= 1) await setTimeout(Math.floor(restMs));
  // Timers have whole milliseconds, and the rest of one would show when the work ended: it is waited for turn by turn.
  while (performance.now() < dueMs) await setImmediate();
  // After the microtasks that write the response: a code on the console would delay it by 0.2 ms.
  process.nextTick(() => {
    for (const task of tasks) task();
  });
  return result;
}

/** The same without the wait, where the responses themselves show what is known. */
export function inOwnTime<T>(work: (afterwards: Afterwards) => Promise<T>): Promise<T> {
  return work((task) => task());
}
