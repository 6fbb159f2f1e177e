/**
 * Memory of a Node process started with `--inspect=127.0.0.1:0`, after a garbage collection through its inspector: what
 * remains is retained.
 */
import { readFileSync } from 'node:fs';
import type { RunningCommand } from '../../support/running-command.ts';

export interface Memory {
  /** Live objects of V8. */
  readonly heapBytes: number;
  /** Buffers and other external memory known to V8. */
  readonly externalBytes: number;
  /** The operating system's count, from `/proc`. */
  readonly residentBytes: number;
}

interface Answer {
  readonly id: number;
  readonly result: { readonly result?: { readonly value?: unknown } };
}

export async function settledMemory(command: RunningCommand): Promise<Memory> {
  const [, url = ''] = await command.see(/Debugger listening on (ws:\S+)/);
  const socket = new WebSocket(url);
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = () => reject(new Error(`no inspector at ${url}`));
  });
  let id = 0;
  const call = (method: string, params: object = {}) => {
    id += 1;
    const own = id;
    return new Promise<Answer['result']>((resolve) => {
      const hear = ({ data }: MessageEvent) => {
        const answer = JSON.parse(String(data)) as Answer;
        if (answer.id !== own) return;
        socket.removeEventListener('message', hear);
        resolve(answer.result);
      };
      socket.addEventListener('message', hear);
      socket.send(JSON.stringify({ id: own, method, params }));
    });
  };
  // Twice: objects released by finalizers are found only by the second one.
  await call('HeapProfiler.collectGarbage');
  await call('HeapProfiler.collectGarbage');
  const expression = 'JSON.stringify(process.memoryUsage())';
  const { result } = await call('Runtime.evaluate', { expression, returnByValue: true });
  socket.close();
  const usage = JSON.parse(String(result?.value)) as { heapUsed: number; external: number };
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${command.pid}/status`, 'latin1'))?.[1];
  return { heapBytes: usage.heapUsed, externalBytes: usage.external, residentBytes: Number(kib) * 1024 };
}
