/** The model of requests and identities against the gateway (`model-properties.ts`). */
import { test } from 'vitest';
import { changesFound, examplesHold, neverHappens } from './model-properties.ts';
import { patienceMs, runs } from './support.ts';

test('what it calls impossible never happens', { timeout: patienceMs }, () => neverHappens(runs(250).numRuns));

test('its examples are decided as it says, by identities that the source returns', { timeout: patienceMs }, () =>
  examplesHold(runs(250).numRuns),
);

test('a comparison misses no change', { timeout: patienceMs }, () => changesFound(runs(250).numRuns));
