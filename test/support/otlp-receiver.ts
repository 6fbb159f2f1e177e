/**
 * A collector for tests: receives spans by OTLP over HTTP, and decodes them by the published protocol, not with the
 * library that wrote them.
 */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import protobuf from 'protobufjs';
import { vi } from 'vitest';

/** From opentelemetry-proto 1.x, `trace/v1/trace.proto` and its dependencies. */
const proto = `syntax = "proto3";
message Request { repeated ResourceSpans resource_spans = 1; }
message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
message Resource { repeated KeyValue attributes = 1; }
message ScopeSpans { Scope scope = 1; repeated Span spans = 2; }
message Scope { string name = 1; string version = 2; }
message Span {
  bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; bytes parent_span_id = 4; string name = 5; int32 kind = 6;
  fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8; repeated KeyValue attributes = 9; Status status = 15;
}
message Status { string message = 2; int32 code = 3; }
message KeyValue { string key = 1; AnyValue value = 2; }
message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4; } }
`;
const requestType = protobuf.parse(proto, { keepCase: true }).root.lookupType('Request');
const kinds = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'];

type Values = Readonly<Record<string, unknown>>;

export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty: the root of its trace. */
  readonly parentId: string;
  readonly traceState: string;
  readonly name: string;
  readonly kind: string;
  readonly attributes: Values;
  readonly failed: boolean;
  /** In milliseconds. */
  readonly startedAt: number;
  readonly endedAt: number;
  readonly resource: Values;
}

export interface OtlpReceiver {
  readonly url: string;
  readonly spans: readonly ReceivedSpan[];
  /** Headers of each export. */
  readonly exports: readonly IncomingHttpHeaders[];
  /** Everything that arrived, as bytes. */
  readonly bytes: Buffer;
  /** Waits for a span. */
  span(fits: (span: ReceivedSpan) => boolean): Promise<ReceivedSpan>;
  close(): Promise<void>;
}

/** `atPort`: 0 is any. */
export async function startOtlpReceiver(atPort = 0): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const exports: IncomingHttpHeaders[] = [];
  const bodies: Buffer[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      bodies.push(body);
      exports.push(request.headers);
      spans.push(...decode(body));
      response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
    });
  });
  server.listen(atPort, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`,
    spans,
    exports,
    get bytes() {
      return Buffer.concat(bodies);
    },
    span: (fits) =>
      vi.waitFor(
        () => {
          const found = spans.find(fits);
          if (found === undefined) throw new Error(`not among ${spans.map(({ name }) => name).join(', ')}`);
          return found;
        },
        { timeout: 15_000, interval: 20 },
      ),
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

interface Attribute {
  readonly key: string;
  readonly value: Values;
}

interface Message {
  readonly resource_spans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scope_spans: readonly { readonly spans: readonly RawSpan[] }[];
  }[];
}

interface RawSpan {
  readonly trace_id: string;
  readonly span_id: string;
  readonly parent_span_id: string;
  readonly trace_state: string;
  readonly name: string;
  readonly kind: number;
  readonly start_time_unix_nano: string;
  readonly end_time_unix_nano: string;
  readonly attributes: readonly Attribute[];
  readonly status: { readonly code: number } | null;
}

function decode(body: Buffer): ReceivedSpan[] {
  const options = { longs: String, bytes: String, defaults: true, arrays: true };
  const message = requestType.toObject(requestType.decode(body), options) as Message;
  return message.resource_spans.flatMap(({ resource, scope_spans }) =>
    scope_spans.flatMap(({ spans }) => spans.map((span) => spanOf(span, valuesOf(resource.attributes)))),
  );
}

function spanOf(span: RawSpan, resource: Values): ReceivedSpan {
  const hex = (base64: string) => Buffer.from(base64, 'base64').toString('hex');
  return {
    traceId: hex(span.trace_id),
    spanId: hex(span.span_id),
    parentId: hex(span.parent_span_id),
    traceState: span.trace_state,
    name: span.name,
    kind: kinds[span.kind] ?? '',
    attributes: valuesOf(span.attributes),
    failed: span.status?.code === 2,
    startedAt: Number(BigInt(span.start_time_unix_nano) / 1000n) / 1000,
    endedAt: Number(BigInt(span.end_time_unix_nano) / 1000n) / 1000,
    resource,
  };
}

function valuesOf(attributes: readonly Attribute[]): Values {
  return Object.fromEntries(
    attributes.map(({ key, value }) => {
      const [[type, data] = ['', undefined]] = Object.entries(value);
      return [key, type === 'int_value' ? Number(data) : data];
    }),
  );
}
