/** Sends records of a worker to the supervisor, which has the file. They are skipped if the supervisor is too slow. */
import type { FileOutput } from '../record-decisions.ts';

/** Maximum unsent records; beyond it the supervisor does not keep up. */
const maxUnsent = 256;

/** `sent` is called once the notice is sent, or cannot be. */
export function recordsToSupervisor(
  notify: (notice: object, sent: () => void) => void,
  unwritten: () => void,
): FileOutput {
  let unsent = 0;
  return {
    write(text) {
      if (unsent >= maxUnsent) {
        unwritten();
        return;
      }
      unsent += 1;
      notify({ do: 'record', text }, () => {
        unsent -= 1;
      });
    },
    async close() {},
  };
}
