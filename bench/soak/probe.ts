/**
 * The soak preloads this into the gateway's process. On request it reports what the process holds after a full garbage collection.
 * It changes nothing else.
 */

export interface Held {
  readonly residentMb: number;
  readonly heapMb: number;
  readonly externalMb: number;
  /** What keeps the event loop alive, by kind: sockets, timers, servers. */
  readonly resources: Readonly<Record<string, number>>;
  /** Listeners on the process itself. */
  readonly listeners: number;
  readonly warnings: readonly string[];
}

const megabyte = 1024 * 1024;
const warnings: string[] = [];
process.on('warning', ({ name, message }) => warnings.push(`${name}: ${message}`.slice(0, 200)));

process.on('message', () => {
  globalThis.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  const resources: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1;
  const listeners = process.eventNames().reduce((total, name) => total + process.listenerCount(name), 0);
  const held: Held = {
    residentMb: rss / megabyte,
    heapMb: heapUsed / megabyte,
    externalMb: external / megabyte,
    resources,
    listeners,
    warnings,
  };
  process.send?.(held);
});
// The channel alone must not keep the process alive.
process.channel?.unref();
