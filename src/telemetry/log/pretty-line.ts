/** A log line as text for a terminal: the important parts first, in colors if the terminal supports them. */
import pc from 'picocolors';
import { asciiJson } from './ascii-json.ts';
import type { Line } from './field-names.ts';

/** Members with a fixed position, and the name of the replica, which a person at its terminal knows. */
const placed: ReadonlySet<string> = new Set([
  'level',
  'time',
  'msg',
  'instance',
  'method',
  'host',
  'path',
  'status',
  'ms',
  'err',
]);
/** Members of requests that are already shown, or that a person at a terminal does not need. */
const left: ReadonlySet<string> = new Set([
  'entrypoint',
  'outcome',
  'fault',
  'stage',
  'requestId',
  'userAgent',
  'target',
]);
/** Width of a status or its placeholder. */
const statusWidth = 3;

export function prettyLine(line: Line): string {
  const isRequest = line['msg'] === 'request';
  const head = `${pc.dim(String(line['time']).slice(11, 23))} ${levelText(String(line['level']))}`;
  const members = Object.entries(line).filter(([name]) => !placed.has(name) && !(isRequest && left.has(name)));
  const rest = members.map(([name, value]) => `${pc.dim(`${name}=`)}${valueText(value)}`).join(' ');
  const text = isRequest ? requestText(line) : printable(String(line['msg']));
  return `${head} ${text}${rest === '' ? '' : `  ${rest}`}${errorText(line['err'])}`;
}

function levelText(level: string): string {
  const text = level.toUpperCase().padEnd(5);
  if (level === 'error' || level === 'fatal') return pc.red(text);
  if (level === 'warn') return pc.yellow(text);
  return level === 'info' ? pc.green(text) : pc.dim(text);
}

function requestText(line: Line): string {
  const { status, method = '-', host = '', path = '', ms } = line;
  const { total = '-', ...parts } = (ms ?? {}) as Line;
  const spent = Object.entries(parts).map(([name, value]) => `${name} ${value}`);
  const duration = `${total} ms${spent.length === 0 ? '' : ` (${spent.join(', ')})`}`;
  const place = `${host}${path}`;
  const target = place === '' ? `${method}` : `${method} ${place}`;
  return `${statusText(status)} ${printable(target)} ${pc.dim(duration)}`;
}

function statusText(status: unknown): string {
  if (typeof status !== 'number') return pc.dim('-'.repeat(statusWidth));
  if (status >= 500) return pc.red(String(status));
  return status >= 400 ? pc.yellow(String(status)) : pc.green(String(status));
}

/** In quotes if its end would not be visible. */
function valueText(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return typeof value === 'string' && /[\s"=]|^$/.test(text) ? printable(JSON.stringify(text)) : printable(text);
}

/** With its cause below. */
function errorText(error: unknown, before = ''): string {
  if (typeof error !== 'object' || error === null) return '';
  const { type = 'Error', message = '', stack, code, cause } = error as Line;
  const lines = `${before}${stack ?? `${type}: ${message}`}`.split('\n');
  if (code !== undefined) lines[0] += ` (${code})`;
  const text = lines.map((one) => `\n    ${pc.dim(printable(one.trim()))}`).join('');
  return `${text}${errorText(cause, 'caused by ')}`;
}

/** Without terminal control characters and non-ASCII characters. */
function printable(text: string): string {
  return asciiJson(text.replace(/[\x00-\x1f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`));
}
