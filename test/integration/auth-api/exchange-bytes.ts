/** Sends raw bytes over a plain connection and collects the response bytes. */
import { once } from 'node:events';
import { connect } from 'node:net';

/** Everything that the server sent until it closed, or until `enough` is satisfied. */
export async function exchangeBytes(
  port: number,
  chunks: readonly string[],
  enough: (received: string) => boolean = () => false,
): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.setEncoding('latin1');
  let received = '';
  const done = new Promise<void>((resolve) => {
    socket.on('data', (text: string) => {
      received += text;
      if (enough(received)) resolve();
    });
    socket.on('close', () => resolve());
    socket.on('error', () => resolve());
  });
  await once(socket, 'connect');
  for (const chunk of chunks) socket.write(chunk, 'latin1');
  await done;
  socket.destroy();
  return received;
}

/** Responses in a received text: the status and the head of each. */
export function headsOf(received: string): readonly { readonly status: number; readonly head: string }[] {
  return [...received.matchAll(/HTTP\/1\.1 (\d{3})[\s\S]*?\r\n\r\n/g)].map((match) => ({
    status: Number(match[1]),
    head: match[0].toLowerCase(),
  }));
}
