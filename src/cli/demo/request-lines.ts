/** Turns the JSON log into short lines for the demo's terminal: requests and warnings. */
import { Writable } from 'node:stream';
import pc from 'picocolors';

/** A stream that accepts newline-delimited JSON and passes text lines to `print`. `rolegate`: how to call it in a terminal. */
export function createRequestLines(print: (line: string) => void, rolegate: string): Writable {
  let rest = '';
  return new Writable({
    decodeStrings: false,
    write(chunk: string | Buffer, _encoding, done) {
      const lines = (rest + chunk.toString()).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const short = line === '' ? null : shorten(line, rolegate);
        if (short !== null) print(`${short}\n`);
      }
      done();
    },
  });
}

/** Null: nothing to show. */
function shorten(line: string, rolegate: string): string | null {
  let entry: unknown;
  try {
    entry = JSON.parse(line);
  } catch {
    return line;
  }
  if (typeof entry !== 'object' || entry === null) return line;
  const field = (name: string): string => {
    const value: unknown = Reflect.get(entry, name);
    return value === undefined || value === null ? '' : String(value);
  };
  if (field('msg') !== 'request')
    return field('level') === 'info' ? null : `  ${pc.yellow(field('level'))} ${field('msg')}`;
  const status = Number(field('status'));
  const color = status < 400 ? pc.green : status < 500 ? pc.yellow : pc.red;
  const request = `  ${color(field('status'))} ${field('method')} ${field('path')}  ${pc.dim(field('route'))}`;
  if (field('reason') === '') return request;
  return `${request}  ${field('reason')}\n      ${pc.dim(`${rolegate} lookup ${field('errorId')}`)}`;
}
