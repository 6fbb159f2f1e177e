/** Stops listening so that nobody who has reached the server is turned away. */
import type { Server } from 'node:net';

/** Longest time that new connections put off the end. */
const lastCallMs = 200;

/**
 * The system completes connections before they are accepted, and resets those that wait when the listening socket closes.
 * So they are taken first: until a whole turn of the event loop has brought none, `lastCallMs` at most. Calls `stop` then.
 */
export function stopListening(server: Server, stop: () => void): void {
  const until = performance.now() + lastCallMs;
  // The turn under way may have looked for connections long ago.
  let came = true;
  const onConnection = () => {
    came = true;
  };
  const turn = () => {
    if (came && performance.now() < until) {
      came = false;
      setImmediate(turn);
      return;
    }
    server.off('connection', onConnection);
    stop();
  };
  server.on('connection', onConnection);
  setImmediate(turn);
}
