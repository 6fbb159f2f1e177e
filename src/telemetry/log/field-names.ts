/** Names of members of log lines in the Elastic Common Schema and in OpenTelemetry; other members are named `rolegate.`. */

/** The members of a line. */
export type Line = Readonly<Record<string, unknown>>;

export interface FieldNames {
  readonly ecs: string;
  readonly otel: string;
}

const both = (name: string): FieldNames => ({ ecs: name, otel: name });

/** By the name of the member. An object's own members follow a dot. `docs/reference/log.md` lists the same, and a test compares them. */
export const fieldNames: Readonly<Record<string, FieldNames>> = {
  level: { ecs: 'log.level', otel: 'severity_text' },
  time: { ecs: '@timestamp', otel: 'timestamp' },
  msg: { ecs: 'message', otel: 'body' },
  instance: { ecs: 'service.node.name', otel: 'service.instance.id' },
  traceId: { ecs: 'trace.id', otel: 'trace_id' },
  requestId: { ecs: 'http.request.id', otel: 'rolegate.request_id' },
  method: { ecs: 'http.request.method', otel: 'http.request.method' },
  host: { ecs: 'url.domain', otel: 'server.address' },
  path: both('url.path'),
  status: both('http.response.status_code'),
  reason: { ecs: 'error.code', otel: 'error.type' },
  userId: both('user.id'),
  client: { ecs: 'client.ip', otel: 'client.address' },
  userAgent: both('user_agent.original'),
  bytesIn: { ecs: 'http.request.body.bytes', otel: 'http.request.body.size' },
  bytesOut: { ecs: 'http.response.body.bytes', otel: 'http.response.body.size' },
  'err.type': { ecs: 'error.type', otel: 'exception.type' },
  'err.message': { ecs: 'error.message', otel: 'exception.message' },
  'err.stack': { ecs: 'error.stack_trace', otel: 'exception.stacktrace' },
};

/** `member`: with dots between the members of objects. */
export function fieldName(member: string, schema: keyof FieldNames): string {
  return fieldNames[member]?.[schema] ?? `rolegate.${member.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`;
}
