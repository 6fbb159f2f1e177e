/** Bounds what the first parts of all request bodies take together, and what those of one client do. */

/** Whoever holds some of it; one per client. */
export interface BodyHolder {
  heldBytes: number;
}

/** One client gets this part of the whole. */
const clientShare = 1 / 4;

export class BodyMemory {
  readonly maxBytes: number;
  heldBytes = 0;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /** `holder` null: nobody in particular, such as a trusted proxy. Anything but null: nothing was taken. */
  take(bytes: number, holder: BodyHolder | null): 'overloaded' | 'client_busy' | null {
    if (this.heldBytes + bytes > this.maxBytes) return 'overloaded';
    if (holder !== null) {
      if (holder.heldBytes + bytes > this.maxBytes * clientShare) return 'client_busy';
      holder.heldBytes += bytes;
    }
    this.heldBytes += bytes;
    return null;
  }

  give(bytes: number, holder: BodyHolder | null): void {
    this.heldBytes -= bytes;
    if (holder !== null) holder.heldBytes -= bytes;
  }
}
