/** The model of requests and identities against the gateway (`model-worlds.ts`). */
import { test } from 'vitest';
import { examplesHold, neverHappens } from './model-worlds.ts';
import { patienceMs, runs } from './support.ts';

test('what it calls impossible never happens', { timeout: patienceMs }, () => neverHappens(runs(250).numRuns));

test('its examples are decided as it says, by identities that the source returns', { timeout: patienceMs }, () =>
  examplesHold(runs(250).numRuns),
);
