/**
 * Other formats of log lines: JSON with the names of a common schema, and text for a terminal. Each is created from the finished line, so
 * it has the same redacted content, and costs nothing unless configured.
 */
import type { LogConfig } from '../../config/config.ts';
import { asciiJson } from './ascii-json.ts';
import { fieldName, type Line } from './field-names.ts';
import { prettyLine } from './pretty-line.ts';

/** Accepts and returns a line with its line feed. */
export type ShapeLine = (line: string) => string;

/** Null: lines stay unchanged. */
export function lineShape({ format = 'json', fields = 'rolegate' }: Partial<LogConfig>): ShapeLine | null {
  if (format === 'pretty') return shaped(prettyLine);
  if (fields === 'ecs') return shaped((line) => asciiJson(JSON.stringify(ecsLine(line))));
  if (fields === 'otel') return shaped((line) => asciiJson(JSON.stringify(otelLine(line))));
  return null;
}

/** A line that is not JSON stays unchanged: nothing is lost. */
function shaped(shape: (line: Line) => string): ShapeLine {
  return (text) => {
    let line: unknown;
    try {
      line = JSON.parse(text);
    } catch {
      return text;
    }
    return typeof line === 'object' && line !== null ? `${shape(line as Line)}\n` : text;
  };
}

const ecsVersion = '8.11.0';

function ecsLine(line: Line): object {
  const members: Record<string, unknown> = {};
  for (const [member, value] of flat(line)) members[fieldName(member, 'ecs')] = value;
  const total = (line['ms'] as Line | undefined)?.['total'];
  // Nanoseconds.
  if (typeof total === 'number') members['event.duration'] = Math.round(total * 1e6);
  return { ...members, 'ecs.version': ecsVersion };
}

/** Numbers of the log data model. */
const severities: Readonly<Record<string, number>> = { trace: 1, debug: 5, info: 9, warn: 13, error: 17, fatal: 21 };
/** Members of the record itself; everything else is an attribute. */
const ofRecord: ReadonlySet<string> = new Set(['time', 'level', 'msg', 'traceId', 'instance']);

function otelLine(line: Line): object {
  const level = String(line['level']);
  const attributes: Record<string, unknown> = {};
  for (const [member, value] of flat(line)) {
    if (!ofRecord.has(member)) attributes[fieldName(member, 'otel')] = value;
  }
  return {
    timestamp: line['time'],
    severity_text: level.toUpperCase(),
    severity_number: severities[level] ?? 0,
    body: line['msg'],
    ...(line['traceId'] === undefined ? {} : { trace_id: line['traceId'] }),
    ...(line['instance'] === undefined ? {} : { resource: { [fieldName('instance', 'otel')]: line['instance'] } }),
    attributes,
  };
}

/** Members of objects by their path; lists stay unchanged. */
function flat(line: Line, before = ''): (readonly [member: string, value: unknown])[] {
  return Object.entries(line).flatMap(([name, value]) => {
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? flat(value as Line, `${before}${name}.`) : [[`${before}${name}`, value] as const];
  });
}
