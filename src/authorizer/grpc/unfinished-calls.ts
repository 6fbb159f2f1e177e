/**
 * Closes connections on which a call does not arrive whole in time. A caller that opens calls and never finishes them would hold the
 * memory of each, for as long as its connection lasts.
 */
import type { ServerHttp2Stream } from 'node:http2';
import { ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js';
import type { Deadlines } from '../../http1/deadline-wheel.ts';
import { CheckDeadline } from '../check-deadline.ts';

/** `timeoutMs`: from the headers of a call to its end. */
export function closesUnfinished(deadlines: Deadlines, timeoutMs: () => number): ServerInterceptor {
  return (_, call) => {
    const { stream } = call as unknown as Below;
    const close = () => stream.session?.destroy();
    const deadline = new CheckDeadline(deadlines, performance.now() + timeoutMs(), close);
    return new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveHalfClose(received) {
            deadline.cancel();
            received();
          },
          onCancel: () => deadline.cancel(),
        }),
    });
  };
}

/** What a call of the library is made of. It shows a peer, but not which of the connections through a Unix socket is its own. */
interface Below {
  readonly stream: ServerHttp2Stream;
}
