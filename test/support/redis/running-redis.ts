/** The common interface of every Redis source: a running server that a test can stop, kill and freeze. */
export interface RunningRedis {
  /** `redis://127.0.0.1:<port>`; the port stays the same when the server is stopped and started. */
  readonly url: string;
  /** Ends the server properly. Its data is lost: nothing is ever saved. */
  stop(): Promise<void>;
  /** Starts it again on the same port and waits until it responds. */
  start(): Promise<void>;
  /** Ends it at once. */
  kill(): Promise<void>;
  /** Freezes it: connections stay open and nothing responds. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Ends it, running or not, and removes every trace. */
  dispose(): Promise<void>;
}

/** A source of Redis that works on this machine. */
export interface RedisWay {
  /** For the line that reports where Redis comes from, such as `testcontainers redis:8-alpine`. */
  readonly name: string;
  start(): Promise<RunningRedis>;
}

/** Server arguments: nothing on disk, so a stopped server comes back empty. */
export const redisArguments = ['--save', '', '--appendonly', 'no', '--protected-mode', 'no'] as const;
