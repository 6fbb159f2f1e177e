/**
 * A data plane's side of `ext_authz` over gRPC: a client of `@grpc/grpc-js` generated from Envoy's published protos,
 * which describes requests as Envoy does.
 */
import { fileURLToPath } from 'node:url';
import {
  type CallOptions,
  type ChannelCredentials,
  type Client,
  type ClientUnaryCall,
  credentials,
  loadPackageDefinition,
  Metadata,
  type ServiceClientConstructor,
  type ServiceError,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { CheckedRequest } from './authorizer-checks.ts';

const protos = fileURLToPath(new URL('../../node_modules/@grpc/grpc-js-xds/deps/', import.meta.url));
const definition = loadSync('envoy/service/auth/v3/external_auth.proto', {
  includeDirs: ['envoy-api', 'googleapis', 'protoc-gen-validate', 'xds'].map((folder) => protos + folder),
  keepCase: true,
  defaults: true,
  oneofs: true,
  enums: String,
});

/** By the name of its service, such as `envoy.service.auth.v3.Authorization`. */
const Authorization = definitionOf('envoy.service.auth.v3.Authorization');

function definitionOf(name: string): ServiceClientConstructor {
  return name
    .split('.')
    .reduce<unknown>(
      (at, part) => (at as Record<string, unknown>)[part],
      loadPackageDefinition(definition),
    ) as ServiceClientConstructor;
}

interface HeaderOption {
  readonly header: { readonly key: string; readonly value: string; readonly raw_value: Buffer };
  readonly append: { readonly value: boolean } | null;
  readonly append_action: string;
  readonly keep_empty_value: boolean;
}

/** A message as Envoy parses it. */
export interface CheckResponse {
  readonly status: { readonly code: number } | null;
  readonly http_response?: 'denied_response' | 'ok_response' | 'error_response';
  readonly denied_response?: {
    readonly status: { readonly code: string | number };
    readonly headers: readonly HeaderOption[];
    readonly body: string;
  };
  readonly ok_response?: { readonly headers: readonly HeaderOption[]; readonly headers_to_remove: readonly string[] };
  readonly dynamic_metadata: { readonly fields: Readonly<Record<string, MetadataValue>> } | null;
}

interface MetadataValue {
  readonly stringValue?: string;
  readonly listValue?: { readonly values: readonly MetadataValue[] };
}

/** How the data plane applies it. */
export interface Verdict {
  readonly message: CheckResponse;
  readonly allowed: boolean;
  /** What the client gets; 200: the request is forwarded. */
  readonly status: number;
  /** First value of a header: in the refusal, or as the service gets it. */
  header(name: string): string | undefined;
  headers(name: string): string[];
  /** The body of the refusal. */
  text(): string;
  readonly removed: readonly string[];
  readonly metadata: Readonly<Record<string, unknown>>;
}

export interface AskOptions extends CallOptions {
  /** As with `encode_raw_headers`. */
  readonly raw?: boolean;
  /** Metadata of the call, such as the shared secret. */
  readonly sends?: Readonly<Record<string, string | readonly string[]>>;
  readonly contextExtensions?: Readonly<Record<string, string>>;
  /** Cancels the call. */
  readonly signal?: AbortSignal;
}

export interface ExtAuthzClient {
  readonly channel: Client;
  /** Rejects when the call fails. */
  ask(request: CheckedRequest, options?: AskOptions): Promise<Verdict>;
  /** The same with the given attributes. */
  askWith(attributes: object, options?: AskOptions): Promise<Verdict>;
  close(): void;
}

export function connectExtAuthz(
  target: number | string,
  secured: ChannelCredentials = credentials.createInsecure(),
  options: Readonly<Record<string, string | number>> = {},
): ExtAuthzClient {
  const address = typeof target === 'number' ? `127.0.0.1:${target}` : target;
  // Each client has its own connections.
  const channel = new Authorization(address, secured, { 'grpc.use_local_subchannel_pool': 1, ...options });
  const askWith = (
    attributes: object,
    { sends = {}, signal, raw: _, contextExtensions: __, ...call }: AskOptions = {},
  ) => {
    const metadata = new Metadata();
    for (const [name, values] of Object.entries(sends))
      for (const value of [values].flat()) metadata.add(name, value as string);
    return new Promise<Verdict>((resolve, reject) => {
      const asked: ClientUnaryCall = channel['Check']!(
        { attributes },
        metadata,
        call,
        (error: ServiceError | null, message: CheckResponse) =>
          error === null ? resolve(verdictOf(message)) : reject(error),
      );
      signal?.addEventListener('abort', () => asked.cancel());
    });
  };
  return {
    channel,
    askWith,
    ask: (request, asked = {}) => askWith(attributesOf(request, asked), asked),
    close: () => channel.close(),
  };
}

/** As `ext_authz` sets them; the connection manager has added the client to `x-forwarded-for`. */
export function attributesOf(
  request: CheckedRequest,
  { raw = false, contextExtensions = {} }: AskOptions = {},
): object {
  const { method, target, client = '127.0.0.1' } = request;
  const sent = request.rawHeaders.flatMap((name, index) =>
    index % 2 === 0 ? [[name.toLowerCase(), request.rawHeaders[index + 1]!] as const] : [],
  );
  const host = sent.find(([name]) => name === 'host')?.[1] ?? '';
  const chain = sent.filter(([name]) => name === 'x-forwarded-for').map(([, value]) => value);
  const headers = [
    [':method', method],
    [':path', target],
    [':authority', host],
    [':scheme', 'http'],
    ...sent.filter(([name]) => !/^(?:host|x-forwarded-(?:for|proto))$/.test(name)),
    ['x-forwarded-for', [...chain, client].join(',')],
    ['x-forwarded-proto', 'http'],
  ] as const;
  return {
    source: { address: { socket_address: { address: client, port_value: 40_000 } } },
    destination: { address: { socket_address: { address: '127.0.0.1', port_value: 8000 } } },
    request: {
      time: { seconds: 1_800_000_000, nanos: 0 },
      http: {
        id: '7',
        method,
        path: target,
        host,
        scheme: 'http',
        protocol: 'HTTP/1.1',
        size: -1,
        ...(raw
          ? {
              header_map: {
                headers: headers.map(([key, value]) => ({ key, raw_value: Buffer.from(value, 'latin1') })),
              },
            }
          : { headers: joined(headers) }),
      },
    },
    context_extensions: contextExtensions,
  };
}

/** Headers with the same name are joined by a comma; their bytes are decoded as UTF-8. */
function joined(headers: readonly (readonly [name: string, value: string])[]): Record<string, string> {
  const values: Record<string, string> = {};
  for (const [name, bytes] of headers) {
    const value = Buffer.from(bytes, 'latin1').toString('utf8');
    values[name] = name in values ? `${values[name]},${value}` : value;
  }
  return values;
}

/** The bytes of a check. */
export function encodeCheck(attributes: object): Buffer {
  return Authorization.service['Check']!.requestSerialize({ attributes });
}

function verdictOf(message: CheckResponse): Verdict {
  const allowed = message.status?.code === 0;
  const options = (allowed ? message.ok_response?.headers : message.denied_response?.headers) ?? [];
  const code = message.denied_response?.status.code ?? 403;
  const values = (name: string) =>
    options
      .filter(({ header }) => header.key === name.toLowerCase())
      .map(({ header }) => (header.raw_value.length > 0 ? header.raw_value.toString('latin1') : latin1(header.value)));
  return {
    message,
    allowed,
    status: allowed ? 200 : typeof code === 'number' ? code : statusCodes[code]!,
    header: (name) => values(name)[0],
    headers: values,
    text: () => message.denied_response?.body ?? '',
    removed: message.ok_response?.headers_to_remove ?? [],
    metadata: Object.fromEntries(
      Object.entries(message.dynamic_metadata?.fields ?? {}).map(([name, value]) => [name, plain(value)]),
    ),
  };
}

const latin1 = (text: string) => Buffer.from(text).toString('latin1');

function plain(value: MetadataValue): unknown {
  return value.listValue === undefined ? value.stringValue : value.listValue.values.map(plain);
}

/** Numbers of `envoy.type.v3.StatusCode` by their names. */
const statusCodes: Readonly<Record<string, number>> = Object.fromEntries(
  (
    definition['envoy.type.v3.StatusCode'] as unknown as { type: { value: { name: string; number: number }[] } }
  ).type.value.map(({ name, number }) => [name, number]),
);
