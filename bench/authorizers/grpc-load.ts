/**
 * The load client over gRPC, in a separate process: raw HTTP/2 sessions of `node:http2`, so it uses less CPU than the server that
 * it measures. Sends the checks that Envoy would send, encoded with its published protos. Receives jobs over the channel to its
 * parent.
 */
import { type ClientHttp2Session, connect } from 'node:http2';
import { attributesOf, encodeCheck } from '../../test/support/ext-authz-client.ts';
import { cpuTimeUs } from '../load/cpu-time.ts';
import type { LoadAnswer, LoadResult } from '../load/load.ts';
import { Pace } from '../load/pace.ts';
import { goodBearer } from '../load/requests.ts';

export interface GrpcJob {
  readonly port: number;
  readonly connections: number;
  /** Concurrent checks over all connections. */
  readonly atOnce: number;
  /** Number of identities. */
  readonly numbers: number;
  readonly warmupMs: number;
  readonly measureMs: number;
  readonly pids: readonly number[];
  /** Checks per second; if unset, as many as possible. */
  readonly rate?: number;
}

process.on('message', (job: GrpcJob) => {
  run(job).then(
    (result) => report({ ok: true, result }),
    (error: unknown) => report({ ok: false, error: error instanceof Error ? error.message : String(error) }),
  );
});
process.on('disconnect', () => process.exit());

function report(answer: LoadAnswer): void {
  process.send?.(answer);
}

const head = {
  ':method': 'POST',
  ':scheme': 'http',
  ':authority': 'rolegate',
  ':path': '/envoy.service.auth.v3.Authorization/Check',
  te: 'trailers',
  'content-type': 'application/grpc',
  'grpc-timeout': '6S',
};

async function run({
  port,
  connections,
  atOnce,
  numbers,
  warmupMs,
  measureMs,
  pids,
  rate,
}: GrpcJob): Promise<LoadResult> {
  const frames = Array.from({ length: numbers }, (_, index) => frameOf(index));
  const sessions = Array.from({ length: connections }, () => connect(`http://127.0.0.1:${port}`));
  const pace = rate === undefined ? null : new Pace(rate);
  const latenciesMs: number[] = [];
  let [done, measuring, running] = [0, false, true];
  const failed = Promise.withResolvers<never>();

  const ask = (session: ClientHttp2Session, dueAt: number): void => {
    const stream = session.request(head);
    const parts: Buffer[] = [];
    stream.on('data', (part: Buffer) => parts.push(part));
    stream.on('end', () => {
      if (!Buffer.concat(parts).includes('user-id') && running) failed.reject(new Error('a check was not allowed'));
      done += 1;
      if (measuring) latenciesMs.push(performance.now() - dueAt);
      if (running) next(session);
    });
    stream.on('error', (error) => {
      if (running) failed.reject(error);
    });
    stream.end(frames[Math.floor(Math.random() * numbers)]);
  };
  const next = (session: ClientHttp2Session): void => {
    if (pace === null) ask(session, performance.now());
    else pace.whenDue((dueAt) => ask(session, dueAt));
  };
  const cpuUs = () => pids.reduce((sum, pid) => sum + cpuTimeUs(pid), 0);

  const measured = (async () => {
    for (let i = 0; i < atOnce; i += 1) next(sessions[i % connections]!);
    await after(warmupMs);
    if (done === 0) throw new Error('no verdict during the warm-up');
    done = 0;
    measuring = true;
    const [cpuStart, start] = [cpuUs(), performance.now()];
    await after(measureMs);
    const result = { requests: done, seconds: (performance.now() - start) / 1000, cpuUs: cpuUs() - cpuStart };
    const sorted = Float64Array.from(latenciesMs).sort();
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
    return { ...result, p50Ms: at(0.5), p99Ms: at(0.99) };
  })();
  try {
    return await Promise.race([measured, failed.promise]);
  } finally {
    running = false;
    pace?.stop();
    for (const session of sessions) session.destroy();
  }
}

/** One message in a gRPC frame. */
function frameOf(index: number): Buffer {
  const bearer = goodBearer.slice(12) + String(index).padStart(12, '0');
  const message = encodeCheck(
    attributesOf({
      method: 'GET',
      target: '/private/items/7',
      rawHeaders: [
        ...['Host', 'api.example.test', 'User-Agent', 'bench/1.0', 'Accept', 'application/json'],
        ...['Accept-Encoding', 'gzip', 'Authorization', `Bearer ${bearer}`],
        ...['traceparent', `00-${String(index).padStart(32, '0')}-00f067aa0ba902b7-01`],
      ],
    }),
  );
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
