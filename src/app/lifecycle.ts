/**
 * The life of a process: the first signal drains, a second one ends it at once. SIGHUP reloads; if nothing can be reloaded it also ends the
 * process, as when a terminal is closed.
 */

export interface Running {
  /**
   * Finishes requests in flight, within its own bound. `delayed`: a service manager ends it (SIGTERM), and load balancers may send requests
   * until they know. A person at a terminal does not wait for them.
   */
  close(delayed: boolean): Promise<void>;
  reload?(): void;
  /** Calls `end` once, when no process is left that this one serves. */
  onDeserted?(end: () => void): void;
}

/** How often to check whether npx is still running. */
const lookMs = 500;

/** Signals this close together are one: Ctrl-C arrives from the terminal, and again through npm. */
const oneSignalMs = 300;

/**
 * Resolves with the exit code once a signal has been handled: 0 if everything was finished, 1 if a second signal arrived or the end failed.
 * Must be called before the process can receive signals.
 */
export function untilSignal(running: Running): Promise<number> {
  return new Promise((resolve) => {
    let endingSince: number | null = null;
    const end = (delayed: boolean) => {
      const now = performance.now();
      if (endingSince !== null) {
        if (now - endingSince > oneSignalMs) resolve(1);
        return;
      }
      endingSince = now;
      // The listener stays while the copy may still arrive: without it, the copy would kill a process that ends normally.
      const copied = new Promise((over) => setTimeout(over, oneSignalMs));
      Promise.all([running.close(delayed), copied]).then(
        () => resolve(0),
        () => resolve(1),
      );
    };
    const atOnce = () => end(false);
    process.on('SIGTERM', () => end(true));
    process.on('SIGINT', atOnce);
    running.onDeserted?.(atOnce);
    onOrphaned(() => {
      // A signal to the whole group also ends npx: this is not a second one.
      if (endingSince === null) atOnce();
    });
    process.on('SIGHUP', () => {
      if (running.reload === undefined) atOnce();
      else if (endingSince === null) running.reload();
    });
  });
}

/** A signal that ends npx reaches only the shell that npx starts. `bin/node.cjs` does the same when it stands between them. */
function onOrphaned(end: () => void): void {
  if (process.env['npm_lifecycle_event'] !== 'npx') return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    end();
  }, lookMs).unref();
}
