/**
 * Console blocks of a page as a session that can be replayed: commands follow `$ `, `<<'EOF'` continues to `EOF`, a
 * backslash at the end continues to the next line, and everything else is output. `…` stands for text that differs
 * between runs: alone for a value, up to a quote or the end of the line, and after letters for the rest of a word.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface Step {
  /** With the lines of its input. */
  readonly command: string;
  readonly shown: string;
}

export function stepsOf(transcript: string): readonly Step[] {
  const steps: { command: string[]; shown: string[] }[] = [];
  let feeding = false;
  let goesOn = false;
  for (const line of transcript.split('\n')) {
    const last = steps.at(-1);
    if (feeding) {
      last?.command.push(line);
      feeding = line !== 'EOF';
    } else if (goesOn) {
      last?.command.push(line.replace(/^> /, ''));
      goesOn = line.endsWith('\\');
    } else if (line.startsWith('$ ')) {
      steps.push({ command: [line.slice(2)], shown: [] });
      feeding = line.endsWith("<<'EOF'");
      goesOn = line.endsWith('\\');
    } else last?.shown.push(line);
  }
  return steps.map(({ command, shown }) => ({ command: `${command.join('\n')}\n`, shown: trimmed(shown.join('\n')) }));
}

/** A page has no spaces at the end of its lines, and no carriage returns. */
export function trimmed(text: string): string {
  return text.replace(/[ \t\r]+$/gm, '').trimEnd();
}

/** Words that a page abbreviates, such as `4f047d0c…`, with their printed text. */
export type Shortened = Map<string, string>;

/** Whether the output matches the page. An abbreviated word stands for the same text everywhere. */
export function looksLike(shown: string, printed: string, shortened: Shortened = new Map()): boolean {
  const words: string[] = [];
  const parts = shown.split(/(\w*…)/).map((part, index) => {
    if (index % 2 === 0) return escaped(part);
    if (part === '…') return '[^"\\n]+';
    const known = shortened.get(part);
    if (known !== undefined) return escaped(known);
    const before = words.indexOf(part) + 1;
    if (before > 0) return `\\${before}(?!\\d)`;
    words.push(part);
    return '([^\\s",()]+)';
  });
  const match = new RegExp(`^${parts.join('')}$`).exec(trimmed(printed));
  for (const [index, word] of words.entries()) if (match !== null) shortened.set(word, match[index + 1]!);
  return match !== null;
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

export interface Shell {
  /** Both streams of a command in the order of a terminal. */
  run(command: string): Promise<string>;
  /** Ends the shell and everything that it started. */
  close(): Promise<void>;
}

/** One bash from the first command to the last, so that variables and background jobs persist. */
export function openShell(cwd: string, env: NodeJS.ProcessEnv = {}): Shell {
  const child = spawn('bash', ['--noprofile', '--norc'], {
    cwd,
    // In a separate process group, which ends as a whole.
    detached: true,
    // In a terminal, curl shows no progress for output that it prints.
    env: { ...process.env, NO_COLOR: '1', CURL_HOME: fileURLToPath(new URL('fixtures/', import.meta.url)), ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let printed = '';
  let look = () => {};
  let over: Error | null = null;
  const take = (chunk: Buffer) => {
    printed += chunk.toString();
    look();
  };
  const finish = (error: Error) => {
    over = error;
    look();
  };
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  child.stdin.on('error', finish);
  child.on('error', finish);
  child.on('exit', () => finish(new Error('the shell ended')));
  child.stdin.write('exec 2>&1\n');
  let count = 0;
  return {
    async run(command) {
      count += 1;
      const mark = `-- end of command ${count} of ${child.pid} --`;
      printed = '';
      child.stdin.write(`{\n${command}} </dev/null\nprintf '\\n%s\\n' '${mark}'\n`);
      await new Promise<void>((resolve, reject) => {
        look = () => {
          if (printed.includes(`\n${mark}\n`)) resolve();
          else if (over !== null) reject(new Error(`${over.message} in: ${command}\n${printed}`));
        };
        look();
      });
      return printed.slice(0, printed.lastIndexOf(`\n${mark}\n`));
    },
    async close() {
      if (child.pid === undefined || child.exitCode !== null) return;
      const ended = once(child, 'exit');
      process.kill(-child.pid, 'SIGKILL');
      await ended;
    },
  };
}
