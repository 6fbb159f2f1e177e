/** How the body of a message moves: from a source that can be held back to a sink that takes parts. */

export interface BodySink {
  /** A part, which is the sink's to keep. `ownMemory`: the memory behind it holds nothing else that is still needed. */
  take(part: Buffer, ownMemory: boolean): void;
  /** The last call: the body is whole. */
  end(): void;
}

export interface BodySource {
  /** Hands over what is there, and from now on what comes. */
  start(sink: BodySink): void;
  /** The sink has enough; a part that is under way may still come. */
  pause(): void;
  resume(): void;
  /** Nothing is handed over any more. */
  stop(): void;
}
