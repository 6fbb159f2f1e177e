/** A resolver with a manual clock and a fake Auth API; closed at the end of the test. */
import { onTestFinished } from 'vitest';
import type { FakeAuthApi } from '../../support/fake-auth-api.ts';
import { type Clock, makeResolver, type TestResolver } from '../../unit/identity/test-resolver.ts';
import { fakeAuthApi } from './asked-auth-api.ts';

type Settings = Parameters<typeof makeResolver> extends [unknown, Clock, ...infer Rest] ? Rest : never;

export interface ResolverWorld {
  readonly api: FakeAuthApi;
  readonly clock: Clock;
  resolver(...settings: Settings): TestResolver;
}

export async function startResolverWorld(): Promise<ResolverWorld> {
  const api = await fakeAuthApi();
  const clock = { nowMs: Date.now() };
  return {
    api,
    clock,
    resolver(...settings) {
      const made = makeResolver(api.url, clock, ...settings);
      onTestFinished(made.close);
      return made;
    },
  };
}
