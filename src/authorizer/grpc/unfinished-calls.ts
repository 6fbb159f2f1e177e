/**
 * Closes connections on which a call does not arrive completely in time. Otherwise a caller that never finishes its calls would hold their
 * memory for as long as its connection lasts.
 */
import type { ServerHttp2Stream } from 'node:http2';
import { ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js';
import type { Deadlines } from '../../http1/deadline-wheel.ts';
import { CheckDeadline } from '../check-deadline.ts';

/** `timeoutMs`: from the headers of a call to its end. */
export function closesUnfinished(deadlines: Deadlines, timeoutMs: () => number): ServerInterceptor {
  return (_, call) => {
    const { stream } = call as unknown as Below;
    let complete = false;
    // After the reads of this turn: a process that was stalled must not close a connection whose call arrived in time.
    const close = () => setImmediate(() => complete || stream?.session?.destroy());
    const deadline = new CheckDeadline(deadlines, performance.now() + timeoutMs(), close);
    const finish = () => {
      complete = true;
      deadline.cancel();
    };
    return new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveHalfClose(received) {
            finish();
            received();
          },
          onCancel: finish,
        }),
    });
  };
}

/** Internals of a call in the library. It exposes the peer, but not which Unix socket connection it uses. */
interface Below {
  readonly stream?: ServerHttp2Stream;
}
