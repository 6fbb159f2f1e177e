/** Stops listening so that no client that has reached the port is turned away. */
import type { Server } from 'node:net';

/** Longest time for which new connections delay the end. */
const longestMs = 200;

/**
 * The system completes connections before they are accepted, and resets those that wait when the listening socket closes.
 * So they are accepted first: until a whole turn of the event loop has brought none, for 200 ms at most. Then calls `stop`.
 */
export function stopListening(server: Server, stop: () => void): void {
  const until = performance.now() + longestMs;
  // The turn under way may have looked for connections long ago.
  let accepted = true;
  const onConnection = () => {
    accepted = true;
  };
  const turn = () => {
    if (accepted && performance.now() < until) {
      accepted = false;
      setImmediate(turn);
      return;
    }
    server.off('connection', onConnection);
    stop();
  };
  server.on('connection', onConnection);
  setImmediate(turn);
}
