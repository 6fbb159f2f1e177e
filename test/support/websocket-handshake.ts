/** The opening handshake of a WebSocket as bytes, with the key of the example in RFC 6455 section 1.3. */

export function handshake(...headers: readonly string[]): string {
  return handshakeTo('/chat', ...headers);
}

export function handshakeTo(target: string, ...headers: readonly string[]): string {
  return [
    `GET ${target} HTTP/1.1`,
    'Host: a',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ...headers,
    '',
    '',
  ].join('\r\n');
}

/** The response of a service that accepts it. */
export const switchingProtocols = [
  'HTTP/1.1 101 Switching Protocols',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=',
  '',
  '',
].join('\r\n');
