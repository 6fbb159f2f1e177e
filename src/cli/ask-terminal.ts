/** Asks the person at the terminal for a value that no option gave. */

import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { usageError } from './exit-code.ts';

export interface Question {
  readonly text: string;
  /** How to give it without a terminal. */
  readonly option: string;
  /** What is typed is not shown. */
  readonly secret?: boolean;
}

/** Throws a usage error without a terminal, and for an empty answer. */
export async function askTerminal({ text, option, secret = false }: Question): Promise<string> {
  if (!process.stdin.isTTY) throw usageError(`rolegate: ${option} is missing`);
  process.stderr.write(`${text}: `);
  const echo = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: secret ? echo : process.stderr, terminal: true });
  try {
    const answer = (await lines.question('')).trim();
    if (answer === '') throw usageError(`rolegate: ${option} is missing`);
    return answer;
  } finally {
    lines.close();
    if (secret) process.stderr.write('\n');
  }
}
