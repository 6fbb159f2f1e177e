/** Whether a proxy serves exactly the paths that were decided. */
import { expect, vi } from 'vitest';
import { hostileTargets } from '../../support/hostile-targets.ts';
import type { RecordingUpstream } from '../../support/recording-upstream.ts';
import type { RunningGateway } from '../../support/running-gateway.ts';

/** Sends every hostile target: the service receives the path that a check allowed, or nothing, and never a protected one. */
export async function serveOnlyDecidedPaths(
  { service, gateway }: { readonly service: RecordingUpstream; readonly gateway: RunningGateway },
  send: (target: string) => Promise<unknown>,
): Promise<void> {
  /** Paths of allowed checks, in order. */
  const decided = () =>
    gateway
      .logLines()
      .filter(({ entrypoint, outcome }) => entrypoint === 'authorizer' && outcome === 'allow')
      .map(({ path }) => path);
  expect(hostileTargets.length).toBeGreaterThanOrEqual(40);
  for (const target of hostileTargets) {
    service.clear();
    const before = decided().length;
    await send(target);
    const served = service.requests.map((request) => request.target.split('?', 1)[0]);
    const logged = await vi.waitFor(() => {
      const now = decided().slice(before);
      expect(now.length).toBeGreaterThanOrEqual(served.length);
      return now;
    });
    expect([target, served]).toEqual([target, served.length === 0 ? [] : logged]);
    expect([target, /^\/(?:kept\/)?admin/.test(served[0] ?? '')]).toEqual([target, false]);
  }
}
