/** From start to end of a process: the first signal drains, a second one ends at once, SIGHUP reloads. */

export interface Running {
  /** Finishes what is in flight, within its own bound. */
  close(): Promise<void>;
  reload?(): void;
}

/** Resolves with the exit code once a signal has been answered. */
export function untilSignal(running: Running): Promise<number> {
  return new Promise((resolve) => {
    let ending = false;
    const end = () => {
      if (ending) {
        finish(1);
        return;
      }
      ending = true;
      running.close().then(
        () => finish(0),
        () => finish(1),
      );
    };
    const reload = () => running.reload?.();
    const finish = (code: number) => {
      process.off('SIGTERM', end);
      process.off('SIGINT', end);
      process.off('SIGHUP', reload);
      resolve(code);
    };
    process.on('SIGTERM', end);
    process.on('SIGINT', end);
    process.on('SIGHUP', reload);
  });
}
