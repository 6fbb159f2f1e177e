/**
 * The messages of Envoy's authorization API and of gRPC's health API, the used parts: fields and numbers are those of
 * `envoy/service/auth/v3/external_auth.proto` and `attribute_context.proto`, `envoy/config/core/v3/base.proto` and `address.proto`,
 * `envoy/type/v3/http_status.proto`, `google/rpc/status.proto`, `google/protobuf/struct.proto` and `grpc/health/v1/health.proto`. Other
 * fields of a message are skipped. Headers are a map there, but are read as the list that a map is on the wire, so that none hides another.
 */
import protobuf from 'protobufjs';

const protos = `
syntax = "proto3";

message CheckRequest { AttributeContext attributes = 1; }
message AttributeContext {
  Peer source = 1;
  Request request = 4;
}
message Peer { Address address = 1; }
message Address { SocketAddress socket_address = 1; }
message SocketAddress { string address = 2; }
message Request { HttpRequest http = 2; }
message HttpRequest {
  string method = 2;
  repeated HeaderValue headers = 3;
  string path = 4;
  string host = 5;
  HeaderMap header_map = 13;
}
message HeaderMap { repeated HeaderValue headers = 1; }
message HeaderValue {
  string key = 1;
  string value = 2;
  bytes raw_value = 3;
}

message CheckResponse {
  Status status = 1;
  DeniedHttpResponse denied_response = 2;
  OkHttpResponse ok_response = 3;
  Struct dynamic_metadata = 4;
}
message Status { int32 code = 1; }
message HttpStatus { int32 code = 1; }
message DeniedHttpResponse {
  HttpStatus status = 1;
  repeated HeaderValueOption headers = 2;
  string body = 3;
}
message OkHttpResponse {
  repeated HeaderValueOption headers = 2;
  repeated string headers_to_remove = 5;
}
message HeaderValueOption {
  HeaderValue header = 1;
  BoolValue append = 2;
  int32 append_action = 3;
  bool keep_empty_value = 4;
}
message BoolValue { bool value = 1; }
message Struct { map<string, Value> fields = 1; }
message Value {
  oneof kind {
    string string_value = 3;
    ListValue list_value = 6;
  }
}
message ListValue { repeated Value values = 1; }

message HealthCheckRequest { string service = 1; }
message HealthCheckResponse { int32 status = 1; }
`;

export interface CheckMessage {
  readonly attributes?: {
    readonly source?: {
      readonly address?: { readonly socketAddress?: { readonly address?: string } | null } | null;
    } | null;
    readonly request?: { readonly http?: HttpAttributes | null } | null;
  } | null;
}

export interface HttpAttributes {
  readonly method: string;
  /** Target with the query, as the client sent it. */
  readonly path: string;
  readonly host: string;
  readonly headers: readonly HeaderMessage[];
  /** Instead of `headers`, with `encode_raw_headers`. */
  readonly headerMap?: { readonly headers: readonly HeaderMessage[] } | null;
}

export interface HeaderMessage {
  readonly key: string;
  readonly value?: string;
  readonly rawValue?: Uint8Array;
}

export interface HeaderOption {
  readonly header: HeaderMessage;
  readonly append?: { readonly value: false };
  readonly appendAction: number;
  readonly keepEmptyValue: true;
}

export type MetadataValue =
  | { readonly stringValue: string }
  | { readonly listValue: { readonly values: MetadataValue[] } };

export interface VerdictMessage {
  readonly status: { readonly code: number };
  readonly okResponse?: { readonly headers: readonly HeaderOption[]; readonly headersToRemove: readonly string[] };
  readonly deniedResponse?: {
    readonly status: { readonly code: number };
    readonly headers: readonly HeaderOption[];
    readonly body: string;
  };
  readonly dynamicMetadata: { readonly fields: Readonly<Record<string, MetadataValue>> };
}

const { root } = protobuf.parse(protos);

/** Encodes and decodes one kind of message. */
function codecOf<Message extends object>(name: string) {
  const type = root.lookupType(name);
  return {
    encode: (message: Message): Buffer => type.encode(message).finish() as Buffer,
    decode: (bytes: Buffer): Message => type.decode(bytes) as unknown as Message,
  };
}

const checks = codecOf<CheckMessage>('CheckRequest');
const verdicts = codecOf<VerdictMessage>('CheckResponse');
const healthQuestions = codecOf<{ readonly service: string }>('HealthCheckRequest');
const healthStates = codecOf<{ readonly status: number }>('HealthCheckResponse');

const unary = { requestStream: false, responseStream: false } as const;

/** `envoy.service.auth.v3.Authorization`. */
export const authorization = {
  Check: {
    ...unary,
    path: '/envoy.service.auth.v3.Authorization/Check',
    requestSerialize: checks.encode,
    /** Invalid bytes yield a message without attributes, which is refused: a failed call can open a gateway. */
    requestDeserialize(bytes: Buffer): CheckMessage {
      try {
        return checks.decode(bytes);
      } catch {
        return {};
      }
    },
    responseSerialize: verdicts.encode,
    responseDeserialize: verdicts.decode,
  },
};

const healthMethod = {
  requestSerialize: healthQuestions.encode,
  requestDeserialize: healthQuestions.decode,
  responseSerialize: healthStates.encode,
  responseDeserialize: healthStates.decode,
};

/** `grpc.health.v1.Health`. */
export const health = {
  Check: { ...unary, ...healthMethod, path: '/grpc.health.v1.Health/Check' },
  Watch: { ...unary, ...healthMethod, responseStream: true, path: '/grpc.health.v1.Health/Watch' },
} as const;
