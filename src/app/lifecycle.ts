/**
 * From start to end of a process: the first signal drains, a second one ends at once. SIGHUP reloads; where nothing can be
 * reloaded it ends as well, as a terminal that is closed means it.
 */

export interface Running {
  /** Finishes what is in flight, within its own bound. */
  close(): Promise<void>;
  reload?(): void;
  /** Calls `end` once when no process is left that this one runs for. */
  onDeserted?(end: () => void): void;
}

/** How often it is seen whether npx is still there. */
const lookMs = 500;

/** Signals this close together are one: Ctrl-C comes from the terminal, and once more through npm. */
const oneSignalMs = 300;

/**
 * Resolves with the exit code once a signal has been handled: 0 when everything was finished, 1 when a second signal
 * came or the end went wrong. To be called before anybody can know that the process runs.
 */
export function untilSignal(running: Running): Promise<number> {
  return new Promise((resolve) => {
    let endingSince: number | null = null;
    const end = () => {
      const now = performance.now();
      if (endingSince !== null) {
        if (now - endingSince > oneSignalMs) resolve(1);
        return;
      }
      endingSince = now;
      // While the copy may still come its listener stays: without one it would kill what ends well.
      const copied = new Promise((over) => setTimeout(over, oneSignalMs));
      Promise.all([running.close(), copied]).then(
        () => resolve(0),
        () => resolve(1),
      );
    };
    process.on('SIGTERM', end);
    process.on('SIGINT', end);
    running.onDeserted?.(end);
    onOrphaned(end);
    process.on('SIGHUP', () => {
      if (running.reload === undefined) end();
      else if (endingSince === null) running.reload();
    });
  });
}

/** Without this, a signal that ends npx leaves the program behind: it reaches the shell that npx starts, and no further. */
function onOrphaned(end: () => void): void {
  if (process.env['npm_lifecycle_event'] !== 'npx') return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    end();
  }, lookMs).unref();
}
