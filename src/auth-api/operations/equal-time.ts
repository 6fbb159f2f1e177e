/**
 * Responses whose time must not show what was in the database: each leaves at one of equal steps since its request arrived. The work for an
 * unknown address is the same, except that the database checks the references of a real session only.
 */
import { setImmediate, setTimeout } from 'node:timers/promises';

/** Longer than the work on a machine that is not overloaded. */
const stepMs = 10;
/** A timer may fire this late, and by how much depends on when it was set: the rest is waited for turn by turn of the event loop. */
const timerMs = 3;

/** Waits for the next step after the work. A rejection does not wait: an outage is the same for every address. */
export async function inEqualTime<T>(work: () => Promise<T>): Promise<T> {
  const startMs = performance.now();
  const result = await work();
  const dueMs = startMs + Math.ceil((performance.now() - startMs) / stepMs) * stepMs;
  const restMs = dueMs - performance.now() - timerMs;
  if (restMs >= 1) await setTimeout(Math.floor(restMs));
  while (performance.now() < dueMs) await setImmediate();
  return result;
}
