/**
 * Ids of requests: random UUIDs (RFC 9562 version 4) as `randomUUID` makes them, but a page of them at a time and cut
 * out of one text. One put together of twenty pieces has to be joined again by whoever looks at its characters.
 */
import { randomFillSync } from 'node:crypto';

const idsPerPage = 128;
const idLength = 36;
const hex = Buffer.from('0123456789abcdef', 'latin1');
const dash = 0x2d;

const random = new Uint8Array(idsPerPage * 16);
const letters = Buffer.alloc(idsPerPage * idLength);
let page = '';
let next = idsPerPage;

export function newRequestId(): string {
  if (next === idsPerPage) fillPage();
  const at = next * idLength;
  next += 1;
  return page.slice(at, at + idLength);
}

function fillPage(): void {
  randomFillSync(random);
  let at = 0;
  for (let i = 0; i < random.length; i += 1) {
    const place = i & 15;
    let byte = random[i]!;
    if (place === 6) byte = (byte & 0x0f) | 0x40;
    else if (place === 8) byte = (byte & 0x3f) | 0x80;
    if (place === 4 || place === 6 || place === 8 || place === 10) letters[at++] = dash;
    letters[at++] = hex[byte >> 4]!;
    letters[at++] = hex[byte & 15]!;
  }
  page = letters.toString('latin1');
  next = 0;
}
