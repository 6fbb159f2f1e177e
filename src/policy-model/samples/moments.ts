/** Times that conditions on the time can distinguish: one for every combination of their results. */
import type { Step, StretchStep, WindowStep } from '../../core/policy/conditions.ts';
import { isInStretch, isInWindow, minutesOfDay } from '../../core/policy/time-window.ts';

export type TimeStep = WindowStep | StretchStep;

const minuteMs = 60_000;
const weekMs = 7 * minutesOfDay * minuteMs;
/** A Monday: with the weeks of a year behind it, every offset of a zone and every pair of offsets of two. */
const firstMonday = Date.UTC(2027, 0, 4);
const weeksOfYear = 53;

export function isTimeStep(step: Step): step is TimeStep {
  return step.kind === 'window' || step.kind === 'stretch';
}

export function holdsAt(step: TimeStep, ms: number): boolean {
  return step.kind === 'window' ? isInWindow(step.window, ms) : isInStretch(step.stretch, ms);
}

/** Routes share windows, and each pair of routes is compared for every method. */
const searched = new Map<string, readonly number[]>();
const maxSearched = 1_000;

/** Most likely first; empty without conditions on the time. */
export function momentsFor(steps: readonly TimeStep[]): readonly number[] {
  if (steps.length === 0) return [];
  const key = JSON.stringify(steps.map((step) => (step.kind === 'window' ? step.window : step.stretch)));
  const known = searched.get(key) ?? searchedFor(steps);
  if (searched.size >= maxSearched) searched.clear();
  searched.set(key, known);
  return known;
}

function searchedFor(steps: readonly TimeStep[]): readonly number[] {
  const byTruths = new Map<string, number>();
  for (const ms of candidates(steps)) {
    let truths = '';
    for (const step of steps) truths += holdsAt(step, ms) ? '1' : '0';
    if (!byTruths.has(truths)) byTruths.set(truths, ms);
  }
  return [...byTruths.values()];
}

function* candidates(steps: readonly TimeStep[]): Generator<number> {
  const bounds = steps.flatMap((step) => {
    if (step.kind === 'window') return [];
    return [step.stretch.fromMs, step.stretch.toMs].filter((ms) => ms !== null);
  });
  const windows = steps.flatMap((step) => (step.kind === 'window' ? [step.window] : []));
  // Before, between and behind the bounds there is a year of weeks each.
  const starts = [firstMonday, ...bounds.flatMap((ms) => [mondayBefore(ms), mondayBefore(ms) - weeksOfYear * weekMs])];
  for (const start of starts) {
    for (let week = 0; week <= weeksOfYear; week += 1) {
      const monday = start + week * weekMs;
      yield monday;
      for (const { from, to, minuteOfWeek } of windows) {
        const offset = minuteOfWeek(monday);
        for (let day = 0; day < 7; day += 1) {
          for (const minute of [from, to, 0]) yield monday + (day * minutesOfDay + minute - offset) * minuteMs;
        }
      }
    }
  }
  for (const ms of bounds) yield* [ms - 1, ms];
}

function mondayBefore(ms: number): number {
  return firstMonday + Math.floor((ms - firstMonday) / weekMs) * weekMs;
}
