/**
 * The bearer of a browser's WebSocket, which cannot set headers: it is among the subprotocols that the client
 * offers (RFC 6455 section 4.1), right behind a configured name.
 */
import { trimBlanks } from '../syntax/header-fields.ts';

/**
 * The word behind `marker` in the whole of `Sec-WebSocket-Protocol` (all copies, joined by commas); null without the
 * marker. Nothing behind it, or the marker twice, are results of their own, because neither is a readable credential.
 */
export function subprotocolBearer(
  offered: string,
  marker: string,
): { readonly token: string } | 'missing' | 'repeated' | null {
  let token: string | null = null;
  const words = offered.split(',');
  for (let i = 0; i < words.length; i += 1) {
    if (trimBlanks(words[i]!) !== marker) continue;
    if (token !== null) return 'repeated';
    token = trimBlanks(words[i + 1] ?? '');
    // The word behind is a token, whatever it reads.
    i += 1;
  }
  if (token === null) return null;
  return token === '' ? 'missing' : { token };
}

/** What else was offered, in the same order; empty when there was nothing else. Every marker goes with the word behind it. */
export function withoutSubprotocolBearer(offered: string, marker: string): string {
  const kept: string[] = [];
  const words = offered.split(',');
  for (let i = 0; i < words.length; i += 1) {
    const word = trimBlanks(words[i]!);
    if (word === marker) i += 1;
    else if (word !== '') kept.push(word);
  }
  return kept.join(', ');
}

/** Whether the request asks for a WebSocket: only then does the header mean anything. */
export function asksForWebSocket(rawHeaders: readonly string[]): boolean {
  let upgrade = false;
  let listed = false;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    switch (rawHeaders[i]!.toLowerCase()) {
      case 'upgrade':
        upgrade = rawHeaders[i + 1]!.toLowerCase() === 'websocket';
        break;
      case 'connection':
        listed ||= rawHeaders[i + 1]!.split(',').some((word) => trimBlanks(word).toLowerCase() === 'upgrade');
        break;
    }
  }
  return upgrade && listed;
}
