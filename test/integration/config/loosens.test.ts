/** What the schema calls looser lets more in, through a real gateway; and what it calls stricter does not. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { higher, lower } from './loosens/amounts.ts';
import { added, removed } from './loosens/entries.ts';
import { any, ordered } from './loosens/words.ts';
import { isLooser, schemaAt, startWorld, succeeds, type World } from './loosens/world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

describe.each(Object.entries({ higher, lower, added, removed, ordered, any }))('looser: %s', (_, rows) => {
  test.each(rows)('$key: $strict -> $loose', async ({ key, strict, loose, beside, attempt }) => {
    const others = beside?.(world) ?? {};
    expect(isLooser(schemaAt(key, others), strict, loose)).toBe(true);
    expect(await succeeds(world, { ...others, [key]: strict }, attempt)).toBe(false);
    expect(await succeeds(world, { ...others, [key]: loose }, attempt)).toBe(true);
  });
});
