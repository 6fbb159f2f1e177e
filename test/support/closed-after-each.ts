/** What a file of tests starts and closes after each of them; and the pair that most files start: a proxy, and a service behind it. */
import { afterEach } from 'vitest';
import { type RecordingUpstream, startRecordingUpstream } from './recording-upstream.ts';
import { type ProxySetup, type RunningProxy, startProxy } from './running-proxy.ts';

export interface Closable {
  close(): Promise<void>;
}

/** Whatever is pushed to it is closed after the test, the last one first. */
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

/** Starts a proxy in front of a service that records, for one test. */
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
