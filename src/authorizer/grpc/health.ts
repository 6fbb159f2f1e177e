/** `grpc.health.v1`, for the proxies' own health checks: `SERVING` while the process is ready, like `/health/ready`. */
import { type ServerUnaryCall, type ServerWritableStream, type sendUnaryData, status } from '@grpc/grpc-js';

interface HealthRequest {
  readonly service: string;
}
interface State {
  readonly status: number;
}

const serving: State = { status: 1 };
const notServing: State = { status: 2 };
const unknown: State = { status: 3 };

/** Empty: the server as a whole. */
const services: ReadonlySet<string> = new Set(['', 'envoy.service.auth.v3.Authorization']);

/** Time between two checks for watching calls. */
const lookEveryMs = 1_000;

export interface HealthService {
  readonly handlers: {
    Check(call: ServerUnaryCall<HealthRequest, State>, send: sendUnaryData<State>): void;
    Watch(call: ServerWritableStream<HealthRequest, State>): void;
  };
  /** Notifies every watching call of the end, and ends it. */
  close(): void;
}

export function createHealth(ready: () => Promise<boolean>): HealthService {
  /** Watching calls, with the last state sent to each. */
  const watching = new Map<ServerWritableStream<HealthRequest, State>, State | null>();
  let timer: NodeJS.Timeout | null = null;

  async function stateNow(): Promise<State> {
    return (await ready().catch(() => false)) ? serving : notServing;
  }

  async function look(): Promise<void> {
    const state = await stateNow();
    for (const [call, sent] of watching) {
      if (sent === state) continue;
      watching.set(call, state);
      call.write(state);
    }
  }

  function stopLooking(): void {
    if (timer !== null) clearInterval(timer);
    timer = null;
  }

  return {
    handlers: {
      Check({ request }, send) {
        if (!services.has(request.service)) send({ code: status.NOT_FOUND });
        else void stateNow().then((state) => send(null, state));
      },
      Watch(call) {
        if (!services.has(call.request.service)) {
          call.write(unknown);
          call.once('cancelled', () => call.end());
          return;
        }
        watching.set(call, null);
        call.once('cancelled', () => {
          watching.delete(call);
          if (watching.size === 0) stopLooking();
          call.end();
        });
        timer ??= setInterval(() => void look(), lookEveryMs).unref();
        void look();
      },
    },
    close() {
      stopLooking();
      for (const call of watching.keys()) {
        call.write(notServing);
        call.end();
      }
      watching.clear();
    },
  };
}
