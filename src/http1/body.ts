/** How the body of a message moves: from a source that can be paused to a sink that accepts parts. */

export interface BodySink {
  /** A part, which the sink may keep. `ownMemory`: its memory contains nothing else that is still needed. */
  take(part: Buffer, ownMemory: boolean): void;
  /** The last call: the body is complete. */
  end(): void;
}

export interface BodySource {
  /** Hands over the buffered bytes, and later ones as they arrive. */
  start(sink: BodySink): void;
  /** The sink has enough; a part in progress may still arrive. */
  pause(): void;
  resume(): void;
  /** Hands over nothing more. */
  stop(): void;
}

/** The body of a client's request, whatever the version of HTTP. It is not read before it is started. */
export interface ReceivedBody extends BodySource {
  /** Declared length; -1: not declared. */
  readonly length: number;
  /** All of it has been read. */
  readonly complete: boolean;
  /** It was requested: arriving bytes are handed on. */
  readonly flowing: boolean;
  /** Part of it has been read or requested. */
  readonly started: boolean;
}
