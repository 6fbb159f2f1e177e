/**
 * Things that a test file starts and closes after each test; and the pair that most files start: a proxy, and a service
 * behind it.
 */
import { afterEach } from 'vitest';
import { type RecordingUpstream, startRecordingUpstream } from './recording-upstream.ts';
import { type ProxySetup, type RunningProxy, startProxy } from './running-proxy.ts';

export interface Closable {
  close(): Promise<void>;
}

/** Everything pushed to it is closed after the test, in reverse order. */
export function closedAfterEach(): Closable[] {
  const running: Closable[] = [];
  afterEach(async () => {
    for (const one of running.splice(0).reverse()) await one.close();
  });
  return running;
}

export interface ProxiedUpstream {
  readonly upstream: RecordingUpstream;
  readonly proxy: RunningProxy;
  readonly port: number;
}

/** Starts a proxy in front of a recording service, for one test. */
export function useProxiedUpstream(): (
  setup?: Partial<ProxySetup>,
  options?: Parameters<typeof startRecordingUpstream>[0],
) => Promise<ProxiedUpstream> {
  const running = closedAfterEach();
  return async (setup, options) => {
    const upstream = await startRecordingUpstream(options);
    running.push(upstream);
    const proxy = await startProxy({ targets: [upstream.origin], ...setup });
    running.push(proxy);
    return { upstream, proxy, port: proxy.port };
  };
}
