/**
 * The bearer of a browser's WebSocket, which cannot set headers: it is among the subprotocols that the client offers (RFC 6455 section
 * 4.1), directly after a configured name.
 */
import { trimBlanks } from '../syntax/header-fields.ts';

/**
 * The word after `marker` in `Sec-WebSocket-Protocol` (all copies, joined by commas); null without the marker. A missing word and a
 * repeated marker are separate results, because neither is a readable credential.
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
    // The next word is a token, regardless of its text.
    i += 1;
  }
  if (token === null) return null;
  return token === '' ? 'missing' : { token };
}

/** The other offers, in order; empty if there are none. Every marker is removed with the word after it. */
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

/** Whether the request opens a WebSocket: only then does the header have a meaning. */
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
