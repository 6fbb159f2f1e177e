/** Sends a request without a body whose headers may repeat, which `fetch` would join. */
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';

export async function sendRaw(url: string, method: string, headers: readonly (readonly [string, string])[]) {
  const sent = request(url, { method, headers: ['host', new URL(url).host, ...headers.flat()] });
  sent.end();
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  const received = new Headers();
  for (const [name, values] of Object.entries(answer.headersDistinct)) {
    for (const value of values ?? []) received.append(name, value);
  }
  return { status: answer.statusCode ?? 0, headers: received, text: await text(answer) };
}
