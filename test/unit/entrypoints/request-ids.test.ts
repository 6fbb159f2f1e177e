/** Ids of requests: UUIDs of version 4, over the end of more than one page. */
import { expect, it } from 'vitest';
import { newRequestId } from '../../../src/entrypoints/proxy/request-ids.ts';

it('gives no id twice, and each is a random UUID', () => {
  const ids = Array.from({ length: 1_000 }, newRequestId);
  expect(new Set(ids).size).toBe(1_000);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  // Every bit that is random is both in some of them.
  for (let place = 0; place < 36; place += 1) {
    const digits = new Set(ids.map((id) => id[place]));
    expect(digits.size).toBe([8, 13, 14, 18, 23].includes(place) ? 1 : place === 19 ? 4 : 16);
  }
});
