/** The fields of a form of the gateway's own pages: short, and sent at once. */
import type { ReceivedBody } from '../http1/body.ts';

const maxFormBytes = 16_384;
const maxWaitMs = 10_000;

/** Null: it is too long or too slow. */
export function readForm(body: ReceivedBody | null): Promise<URLSearchParams | null> {
  if (body === null) return Promise.resolve(new URLSearchParams());
  if (body.length > maxFormBytes) return Promise.resolve(null);
  return new Promise((resolve) => {
    const parts: Buffer[] = [];
    let bytes = 0;
    const finish = (form: URLSearchParams | null) => {
      clearTimeout(timer);
      resolve(form);
    };
    const giveUp = () => {
      body.stop();
      finish(null);
    };
    const timer = setTimeout(giveUp, maxWaitMs);
    body.start({
      take(part) {
        bytes += part.length;
        if (bytes > maxFormBytes) giveUp();
        else parts.push(Buffer.from(part));
      },
      end: () => finish(new URLSearchParams(Buffer.concat(parts).toString('utf8'))),
    });
  });
}
