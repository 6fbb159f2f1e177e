/**
 * The answer to one plain request, as `ServerResponse` would write it, and with what `ServerResponse` would add. Head and
 * a body that is there leave in one write. Once it is over it has no connection any more, so nothing that comes late can
 * reach the next answer.
 */
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { type AnswerLines, answerLines } from '../../core/forwarding/answer-lines.ts';
import type { ClientAnswer } from '../../upstream/client-side.ts';
import { leaveWithTurn } from './answer-turn.ts';

/** What an answer needs of its connection. */
export interface AnswerConnection {
  readonly socket: Socket;
  /** The lines that say that it stays open. */
  readonly keepAliveLines: string;
  /** The client has said that this is its last request. */
  readonly lastRequest: boolean;
  /** Nothing of the answer waits any more. `last`: the connection ends with it. */
  answered(last: boolean): void;
  /** It is ended, but the client has not taken all of it. */
  unread(): void;
}

export class PlainAnswer implements ClientAnswer {
  statusCode = 200;
  writableEnded = false;
  writableFinished = false;
  #connection: AnswerConnection | null;
  readonly #toHead: boolean;
  #onClose: (() => void) | null = null;
  /** Waits for what follows it; empty: it has left, or is not there yet. */
  #head = '';
  /** Waits for the end of the turn. */
  #rest = '';
  #bodiless = false;
  #chunked = false;
  #last = false;

  constructor(connection: AnswerConnection, toHead: boolean) {
    this.#connection = connection;
    this.#toHead = toHead;
  }

  on(_event: 'close', listener: () => void): void {
    this.#onClose = listener;
  }

  once(_event: 'drain', listener: () => void): void {
    this.#connection?.socket.once('drain', listener);
  }

  writeHead(status: number, textOrHeaders: string | string[], given: string[] = []): void {
    const named = typeof textOrHeaders === 'string';
    const headers = named ? given : textOrHeaders;
    const words = named ? textOrHeaders : (STATUS_CODES[status] ?? 'unknown');
    this.writeLines(answerLines(status, words, headers));
  }

  writeLines({ status, text: lines, dated, framed, last }: AnswerLines): void {
    this.statusCode = status;
    this.#bodiless = this.#toHead || status === 204 || status === 304;
    this.#last = last;
    let text = lines;
    if (!dated) text += dateLine();
    const connection = this.#connection;
    if (connection !== null && !this.#last)
      text += connection.lastRequest ? 'connection: close\r\n' : connection.keepAliveLines;
    this.#chunked = !framed && !this.#bodiless;
    if (this.#chunked) text += 'transfer-encoding: chunked\r\n';
    this.#head = `${text}\r\n`;
  }

  /** No plain request asks for it. */
  writeContinue(): void {}

  flushHeaders(): void {
    this.#send('', false);
  }

  write(part: Buffer | string, written?: 'latin1' | (() => void)): boolean {
    return this.#send(part, false, typeof written === 'function' ? written : undefined);
  }

  end(part: Buffer | string = ''): void {
    if (this.writableEnded) return;
    this.writableEnded = true;
    if (typeof part === 'string') {
      this.#rest = this.#frame(part, true);
      leaveWithTurn(this);
    } else {
      this.#send(part, true);
      this.leave();
    }
  }

  /** What is left of it is written. */
  leave(): void {
    const connection = this.#connection;
    // Broken off in this turn: nothing of it leaves, and the end of the connection says what became of it.
    if (connection === null || connection.socket.destroyed) return;
    if (this.#rest !== '') connection.socket.write(this.#rest, 'latin1');
    if (connection.socket.writableLength === 0) this.finished();
    else connection.unread();
  }

  /** All of it is with the system. */
  finished(): void {
    const connection = this.#connection;
    if (connection === null) return;
    this.writableFinished = true;
    this.closed();
    connection.answered(this.#last || connection.lastRequest);
  }

  /** Whatever becomes of it, the client and the gateway are done with it. */
  closed(): void {
    if (this.#connection === null) return;
    this.#connection = null;
    this.#onClose?.call(this);
  }

  /** Text is of bytes: Latin-1. */
  #send(given: Buffer | string, whole: boolean, written?: () => void): boolean {
    const socket = this.#connection?.socket;
    if (socket === undefined) return true;
    if (typeof given === 'string' || this.#bodiless) {
      const text = this.#frame(typeof given === 'string' ? given : '', whole);
      return text === '' || socket.write(text, 'latin1');
    }
    const before = this.#before(given.length);
    const after = this.#after(given.length, whole);
    if (before === '' && after === '') return socket.write(given, written);
    socket.cork();
    if (before !== '') socket.write(before, 'latin1');
    const more = socket.write(given, written);
    if (after !== '') socket.write(after, 'latin1');
    socket.uncork();
    return more;
  }

  /** The text with the head, if that is still here, and with the framing of its part. */
  #frame(text: string, whole: boolean): string {
    const part = this.#bodiless ? '' : text;
    return this.#before(part.length) + part + this.#after(part.length, whole);
  }

  #before(length: number): string {
    const head = this.#head;
    this.#head = '';
    return this.#chunked && length > 0 ? `${head}${length.toString(16)}\r\n` : head;
  }

  #after(length: number, whole: boolean): string {
    if (!this.#chunked) return '';
    return (length > 0 ? '\r\n' : '') + (whole ? '0\r\n\r\n' : '');
  }
}

let dateSecond = 0;
let dateText = '';

/** Printed once a second. */
function dateLine(): string {
  const second = Math.floor(Date.now() / 1000);
  if (second !== dateSecond) {
    dateSecond = second;
    dateText = `date: ${new Date(second * 1000).toUTCString()}\r\n`;
  }
  return dateText;
}
