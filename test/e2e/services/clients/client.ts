/** A client program: how it sends a batch of requests to one origin, and what it can send. */
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import type { Outcome } from '../compare-responses.ts';
import type { Kind } from '../sample-requests.ts';
import type { Need } from '../tools.ts';

export interface PreparedRequest {
  readonly number: number;
  readonly kind: Kind;
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly framing: 'none' | 'length' | 'chunked';
  /** Path of a file with the body; empty if there is none. */
  readonly file: string;
}

export interface Client {
  readonly name: string;
  readonly needs: readonly Need[];
  /** Kinds of requests that it cannot send, with the reason. */
  readonly cannot: Partial<Readonly<Record<Kind, string>>>;
  /** One after the other, over connections that stay open; the outcomes are in the same order. */
  send(requests: readonly PreparedRequest[], place: Place): Promise<Outcome[]>;
}

export interface Place {
  /** An empty folder for files of this batch. */
  readonly folder: string;
  /** An address on the origin of the batch that responds with a page. */
  readonly page: string;
  /** The headers that every request has. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Longest time for a whole batch. */
const batchMs = 120_000;

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end, without this machine's settings for proxies. */
export async function run(
  command: string,
  args: readonly string[],
  { input = '', env = {}, cwd }: { input?: string; env?: NodeJS.ProcessEnv; cwd?: string } = {},
): Promise<Ended> {
  const child = spawn(command, args, { env: { ...process.env, LC_ALL: 'C', ...env }, cwd, timeout: batchMs });
  const ended = new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve));
  child.stdin.on('error', () => {}).end(input);
  const [code, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return { code, stdout, stderr };
}
