/** Asks the person at the terminal for a value that no option gave. */
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { CommandError, usageError } from './exit-code.ts';

export interface Question {
  readonly text: string;
  /** How to give it without a terminal. */
  readonly option: string;
  /** What is typed is not shown. */
  readonly secret?: boolean;
}

/** Throws a usage error without a terminal and for an empty line, and a `CommandError` for Ctrl-C. */
export async function askTerminal({ text, option, secret = false }: Question): Promise<string> {
  if (!process.stdin.isTTY) throw usageError(`rolegate: ${option} is missing`);
  const prompt = `${text}: `;
  // It writes the prompt and what is typed.
  const output = secret ? new Writable({ write: (_chunk, _encoding, done) => done() }) : process.stderr;
  const lines = createInterface({ input: process.stdin, output, terminal: true });
  // From here on, the terminal itself shows nothing of what is typed.
  if (secret) process.stderr.write(prompt);
  const interrupted = new Promise<string>((_, reject) => {
    lines.once('SIGINT', () => {
      if (!secret) process.stderr.write('\n');
      reject(new CommandError('rolegate: nothing was written'));
    });
  });
  try {
    const line = (await Promise.race([lines.question(prompt), interrupted])).trim();
    if (line === '') throw usageError(`rolegate: ${option} is missing`);
    return line;
  } finally {
    lines.close();
    if (secret) process.stderr.write('\n');
  }
}
