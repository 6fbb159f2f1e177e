/** The head of an answer to a client as the text that is sent, without what its connection adds. */
import { countLines } from './count-lines.ts';

export interface AnswerLines {
  readonly status: number;
  /** Status line and headers, each with its CR LF. */
  readonly text: string;
  /** It says when, and how long the body is. */
  readonly dated: boolean;
  readonly framed: boolean;
  /** It says that the connection ends. */
  readonly last: boolean;
}

/** `headers` are names and values in turn. Throws when they are no valid HTTP. */
export function answerLines(status: number, statusText: string, headers: readonly string[]): AnswerLines {
  let text = `HTTP/1.1 ${status} ${statusText}\r\n`;
  let framed = false;
  let dated = false;
  let last = false;
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!;
    const value = headers[i + 1]!;
    text += `${name}: ${value}\r\n`;
    if (name.length === 4) dated ||= name.toLowerCase() === 'date';
    else if (name.length === 14) framed ||= name.toLowerCase() === 'content-length';
    else if (name === 'connection') last = value === 'close';
  }
  const lines = 1 + headers.length / 2;
  if (countLines(text) !== lines) throw new TypeError('The head of the answer is no HTTP');
  return { status, text, dated, framed, last };
}
