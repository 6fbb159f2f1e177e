/** Node's own metrics: once for a process, since what observes it cannot be taken down again. */
import { collectDefaultMetrics, Registry } from 'prom-client';

let ofProcess: Registry | null = null;

export function runtimeMetrics(): Registry {
  if (ofProcess === null) {
    ofProcess = new Registry();
    collectDefaultMetrics({ register: ofProcess });
  }
  return ofProcess;
}
