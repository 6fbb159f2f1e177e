/** The output of a process or a container as it arrives, and waiting for a text in it. */

/** Longest wait for an expected text. */
const waitMs = 25_000;

export interface SeenOutput {
  take(chunk: Buffer | string): void;
  /** Nothing more will come. */
  end(): void;
  /** Everything so far. */
  text(): string;
  /**
   * Resolves with the first match, printed already or later; rejects when the output ends without one, or after
   * `waitMs`.
   */
  see(pattern: RegExp): Promise<RegExpExecArray>;
}

export function createSeenOutput(): SeenOutput {
  let output = '';
  let over = false;
  const watchers = new Set<() => void>();
  const tell = () => {
    for (const watcher of watchers) watcher();
  };
  return {
    take(chunk) {
      output += chunk.toString();
      tell();
    },
    end() {
      over = true;
      tell();
    },
    text: () => output,
    see: (pattern) =>
      new Promise((resolve, reject) => {
        const done = (finish: () => void) => {
          clearTimeout(timer);
          watchers.delete(look);
          finish();
        };
        const look = () => {
          const match = pattern.exec(output);
          if (match !== null) done(() => resolve(match));
          else if (over) done(() => reject(new Error(`the command ended without ${pattern}:\n${output}`)));
        };
        const timer = setTimeout(() => done(() => reject(new Error(`no ${pattern} in:\n${output}`))), waitMs);
        watchers.add(look);
        look();
      }),
  };
}
