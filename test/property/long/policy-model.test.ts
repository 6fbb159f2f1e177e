/** The model of requests and identities against the gateway, with many worlds (`model-properties.ts`). */
import { test } from 'vitest';
import { changesFound, examplesHold, neverHappens } from '../model-properties.ts';
import { patienceMs, runs } from '../support.ts';

test('what it calls impossible never happens', { timeout: 5 * patienceMs }, () => neverHappens(runs(5_000).numRuns));

test('its examples are decided as it says, by identities that the source returns', { timeout: 5 * patienceMs }, () =>
  examplesHold(runs(5_000).numRuns),
);

test('a comparison misses no change', { timeout: 20 * patienceMs }, () => changesFound(runs(5_000).numRuns));
