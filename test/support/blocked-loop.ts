/** An event loop that is never idle. */
import { onTestFinished } from 'vitest';

/** The event loop of this process never idles, and each turn takes at least this long, until the test ends. */
export function block(ms: number): () => void {
  const turn = () => {
    const until = performance.now() + ms;
    while (performance.now() < until);
  };
  const busy = setInterval(turn, 1);
  const end = () => clearInterval(busy);
  onTestFinished(end);
  return end;
}
